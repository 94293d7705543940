"""Show the demo: the real daemon through one hot day in a simulated home (`keepcool demo`)."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from rich.console import Console

from daemon.demo.broker import EmbeddedBroker, EmbeddedBrokerError
from daemon.demo.day import live_day, uncooled_day
from daemon.demo.driver import DriverError
from daemon.demo.household import Household, hot_day_household
from daemon.demo.page import write_page, write_picture
from daemon.demo.record import DayRecord, Happening, PhoneMessage, Sample
from daemon.demo.summary import print_summary
from daemon.demo.timeline import WIDTH, Timeline

DONE: Final = 0
NOT_DONE: Final = 1
INTERRUPTED: Final = 128 + signal.SIGINT
PAGE_NAME: Final = "keepcool-demo.html"
PICTURE_NAME: Final = "keepcool-demo.svg"
# Real seconds; what the step itself takes counts.
_STEP_S: Final = {"fast": 0.0, "normal": 0.055}
_MESSAGE_S: Final = {"fast": 0.0, "normal": 0.6}


def run_demo(output: Path, pace: str) -> int:
    """Show the hot day and leave its page in `output`; return the exit code.

    Args:
        output: the folder for the page; made when it is missing.
        pace: "normal" lets a person read along, "fast" waits for nothing.
    """
    console = _build_console()
    household = hot_day_household()
    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _end)
        record = _show_day(household, console, pace)
        without = uncooled_day(household)
        print_summary(record, without, console)
        output.mkdir(parents=True, exist_ok=True)
        path = (output / PAGE_NAME).resolve()
        write_page(record, without, path)
        write_picture(record, without, path.with_name(PICTURE_NAME))
    except KeyboardInterrupt:
        sys.stdout.write("Stopped; nothing is left running.\n")
        return INTERRUPTED
    except (DriverError, EmbeddedBrokerError, OSError) as error:
        sys.stderr.write(f"keepcool demo: {error}\n")
        return NOT_DONE
    console.print("The day as a picture, for your browser:")
    # Not through rich, which would fold a long path.
    sys.stdout.write(f"{path}\n")
    sys.stdout.flush()
    return DONE


def _show_day(household: Household, console: Console, pace: str) -> DayRecord:
    with (
        tempfile.TemporaryDirectory(prefix="keepcool-demo-") as folder,
        Timeline(household, console) as timeline,
        EmbeddedBroker() as broker,
    ):
        pacer = _Pacer(_STEP_S[pace], _MESSAGE_S[pace])

        def watch(sample: Sample, happenings: Sequence[Happening]) -> None:
            timeline.show(sample, happenings)
            pacer.wait(happenings)

        return live_day(household, (broker.host, broker.port), Path(folder), watch)


def _end(number: int, _frame: types.FrameType | None) -> NoReturn:
    """End in order on a signal: whatever was started is stopped on the way out."""
    raise SystemExit(128 + number)


class _Pacer:
    """Hold the day back so that a person can read along."""

    def __init__(self, step_s: float, message_s: float) -> None:
        self._step_s = step_s
        self._message_s = message_s
        self._last_s = time.monotonic()

    def wait(self, happenings: Sequence[Happening]) -> None:
        """Wait out the step, longer after a message."""
        messages = sum(isinstance(found, PhoneMessage) for found in happenings)
        wanted_s = self._step_s + messages * self._message_s
        time.sleep(max(0.0, self._last_s + wanted_s - time.monotonic()))
        self._last_s = time.monotonic()


def _build_console() -> Console:
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")  # a terminal without ° or box lines must not end the demo
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)
