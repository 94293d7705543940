"""Write a simulated day as one HTML page: no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final

from daemon.chart import STYLE as PICTURE_STYLE
from daemon.demo.household import WEATHER_SOURCE
from daemon.demo.picture import draw_day, draw_room
from daemon.demo.record import CoolingChange, DayRecord, PhoneMessage, WorldEvent
from daemon.demo.summary import counted, hours, summary_rows

_STYLE: Final = """
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:1rem;font:16px/1.45 system-ui,sans-serif;
color:#222;background:#fff}
h1{font-size:1.5rem;line-height:1.2;margin:.2rem 0 .4rem}
h2{font-size:1.15rem;margin:1.8rem 0 .6rem}
p{margin:.4rem 0;max-width:44rem}
.quiet{color:#555;font-size:.875rem}
.figures{display:grid;grid-template-columns:1fr 1fr;gap:.6rem;margin:1rem 0}
.figure{border:1px solid #ddd;border-radius:.6rem;padding:.6rem .75rem}
.figure b{display:block;font-size:1.3rem;line-height:1.2}
.figure span{color:#555;font-size:.875rem}
.rooms{display:grid;gap:1rem}
.rooms svg{width:100%;height:auto;display:block}
.day-list{list-style:none;margin:0;padding:0;display:grid;gap:.6rem}
.day-list li{display:grid;grid-template-columns:3.4rem minmax(0,1fr);align-items:start}
.day-list time{font-variant-numeric:tabular-nums;color:#555;padding-top:.1rem}
.phone{border:1px solid #bbb;border-left:.35rem solid #0072b2;border-radius:.6rem;
padding:.5rem .7rem;max-width:30rem;overflow-wrap:anywhere}
.phone.silent{border-left-color:#999}
.phone.critical{border-left-color:#222}
.phone p{margin:.15rem 0}
.phone .safety{font-style:italic}
.number{display:inline-block;min-width:1.35rem;text-align:center;border-radius:1rem;
background:#222;color:#fff;font-size:.8rem;font-weight:600;padding:0 .35rem;margin-right:.3rem}
.button{display:inline-block;border:1px solid #0072b2;color:#005a8e;border-radius:1rem;
padding:.05rem .7rem;margin:.25rem .35rem .1rem 0;font-size:.875rem}
.event{color:#444;padding-top:.1rem}
table{border-collapse:collapse;width:100%;max-width:44rem;font-size:.9375rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;
border-bottom:1px solid #e3e3e3;overflow-wrap:anywhere}
th{font-weight:600}
summary{cursor:pointer;padding:.4rem 0}
@media(min-width:52rem){.figures{grid-template-columns:repeat(4,1fr)}
.rooms{grid-template-columns:1fr 1fr}}
"""


def write_page(record: DayRecord, without: DayRecord, path: Path) -> None:
    """Write the page of a day, with the same day without cooling beside it. Raises: OSError."""
    path.write_text(render_page(record, without), encoding="utf-8")


def write_picture(record: DayRecord, without: DayRecord, path: Path) -> None:
    """Write the day's picture alone, as an SVG file. Raises: OSError."""
    path.write_text(draw_day(record, without), encoding="utf-8")


def render_page(record: DayRecord, without: DayRecord) -> str:
    """Return the page as text; whatever names and messages hold arrives as text."""
    household = record.household
    day = f"{household.start:%A %d %B}"
    rooms = "".join(draw_room(record, without, room) for room in household.rooms)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<title>A hot day with keepcool</title>"
        f"<style>{_STYLE}{PICTURE_STYLE}</style></head><body>\n"
        f"<h1>A hot day with keepcool</h1><p>{escape(household.name)}, {escape(day)}. "
        "The daemon is the real one; weather, rooms, phone and "
        f"{escape(household.person.name)} are simulated.</p>\n"
        f'<div class="figures">{"".join(_figures(record, without))}</div>\n'
        f'<div class="rooms">{rooms}</div>\n'
        '<p class="quiet">Numbers are messages, listed below. "Limit" is the temperature that '
        f"{escape(household.person.name)} set; the bedroom has its own at night. "
        "Levels: 0 fine, 1 keep it cooler, 2 a warning, 3 a warning with sound, 4 the loudest. "
        "Hatched: keepcool could not see the room.</p>\n"
        f'<h2>What happened</h2><ol class="day-list">{"".join(_happenings(record))}</ol>\n'
        f"<h2>Cooling, and why</h2>{_cooling(record)}\n"
        f"<h2>The day in numbers</h2>{_numbers(record, without)}\n"
        f'<p class="quiet">{escape(WEATHER_SOURCE)} keepcool is a well-being helper, not a '
        "medical device and not for emergencies.</p>\n</body></html>\n"
    )


def _figures(record: DayRecord, without: DayRecord) -> Iterator[str]:
    name = record.household.person.name
    warm, warm_without = record.time_at_level(2), without.time_at_level(2)
    last = record.samples[-1]
    yield _figure(hours(warm), f"{name} at level 2 or above; {hours(warm_without)} without cooling")
    yield _figure(str(len(record.messages)), "messages on the phone")
    ac = next((room for room in record.household.rooms if room.ac_entity), None)
    if ac is not None:
        starts = record.cooling_starts(ac.room_id)
        yield _figure(hours(record.cooling_time(ac.room_id)), f"AC on, {counted(starts, 'start')}")
    goal = "" if last.goal_ml is None else f" of {last.goal_ml:,}"
    yield _figure(f"{last.drunk_ml:,}{goal} ml", "drinks logged")


def _figure(value: str, words: str) -> str:
    return f'<div class="figure"><b>{escape(value)}</b><span>{escape(words)}</span></div>'


def _happenings(record: DayRecord) -> Iterator[str]:
    number = 0
    for happening in record.happenings:
        match happening:
            case PhoneMessage():
                number += 1
                yield _entry(record, happening.at, _phone(number, happening))
            case WorldEvent():
                words = escape(happening.text)
                yield _entry(record, happening.at, f'<div class="event">{words}</div>')
            case CoolingChange():
                pass  # many, hence in a table of their own


def _entry(record: DayRecord, at: datetime, inner: str) -> str:
    return f"<li><time>{_clock(record, at)}</time>{inner}</li>"


def _phone(number: int, message: PhoneMessage) -> str:
    kind = message.loudness if message.loudness in {"silent", "critical"} else ""
    safety = f'<p class="safety">{escape(message.safety_text)}</p>' if message.safety_text else ""
    buttons = "".join(f'<span class="button">{escape(words)}</span>' for words in message.buttons)
    return (
        f'<div class="phone {kind}"><p><span class="number">{number}</span>'
        f"<b>{escape(message.title)}</b></p><p>{escape(message.body)}</p>{safety}{buttons}"
        f'<p class="quiet">{escape(message.loudness)}</p></div>'
    )


def _cooling(record: DayRecord) -> str:
    changes = [found for found in record.happenings if isinstance(found, CoolingChange)]
    rows = "".join(
        f"<tr><td>{_clock(record, change.at)}</td>"
        f"<td>{escape(change.room)}: {escape(change.device)} {escape(change.deed)}</td>"
        f"<td>{escape(change.reason)}</td></tr>"
        for change in changes
    )
    return (
        f"<details><summary>{counted(len(changes), 'action')}, each with its reason</summary>"
        f"<table>{rows}</table></details>"
    )


def _numbers(record: DayRecord, without: DayRecord) -> str:
    rows = "".join(
        f"<tr><td>{escape(words)}</td><td>{escape(with_it)}</td><td>{escape(without_it)}</td></tr>"
        for words, with_it, without_it in summary_rows(record, without)
    )
    return f"<table><tr><th></th><th>with keepcool</th><th>without cooling</th></tr>{rows}</table>"


def _clock(record: DayRecord, at: datetime) -> str:
    return f"{record.household.local(at):%H:%M}"
