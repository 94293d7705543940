"""What a log line must not do: forge another one, or show what lay in a variable."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import structlog

from daemon import logs

SECRET = "token-that-nobody-may-read"  # noqa: S105 - made up
HOSTILE = ("home/room\nlevel=4", "home/\x1b[2Jroom")


@pytest.fixture(autouse=True)
def _own_configuration() -> Iterator[None]:
    """Leave the log of other tests as it was."""
    kept = structlog.get_config()
    yield
    structlog.configure(**kept)


def crash(password: str) -> None:
    """Log a crash while a secret is in a local variable."""
    header = f"Bearer {password}"
    try:
        int(header[:6])
    except ValueError:
        structlog.get_logger().exception("loop.action_crashed")


def configure_for(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the log up as on a terminal, or as under systemd."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: place == "terminal")
    logs.configure()


@pytest.mark.parametrize("place", ["terminal", "service"])
def test_fault_77_traceback_shows_no_variables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """A crash is logged with its traceback, and without the values of variables."""
    configure_for(place, monkeypatch)
    crash(SECRET)
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert "test_logs.py" in written
    assert SECRET not in written


@pytest.mark.parametrize("topic", HOSTILE)
@pytest.mark.parametrize("place", ["terminal", "service"])
def test_fault_76_value_cannot_forge_a_line_or_steer_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: str, topic: str
) -> None:
    """A topic with line breaks or escape sequences stays one line of visible characters."""
    configure_for(place, monkeypatch)
    structlog.get_logger().warning("command.refused", topic=topic)
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert "\x1b[2J" not in written
    if place == "service":
        assert json.loads(written)["topic"] == topic
