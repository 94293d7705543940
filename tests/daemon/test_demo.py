"""Run `keepcool demo` as a person does: with its own broker, to the end and interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parent.parent.parent
MARK = "DEMO_TEST_MARK"


def processes_with(mark: str) -> list[int]:
    """Return the living processes that were started with this mark in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            environ = (folder / "environ").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            continue
        if f"{MARK}={mark}".encode() in environ.split(b"\0") and state != "Z":
            found.append(int(folder.name))
    return found


@contextmanager
def demo(output: Path, temporary: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the demo in its own session; yield it and the mark of all its processes."""
    mark = uuid.uuid4().hex
    arguments = ["demo", "--pace", "fast", "--output", str(output)]
    temporary.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "daemon.cli", *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, MARK: mark, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
        # Whoever runs the tests in the background has Ctrl-C ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        try:
            yield process, mark
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.timeout(240)
def test_the_day_is_shown_to_its_end(tmp_path: Path) -> None:
    """Rooms, messages, reasons and the mishap are told; the last line is the page's path."""
    with demo(tmp_path / "out", tmp_path / "tmp") as (process, mark):
        output, errors = process.communicate()
    assert process.returncode == 0, errors
    assert errors == ""
    lines = output.splitlines()
    page = Path(lines[-1])
    assert page.is_absolute()
    assert page.is_file()
    assert page.parent == tmp_path / "out"
    assert "Anna" in page.read_text(encoding="utf-8")
    for expected in (
        "Living room: AC on",  # a cooling action
        "Cooling:",  # and its reason
        "phone, warning",
        "[ Drank 200 ml ]",
        "presses",
        "battery of the bedroom's sensor dies",
        "not seen",
        "Check the sensor: Bedroom",
        "The day in numbers",
    ):
        assert expected in output
    assert processes_with(mark) == []
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (signal.SIGINT, 130, "Stopped; nothing is left running."),
        (signal.SIGTERM, 143, None),
    ],
)
def test_a_signal_in_the_middle_ends_it_cleanly(
    tmp_path: Path, number: signal.Signals, code: int, words: str | None
) -> None:
    """Ctrl-C ends with one line and 130, SIGTERM with 143; no process and no folder stays."""
    with demo(tmp_path / "out", tmp_path / "tmp") as (process, mark):
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("07:00"):
                break
        assert len(processes_with(mark)) == 3  # the demo, its broker, the daemon
        process.send_signal(number)
        output, errors = process.communicate()
    assert process.returncode == code
    assert errors == ""
    if words is not None:
        assert output.splitlines()[-1] == words
    assert "Traceback" not in output
    assert processes_with(mark) == []
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (tmp_path / "out").exists()


@pytest.mark.timeout(120)
def test_nothing_outlives_a_killed_demo(tmp_path: Path) -> None:
    """After SIGKILL of the demo, daemon and broker end by themselves."""
    with demo(tmp_path / "out", tmp_path / "tmp") as (process, mark):
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("07:00"):
                break
        process.kill()
        process.communicate()
    wait_until(lambda: not processes_with(mark), timeout_s=30.0, what="the end of all processes")
