"""The heartbeat in the settings: its address is a secret, and must be one that may be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon import bootstrap
from daemon.bootstrap.roads import build_heartbeat, heartbeat_interval
from daemon.check import render_report
from tests.canary import CANARY, without_secret
from tests.config.test_credentials import put
from tests.settings_texts import MINIMAL, load, refusal, write

TABLE = "[heartbeat]\n"
NAMED = TABLE + 'url_file = "beat"\n'
GOOD = f"https://hc-ping.com/{CANARY}"
CURE = "put the address there that the monitoring service shows for pings or pushes"


def test_without_the_table_there_is_none(tmp_path: Path) -> None:
    """Nobody is asked anything unless the household wants it."""
    settings = load(tmp_path, MINIMAL)
    assert settings.heartbeat_url is None
    assert build_heartbeat(settings) is None


@pytest.mark.parametrize(
    "address",
    [
        GOOD,
        f"http://192.168.1.5:3001/api/push/{CANARY}?status=up&msg=OK&ping=",
        f"http://kuma.local/api/push/{CANARY}",
        f"http://kuma:3001/api/push/{CANARY}",
    ],
    ids=without_secret,
)
def test_address_comes_from_the_named_file(tmp_path: Path, address: str) -> None:
    """Services over TLS, and servers at home, are fine; the last newline is left out."""
    put(tmp_path, "beat", address + "\n")
    settings = load(tmp_path, MINIMAL + NAMED, require_secrets=True)
    assert settings.heartbeat_url == address
    assert build_heartbeat(settings) is not None
    assert CANARY not in repr(settings)
    assert heartbeat_interval(settings).total_seconds() == 120


def test_address_comes_from_the_folder_of_secrets(tmp_path: Path) -> None:
    """Without a name the file is heartbeat_url."""
    put(tmp_path / "secrets", "heartbeat_url", GOOD)
    text = 'secrets_directory = "secrets"\n' + MINIMAL + TABLE
    assert load(tmp_path, text, require_secrets=True).heartbeat_url == GOOD


def test_absent_file_is_named(tmp_path: Path) -> None:
    """An address that is not there yet stops `run` with the file's name."""
    (words,) = refusal(tmp_path, MINIMAL + NAMED, require_secrets=True)
    assert words.startswith("keepcool.toml:17  heartbeat.url: there is no file beat; write it to")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("changeme", "is a placeholder"),
        (CANARY, "is no address that begins with https:// (or http:// inside the home)"),
        (f"ftp://hc-ping.com/{CANARY}", "is no address that begins with https://"),
        (f"https://hc-ping.com/{CANARY}#x", "is no address that begins with https://"),
        (f"https://anna:{CANARY}@hc-ping.com/x", "holds a user name or password"),
        (f"http://hc-ping.com/{CANARY}", "leads over the internet in the clear: use https://"),
    ],
    ids=without_secret,
)
def test_address_that_is_refused(tmp_path: Path, content: str, what: str) -> None:
    """What cannot be asked safely is refused with the cure and without the address."""
    put(tmp_path, "beat", content)
    (words,) = refusal(tmp_path, MINIMAL + NAMED)
    assert f"heartbeat.url: {what}" in words
    assert words.endswith(CURE)
    assert CANARY not in words


@pytest.mark.parametrize(
    ("interval", "is_fine"), [(59, False), (60, True), (300, True), (301, False)]
)
def test_interval_keeps_the_promise(tmp_path: Path, interval: int, is_fine: bool) -> None:  # noqa: FBT001 - a table
    """Within 60 and 300 s a service with ten minutes' patience tells within 15 minutes."""
    put(tmp_path, "beat", GOOD)
    text = MINIMAL + NAMED + f"interval_s = {interval}\n"
    if is_fine:
        assert heartbeat_interval(load(tmp_path, text)).total_seconds() == interval
    else:
        (words,) = refusal(tmp_path, text)
        assert "heartbeat.interval_s" in words
        assert "60 to 300" in words


def test_check_online_names_the_heartbeat(tmp_path: Path) -> None:
    """Without one it says what that means; with one that is not reached, what to do."""
    shown = render_report(bootstrap.check(write(tmp_path, MINIMAL), is_online=True), width=2000)
    assert "heartbeat: there is none: if keepcool dies or the power fails, nobody is told" in shown
    put(tmp_path, "beat", f"http://127.0.0.1:9/{CANARY}")
    report = bootstrap.check(write(tmp_path, MINIMAL + NAMED), is_online=True)
    shown = render_report(report, width=2000)
    assert "heartbeat: the heartbeat's server does not answer" in shown
    assert CANARY not in shown
