"""Give a process a wall clock and a boot clock of its own, which a test sets while it runs.

libfaketime breaks `time.sleep` and hangs waiting threads; this shifts two clocks and nothing else.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("clock_shim.c")


@dataclass(slots=True)
class ShiftedClock:
    """Hold how a process's clocks differ from the machine's; each change counts at once."""

    folder: Path
    wall: timedelta = timedelta(0)
    boot: timedelta = timedelta(0)
    is_set: bool = True

    def __post_init__(self) -> None:
        """Compile the library, or skip the test where there is no C compiler."""
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("a clock of its own needs a C compiler: sudo apt-get install gcc")
        built = [compiler, "-shared", "-fPIC", "-O1", "-o", str(self._library), str(SOURCE), "-ldl"]
        subprocess.run(built, check=True, capture_output=True, timeout=60)
        self.write()

    @property
    def _library(self) -> Path:
        return self.folder / "clock_shim.so"

    @property
    def _file(self) -> Path:
        return self.folder / "clock"

    @property
    def environment(self) -> Mapping[str, str]:
        """Return what a process needs to live by these clocks."""
        return {"LD_PRELOAD": str(self._library), "CLOCK_FILE": str(self._file)}

    def now(self) -> datetime:
        """Return what the process believes that it is."""
        return datetime.now(UTC) + self.wall

    def set_wall(self, at: datetime, *, is_set: bool) -> None:
        """Set the process's wall clock, and whether it counts as synchronised."""
        self.wall, self.is_set = at - datetime.now(UTC), is_set
        self.write()

    def step(self, *, wall: timedelta = timedelta(0), boot: timedelta = timedelta(0)) -> None:
        """Let the wall clock, or boot time as after a suspend, jump."""
        self.wall += wall
        self.boot += boot
        self.write()

    def write(self) -> None:
        """Replace the file in one step: the process reads it at every look at a clock."""
        text = f"{self.wall.total_seconds():.0f} {self.boot.total_seconds():.0f} {self.is_set:d}\n"
        new = self._file.with_suffix(".new")
        new.write_text(text)
        new.replace(self._file)
