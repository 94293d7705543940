"""Say in numbers how a simulated day went, beside the same day without cooling."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from daemon.demo.household import HouseholdRoom
from daemon.demo.record import DayRecord

_HOUR_MIN: Final = 60
_KIND_WORDS: Final = {"hydration": "drinks"}


def print_summary(record: DayRecord, without: DayRecord, console: Console) -> None:
    """Print how the day went, beside the same day without cooling."""
    table = Table(box=box.SIMPLE_HEAD, title="The day in numbers", title_justify="left")
    table.add_column("")
    table.add_column("with keepcool", justify="right")
    table.add_column("without cooling", justify="right")
    for words, with_it, without_it in summary_rows(record, without):
        table.add_row(words, with_it, without_it)
    console.print(table)


def summary_rows(record: DayRecord, without: DayRecord) -> list[tuple[str, str, str]]:
    """Return the day in numbers: what, with keepcool, on the same day without cooling."""
    name = record.household.person.name
    rows = [
        (
            f"{name} at level {level} or above",
            hours(record.time_at_level(level)),
            hours(without.time_at_level(level)),
        )
        for level in (1, 2)
    ]
    for room in record.household.rooms:
        room_id = room.room_id
        rows.append(
            (
                f"Highest in the {room.name.lower()}",
                f"{record.highest_c(room_id):.1f}°",
                f"{without.highest_c(room_id):.1f}°",
            )
        )
    for room in record.household.rooms:
        starts = record.cooling_starts(room.room_id)
        ran = hours(record.cooling_time(room.room_id))
        rows.append(
            (
                f"{_device(room)} in the {room.name.lower()}",
                f"{ran}, {counted(starts, 'start')}",
                "none",
            )
        )
    kinds = record.messages_by_kind()
    told = (
        ", ".join(f"{count} {_KIND_WORDS.get(kind, kind)}" for kind, count in kinds.items())
        or "none"
    )
    rows.append(("Messages on the phone", f"{len(record.messages)} ({told})", ""))
    last = record.samples[-1]
    goal = "" if last.goal_ml is None else f" of {last.goal_ml:,}"
    rows.append(("Drinks", f"{last.drunk_ml:,}{goal} ml", ""))
    return rows


def _device(room: HouseholdRoom) -> str:
    return room.device_name(room.entity_ids[0]) if room.entity_ids else "Cooling"


def hours(duration: timedelta) -> str:
    """Return a duration as people say it."""
    minutes = round(duration.total_seconds() / 60)
    return (
        f"{minutes} min"
        if minutes < _HOUR_MIN
        else f"{minutes // _HOUR_MIN} h {minutes % _HOUR_MIN:02d} min"
    )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
