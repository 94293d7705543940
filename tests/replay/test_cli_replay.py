"""`keepcool replay` runs the real loop over recordings and says what it would have done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.replay.homes import COOLING, SETTINGS, replay, write_recording, write_settings

COUNTS = {"total", "mean_a_day", "most_a_day"}
HEAT = {
    *("hours", "announced_hours", "announced_share", "spells", "announced_spells"),
    *("median_lead_h", "shortest_lead_h", "longest_lead_h"),
    *("announcements", "false_announcements", "lost_spells"),
    *("announcements_with_sound", "false_announcements_with_sound"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a recording of four days, the last three too hot in the evening."""
    return write_recording(tmp_path_factory.mktemp("recording"))


def found(config: Path, files: tuple[Path, Path], *options: str) -> dict[str, Any]:
    """Return the answer as JSON."""
    result = replay(config, files, "--json", *options)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_hot_evenings_are_announced_and_counted(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """Each hot spell of the recording was told before, by a message with time, title and body."""
    answer = found(write_settings(tmp_path), files)
    heat = answer["too_hot"]
    assert heat["spells"] == heat["announced_spells"] == 3
    assert heat["announced_share"] == 1.0
    assert heat["median_lead_h"] > 1.0
    assert heat["lost_spells"] == heat["false_announcements"] == 0
    early = [sent for sent in answer["sent"] if sent["is_announcement"]]
    assert len(early) >= heat["announcements"] == 3  # one may be put right in its place
    assert early[0]["title"].startswith("Cool early: Living room")
    assert early[0]["body"]
    assert early[0]["to"] == ["Anna"]
    assert early[0]["at"].startswith("2025-07-02T")


def test_json_has_the_keys_that_others_read(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """Messages, hot time, plain threshold, people, cooling and every message are there."""
    answer = found(write_settings(tmp_path), files)
    assert set(answer) == {
        *("from", "until", "days", "messages", "too_hot", "plain_threshold", "people"),
        *("hot_spells", "cooling", "sent", "switched", "compare"),
    }
    assert set(answer["messages"]) > COUNTS
    assert set(answer["too_hot"]) == set(answer["people"]["anna"]) == HEAT
    assert set(answer["plain_threshold"]) == {"messages", "too_hot"}
    assert set(answer["plain_threshold"]["messages"]) == COUNTS
    assert answer["compare"] is None
    assert answer["days"] == pytest.approx(4, abs=0.01)
    assert answer["messages"]["total"] == len(answer["sent"])
    assert answer["plain_threshold"]["too_hot"]["announced_spells"] == 0
    spells = answer["hot_spells"]
    assert len(spells) == answer["too_hot"]["spells"] > 0
    assert set(spells[0]) == {"person", "from", "until", "hours", "announced_at"}
    told_at = {sent["at"]: sent["expected_at"] for sent in answer["sent"]}
    assert all(told_at[spell["announced_at"]] for spell in spells if spell["announced_at"])


def test_two_runs_are_equal(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """The same recording and settings come to the same, word for word."""
    config = write_settings(tmp_path, SETTINGS + COOLING)
    assert found(config, files) == found(config, files)


def test_changed_limit_changes_what_is_said(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """With a lower level 2 more time is too hot, and more is announced; the file stays as it is."""
    config = write_settings(tmp_path)
    usual = found(config, files)
    careful = found(config, files, "--set", "person.anna.level_2_c=27.5")
    assert careful["too_hot"]["hours"] > usual["too_hot"]["hours"] + 5
    assert careful["too_hot"]["spells"] > usual["too_hot"]["spells"]
    assert careful["too_hot"]["announcements"] > usual["too_hot"]["announcements"]
    assert config.read_text() == SETTINGS


def test_two_settings_side_by_side(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """`--compare` plays the other settings too; `--set` changes the first ones alone."""
    config = write_settings(tmp_path)
    options = ("--set", "person.anna.level_2_c=27.5", "--compare", str(config))
    answer = found(config, files, *options)
    assert answer["compare"]["too_hot"] == found(config, files)["too_hot"]
    assert answer["too_hot"]["hours"] > answer["compare"]["too_hot"]["hours"]
    table = replay(config, files, *options).stdout
    heading = next(line for line in table.splitlines() if "plain threshold" in line)
    assert heading.split() == ["keepcool*", "keepcool", "plain", "threshold"]


def test_cooling_is_shown_as_what_it_would_have_been(
    tmp_path: Path, files: tuple[Path, Path]
) -> None:
    """An AC by Home Assistant and a fan on a plug are switched; the text says what that means."""
    config = write_settings(tmp_path, SETTINGS + COOLING)
    answer = found(config, files)
    states = {(each["device"], each["state"].partition(",")[0]) for each in answer["switched"]}
    assert {("ac", "on"), ("ac", "off"), ("fan", "on")} <= states
    assert answer["cooling"]["devices"]["ac"]["hours_on"] > 10
    assert "the recording cannot get cooler" in answer["cooling"]["note"]
    text = replay(config, files).stdout
    assert "Cooling: what it would have switched; the recording cannot get cooler" in text
    assert "  > ac on, aim " in text


def test_nobody_answering_is_said_more_often(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """A critical message that nobody answers is repeated, as the real ladder has it."""
    config = write_settings(tmp_path)
    limits = ("--set", "person.anna.level_2_c=28", "--set", "person.anna.level_3_c=29")
    answered = found(config, files, *limits)
    unanswered = found(config, files, *limits, "--unanswered")

    def criticals(answer: dict[str, Any]) -> int:
        return sum(sent["severity"] == "critical" for sent in answer["sent"])

    assert 0 < criticals(answered) < criticals(unanswered)


def test_text_tells_day_by_day(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """Reminders are counted, and written out on request; stderr tells how fast it went."""
    config = write_settings(tmp_path)
    brief, full = replay(config, files), replay(config, files, "--all")
    assert "Thu 03 Jul 2025" in brief.stdout
    assert "silent drink reminders" in brief.stdout
    assert "Have a drink" not in brief.stdout
    assert "Have a drink" in full.stdout
    assert "1,152 readings of 4.0 days in " in brief.stderr


def test_rooms_that_do_not_match_are_named(tmp_path: Path) -> None:
    """Without a room in common it is exit 2 and both lists; else a notice with both lists."""
    config = write_settings(tmp_path)
    files = write_recording(tmp_path, days=0.5, room="attic")
    result = replay(config, files)
    assert result.exit_code == 2
    assert "in the settings: attic; in the settings but not in " in result.stderr
    assert "indoor.csv: living." in result.stderr
    files[0].write_text(
        files[0].read_text() + "2025-07-01T00:00:00Z,Living Room,25,\n", encoding="utf-8"
    )
    result = replay(config, files)
    assert result.exit_code == 0
    assert "these rooms are left out: in " in result.stderr
    assert "but not in the settings: attic; in the settings but not in " in result.stderr


def test_wrong_change_is_exit_2(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """A mistyped key is named with the nearest one; nothing is played."""
    result = replay(write_settings(tmp_path), files, "--set", "person.anna.levl_1_c=25")
    assert result.exit_code == 2
    assert "--set person.anna.levl_1_c  unknown key 'levl_1_c' in person" in result.stderr
    assert "nearest key level_1_c" in result.stderr
    assert not result.stdout


def test_wrong_file_is_exit_2(tmp_path: Path) -> None:
    """A recording without its columns is named with its line."""
    files = write_recording(tmp_path, days=0.5)
    files[1].write_text("when,what\n")
    result = replay(write_settings(tmp_path), files)
    assert result.exit_code == 2
    assert "outdoor.csv:1: no column time_utc, temperature_c" in result.stderr


@pytest.mark.parametrize("place", [0, 1])
def test_a_date_far_ahead_is_left_out(tmp_path: Path, place: int) -> None:
    """A year that no calendar reaches spoils its own line and nothing else."""
    files = write_recording(tmp_path, days=0.5)
    row = "9999-12-31T23:59:59-10:00," + ("25,40,\n" if place else "living,25,40\n")
    files[place].write_text(files[place].read_text() + row)
    result = replay(write_settings(tmp_path), files)
    assert result.exit_code == 0, result.output
    assert "9999-12-31T23:59:59-10:00: after 2100, a wrong date" in result.stderr
