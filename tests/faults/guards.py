"""Take each guard of `guards.toml` out of a copy of the product and see its fault test fail.

A test that passes without the guard it names proves nothing. `make guards` runs all of them,
`make guards GUARDS=10` a sample that differs from day to day.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.loop_disk import why_not

REPOSITORY = Path(__file__).resolve().parents[2]
GUARDS_PATH = Path(__file__).with_name("guards.toml")
COPIED = ("daemon", "integrations", "policies", "config", "systemd", "tests", "pyproject.toml")
FAILED_TESTS = 1  # pytest's exit code; anything above is an error of the run itself
TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Guard:
    """Name a guard, where it stands, what stands there without it, and the test that needs it."""

    name: str
    file: str
    find: str
    replace: str
    test: str
    needs_root: bool = False

    def count_in(self, folder: Path) -> int:
        """Return how often the guard's text stands in its file; 1 is right."""
        return (folder / self.file).read_text().count(self.find)

    def take_out(self, folder: Path) -> None:
        """Write the file without the guard."""
        path = folder / self.file
        path.write_text(path.read_text().replace(self.find, self.replace))


def load_guards() -> list[Guard]:
    """Return all guards."""
    return [Guard(**table) for table in tomllib.loads(GUARDS_PATH.read_text())["guard"]]


def is_missed(guard: Guard) -> bool:
    """Return whether the guard's test fails without it, as it must."""
    with tempfile.TemporaryDirectory(prefix="keepcool-guard-") as name:
        folder = Path(name)
        for entry in COPIED:
            source = REPOSITORY / entry
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / entry, ignore=ignored)
            else:
                shutil.copy(source, folder / entry)
        guard.take_out(folder)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", guard.test],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    if done.returncode > FAILED_TESTS:
        print(done.stdout[-2000:], done.stderr[-2000:])  # noqa: T201 - a broken run, to be read
    return done.returncode == FAILED_TESTS


def chosen(guards: Sequence[Guard], wanted: str) -> list[Guard]:
    """Return the guards to try: `all`, or a number of them, others each day."""
    reason = why_not()
    possible = [guard for guard in guards if not (guard.needs_root and reason)]
    if wanted == "all":
        return possible
    day = datetime.now(UTC).date().toordinal()
    chance = random.Random(day)  # noqa: S311 - a sample, not a secret
    return chance.sample(possible, min(int(wanted), len(possible)))


def main(wanted: str) -> int:
    """Try the guards and print one line each; return how many were not missed."""
    guards = load_guards()
    tried = chosen(guards, wanted)
    idle = 0
    for guard in tried:
        missed = is_missed(guard)
        idle += not missed
        verdict = "missed" if missed else "NOT MISSED"
        print(f"{verdict:<11}{guard.name}: {guard.test}", flush=True)  # noqa: T201 - the report
    print(f"{len(tried)} of {len(guards)} guards taken out, {idle} not missed by their test")  # noqa: T201
    return idle


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1] if len(sys.argv) > 1 else "all"), 1))
