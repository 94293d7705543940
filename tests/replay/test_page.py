"""The page of a replay shows figures, pictures and messages, and loads nothing from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.replay.homes import COOLING, SETTINGS, replay, write_recording, write_settings

NAME = '<b>Anna & "Co"'


def test_page_shows_days_and_escapes_what_it_shows(tmp_path: Path) -> None:
    """Both columns, each day with its pictures, messages with their numbers; names are text."""
    written = NAME.replace('"', '\\"')
    text = SETTINGS.replace('name = "Anna"', f'name = "{written}"')
    config = write_settings(tmp_path, text + COOLING)
    plain = write_settings(tmp_path, text, "plain.toml")
    files = write_recording(tmp_path, days=3)
    page = tmp_path / "replay.html"
    result = replay(config, files, "--compare", str(plain), "--html", str(page))
    assert result.exit_code == 0, result.output
    html = page.read_text()
    assert "<th>keepcool</th><th>plain</th><th>plain threshold</th>" in html
    assert len(re.findall(r"<details><summary><b>", html)) == 4  # a day begins at 2 in Berlin
    assert html.count("<svg") == 5
    assert "too hot for " in html
    assert "the recording cannot get cooler" in html
    assert "AC: on, aim " in html
    assert '<span class="nr">1</span>' in html
    assert NAME not in html
    assert "&lt;b&gt;Anna &amp; &quot;Co&quot;" in html
    assert not re.search(r"<script|<link|src=|https?://(?!www\.w3\.org)|@import|url\((?!#)", html)


def test_calm_days_of_a_long_recording_have_no_picture(tmp_path: Path) -> None:
    """Of twenty days only those that matter are drawn; each has its line."""
    config = write_settings(tmp_path)
    files = write_recording(tmp_path, days=20, warming_k=0.0)
    page = tmp_path / "replay.html"
    result = replay(config, files, "--html", str(page))
    assert result.exit_code == 0, result.output
    html = page.read_text()
    assert len(re.findall(r"<details><summary><b>", html)) == 21
    assert html.count("<svg") == 1


def test_hours_that_two_people_share_count_once_a_day(tmp_path: Path) -> None:
    """The days' hours are the home's; the table adds people up and says so, and names settings."""
    second = SETTINGS.split("[[person]]")[1].split("[[room]]")[0].replace("anna", "ben")
    config = write_settings(tmp_path, f"{SETTINGS}[[person]]{second}")
    files = write_recording(tmp_path, days=3)
    page = tmp_path / "replay.html"
    options = ("--set", "person.ben.level_1_c=25.5", "--html", str(page), "--json")
    result = replay(config, files, *options)
    assert result.exit_code == 0, result.output
    html, found = page.read_text(), json.loads(result.stdout)
    by_day = [float(hours) for hours in re.findall(r"too hot for ([0-9.]+) h", html)]
    anna_h, ben_h = (found["people"][each]["hours"] for each in ("anna", "ben"))
    assert anna_h == ben_h > 5
    assert sum(by_day) == pytest.approx(anna_h, abs=0.2)
    assert "too hot (level 2 and above), people added up, h" in html
    assert "Settings: keepcool is keepcool.toml with person.ben.level_1_c=25.5." in html


def test_page_that_cannot_be_written_is_exit_1(tmp_path: Path) -> None:
    """The reason is said, and the figures are there all the same."""
    files = write_recording(tmp_path, days=0.5)
    result = replay(write_settings(tmp_path), files, "--html", str(tmp_path / "no" / "page.html"))
    assert result.exit_code == 1
    assert "page.html could not be written: No such file or directory" in result.stderr
    assert "hot spells" in result.stdout
