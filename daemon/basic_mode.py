"""Tell a start from the sixth in a row that ends soon: that one is made in basic mode.

Basic mode runs on the last settings that ran, with alerts alone. What counts is kept in a small
file of the state directory. It knows no wall clock: a start is counted before anything can go
wrong with it, and the count is taken back once it has lasted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

import structlog

log = structlog.get_logger()

RECORD_NAME: Final = "starts.json"
FAST_EXITS_BEFORE_BASIC: Final = 5  # Source: FAULTS 55
LASTED_AFTER: Final = timedelta(minutes=3)
"""A run that ends before is a fast exit: 120 s to start and 60 s for the watchdog (the unit's)."""

PROVED_AFTER: Final = timedelta(minutes=10)  # settings that saw a room until then are kept
FORGIVEN_AFTER: Final = timedelta(hours=1)
STILLBORN_BEFORE_NEW_DATABASE: Final = 10
"""Five in basic mode too ended without one judgement: then it is hardly the settings."""

SETTINGS_LINK: Final = "settings"


@dataclass(frozen=True, slots=True)
class StartRecord:
    """Hold how the last starts of this boot ended, all of them with the same settings file."""

    boot_id: str = ""
    settings: str = ""  # the file's fingerprint
    fast_exits: int = 0  # in a row, without an orderly stop or an hour's run between them
    stillborn: int = 0  # in a row, that ended before the home was judged once
    reason: str = ""  # why the last one ended, if it could say

    def counted(self, boot_id: str, settings: str) -> StartRecord:
        """Return the record with one more start, which counts as a fast exit until it lasts.

        After a reboot, and with other settings, it begins anew: both may have mended it.
        """
        is_same = (boot_id, settings) == (self.boot_id, self.settings)
        before = self if is_same else StartRecord(boot_id, settings)
        return replace(before, fast_exits=before.fast_exits + 1, stillborn=before.stillborn + 1)

    @property
    def is_basic(self) -> bool:
        """Return whether the counted start is made in basic mode."""
        return self.fast_exits > FAST_EXITS_BEFORE_BASIC

    @property
    def is_database_suspect(self) -> bool:
        """Return whether the counted start is made without the database of the earlier ones."""
        return self.is_basic and self.stillborn == STILLBORN_BEFORE_NEW_DATABASE + 1

    def lasted(self) -> StartRecord:
        """Return the record of a start that is no fast exit; basic mode stays what it is."""
        kept = FAST_EXITS_BEFORE_BASIC if self.is_basic else self.fast_exits - 1
        return replace(self, fast_exits=max(0, kept))

    def describe(self) -> str:
        """Say how often keepcool ended soon, and why at last."""
        ends = f"keepcool ended {self.fast_exits} times soon after its start"
        return f"{ends}, last with: {self.reason}" if self.reason else ends


class Start:
    """Follow one run from its start on; without a folder it is not recorded."""

    def __init__(self, folder: Path | None = None, record: StartRecord | None = None) -> None:
        self._path = None if folder is None else folder / RECORD_NAME
        self._record = self._first = record or StartRecord()
        self._has_ticked = self._has_lasted = self._is_forgiven = self._is_kept = False
        self.keep: Callable[[], None] | None = None  # keeps the settings that proved themselves
        self.is_basic = False

    @classmethod
    def begin(cls, folder: Path, boot_id: str, settings: str) -> Self:
        """Count a start, on disk before anything else is done."""
        start = cls(folder, read_record(folder).counted(boot_id, settings))
        start._write(start._record)
        return start

    @property
    def is_basic_due(self) -> bool:
        """Return whether basic mode is called for; it needs settings that ran."""
        return self._first.is_basic

    @property
    def is_database_suspect(self) -> bool:
        """Return whether to begin a new database."""
        return self.is_basic and self._first.is_database_suspect

    @property
    def earlier(self) -> StartRecord:
        """Return how the starts before this one ended."""
        return replace(self._first, fast_exits=self._first.fast_exits - 1)

    @property
    def link_trouble(self) -> dict[str, str]:
        """Return why basic mode was entered, as trouble with a link; empty otherwise."""
        return {SETTINGS_LINK: self.earlier.describe()} if self.is_basic else {}

    def note_tick(self, running_for: timedelta, *, is_seeing: bool) -> None:
        """Note that the home was judged; `is_seeing` says that a room was seen just now."""
        if not self._has_ticked:
            self._has_ticked = True
            reason = self._record.reason if self.is_basic else ""
            self._write(replace(self._record, stillborn=0, reason=reason))
        if not self._has_lasted and running_for >= LASTED_AFTER:
            self._has_lasted = True
            self._write(self._record.lasted())
        if self.is_basic:
            return
        if not self._is_forgiven and running_for >= FORGIVEN_AFTER:
            self._is_forgiven = True
            self._write(replace(self._record, fast_exits=0, reason=""))
        if self.keep is not None and not self._is_kept and is_seeing:
            self._is_kept = running_for >= PROVED_AFTER
            if self._is_kept:
                self.keep()

    def note_failed(self, reason: str) -> None:
        """Note in one line why this start failed."""
        self._write(replace(self._record, reason=reason))

    def note_stopped(self) -> None:
        """Note that somebody stopped keepcool: the next start is an ordinary one."""
        self._write(replace(self._record, fast_exits=0, stillborn=0, reason=""))

    def _write(self, record: StartRecord) -> None:
        if self._path is None:
            return
        self._record = record
        new = self._path.with_suffix(".new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(record), file)
            new.replace(self._path)
        except OSError as error:  # on a disk that takes nothing every start is an ordinary one
            log.warning("starts.not_written", error=str(error))


def read_record(folder: Path) -> StartRecord:
    """Read how the last starts ended; what cannot be read counts for none."""
    try:
        found = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
        record = StartRecord(**found)
    except (OSError, ValueError, TypeError):
        return StartRecord()
    kinds = (str, str, int, int, str)
    values = (record.boot_id, record.settings, record.fast_exits, record.stillborn, record.reason)
    is_whole = all(isinstance(value, kind) for value, kind in zip(values, kinds, strict=True))
    return record if is_whole else StartRecord()
