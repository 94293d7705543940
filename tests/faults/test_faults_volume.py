"""What keepcool writes in a day wears a memory card out: it is counted on a disk of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bench import day
from tests.broker import Mosquitto
from tests.faults.loop_disk import LoopDisk, why_not

# On a real clock each commit stands alone: for each the file system writes a little later when the
# file was changed, and SQLite's index of the log. See docs/bench.md.
MOST_BYTES = {"simulated": 2_000_000, "real": 4_000_000}
LIKE_A_CARD = ("-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0")  # all at once
IS_LONG_RUN = int(os.environ.get("KEEPCOOL_TEST_KILLS", "12")) >= 200


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("clock", MOST_BYTES)
@pytest.mark.skipif(not IS_LONG_RUN, reason="three days of five sensors take minutes: make soak")
def test_fault_56_third_day_writes_little(
    clock: str, tmp_path: Path, memory_folder: Path, mosquitto: Mosquitto
) -> None:
    """A hot day of five sensors has at most 2 MB written, 4 MB with what follows each commit.

    The third day, because the write-ahead log grows to its size first. By the simulated clock the
    file system writes when it is asked to: its own clock of five seconds is not simulated.
    """
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    image, home = tmp_path / "disk.img", tmp_path / "home"
    with LoopDisk(image, home, options=LIKE_A_CARD, mounted="commit=900") as disk:
        written = day.measure(
            disk.at,
            memory_folder,
            mosquitto,
            lambda _: disk.written_bytes(),
            days=3,
            settle=disk.settle if clock == "real" else lambda: None,
        )
    told = f"{written.storage / 1e6:.2f} MB on the third day, {written.pushes} messages"
    print(f"{told}, {clock} clock")  # noqa: T201
    assert written.readings == 7200
    assert written.storage <= MOST_BYTES[clock]
