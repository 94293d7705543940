"""What keepcool writes in a day wears a memory card out: it is counted on a disk of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bench import day
from tests.broker import Mosquitto
from tests.faults.loop_disk import LoopDisk, why_not

MOST_BYTES = 2_000_000
LIKE_A_CARD = ("-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0")  # all at once
IS_LONG_RUN = int(os.environ.get("KEEPCOOL_TEST_KILLS", "12")) >= 200


@pytest.mark.timeout(900)
@pytest.mark.skipif(not IS_LONG_RUN, reason="three days of five sensors take minutes: make soak")
def test_fault_56_third_day_writes_little(
    tmp_path: Path, memory_folder: Path, mosquitto: Mosquitto
) -> None:
    """A hot day of five sensors writes at most 2 MB, the file system's own journal included.

    The third, because the write-ahead log grows to its size first.
    """
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with LoopDisk(tmp_path / "disk.img", tmp_path / "home", options=LIKE_A_CARD) as disk:
        written = day.measure(
            disk.at, memory_folder, mosquitto, lambda _: disk.written_bytes(), days=3
        )
    print(f"{written.storage / 1e6:.2f} MB on the third day, {written.pushes} messages")  # noqa: T201
    assert written.readings == 7200
    assert written.storage <= MOST_BYTES
