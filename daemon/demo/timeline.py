"""Show a simulated day in the terminal as it passes; plain lines where there is no terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from daemon.demo.household import WEATHER_SOURCE, Household
from daemon.demo.record import (
    CoolingChange,
    Happening,
    PhoneMessage,
    Sample,
    WorldEvent,
)

WIDTH: Final = 100
_PHONE_WIDTH: Final = 62
_INDENT: Final = 7  # under the time of day
_REFRESH_PER_S: Final = 12
_COLDEST_C, _WARMEST_C = 18.0, 36.0
_BAR_CELLS: Final = 24
_SUMMARY_EVERY: Final = timedelta(hours=1)
# A sequence that stays apart for every kind of colour vision; the number is always beside it.
_LEVEL_STYLES: Final = ("green", "yellow", "dark_orange", "bold red", "bold white on red")
_LEVEL_WORDS: Final = ("fine", "level 1", "level 2", "level 3", "level 4")
_LOUDNESS_STYLES: Final = {
    "silent": "blue",
    "warning": "yellow",
    "warning with sound": "dark_orange",
    "critical": "bold red",
}


class Timeline:
    """Print happenings as they come; inside `with` on a terminal, the home stands below them."""

    def __init__(self, household: Household, console: Console) -> None:
        """Show the day of a household; nothing is printed yet."""
        self._household = household
        self._console = console
        self._live: Live | None = None
        self._next_line_at = household.start

    def __enter__(self) -> Self:
        """Say what is about to be shown."""
        household = self._household
        day = f"{household.start:%A %d %B}".replace(" 0", " ")
        self._console.print(
            f"[bold]keepcool[/bold]: a hot {day} in a simulated home. The daemon, its store and "
            "its policies are the real ones; weather, rooms, phone and "
            f"{escape(household.person.name)} are simulated.\n[dim]{escape(WEATHER_SOURCE)} "
            "keepcool is a well-being helper, not a medical device.[/dim]\n"
        )
        if self._console.is_terminal:
            self._live = Live(
                console=self._console, refresh_per_second=_REFRESH_PER_S, transient=True
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, sample: Sample, happenings: Sequence[Happening]) -> None:
        """Show one step."""
        for happening in happenings:
            self._console.print(self._render(happening))
        if self._live is not None:
            self._live.update(self._home(sample))
        elif sample.at >= self._next_line_at:
            self._console.print(self._line(sample))
            self._next_line_at += _SUMMARY_EVERY

    # ------------------------------------------------------------------ happenings

    def _render(self, happening: Happening) -> RenderableType:
        clock = self._clock(happening.at)
        match happening:
            case PhoneMessage():
                return _phone(clock, happening, self._console.width)
            case CoolingChange():
                where = f"{escape(happening.room)}: {escape(happening.device)} {happening.deed}"
                style = "dim" if happening.deed == "off" else "bold cyan"
                return Text.from_markup(
                    f"{clock}  [{style}]{where}[/{style}]  [dim]{escape(happening.reason)}[/dim]"
                )
            case WorldEvent():
                return Text.from_markup(f"{clock}  [magenta]{escape(happening.text)}[/magenta]")

    def _clock(self, at: datetime) -> str:
        return f"{self._household.local(at):%H:%M}"

    # ------------------------------------------------------------------ the home

    def _line(self, sample: Sample) -> Text:
        """Return the home in one line."""
        parts = [f"outdoors {sample.outdoor_c:.0f}°"]
        for room in self._household.rooms:
            found = sample.rooms[room.room_id]
            judged = _LEVEL_WORDS[found.level] if found.is_seen else "not seen"
            parts.append(f"{room.name} {found.air_c:.1f}° {judged}")
        if sample.goal_ml is not None:
            parts.append(f"drinks {sample.drunk_ml:,} of {sample.goal_ml:,} ml")
        return Text(f"{self._clock(sample.at)}  {' | '.join(parts)}", style="dim")

    def _home(self, sample: Sample) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column(min_width=12)
        table.add_column(justify="right", min_width=6)
        table.add_column()
        table.add_column(min_width=8)
        table.add_column()
        table.add_row("Outdoors", f"{sample.outdoor_c:.1f}°", _bar(sample.outdoor_c, "blue"))
        for room in self._household.rooms:
            found = sample.rooms[room.room_id]
            style = _LEVEL_STYLES[found.level]
            judged = Text(_LEVEL_WORDS[found.level], style=style)
            if not found.is_seen:
                style, judged = "dim", Text("not seen", style="magenta")
            table.add_row(
                escape(room.name),
                f"{found.air_c:.1f}°",
                _bar(found.air_c, style),
                judged,
                Text("cooling", style="cyan") if found.is_cooling else "",
            )
        drinks = ""
        if sample.goal_ml is not None:
            drinks = f"drinks {sample.drunk_ml:,} of {sample.goal_ml:,} ml"
        return Panel(
            Group(table, Text(drinks, style="dim")),
            title=f"[bold]{self._clock(sample.at)}[/bold]",
            box=box.ROUNDED,
            # Room for the "^C" that a terminal echoes, or its wrap would leave a line behind.
            width=min(WIDTH, self._console.width - 2),
        )


def _bar(temperature_c: float, style: str) -> Text:
    part = (temperature_c - _COLDEST_C) / (_WARMEST_C - _COLDEST_C)
    cells = round(min(max(part, 0.0), 1.0) * _BAR_CELLS)
    return Text("█" * cells, style=style) + Text("·" * (_BAR_CELLS - cells), style="dim")


def _phone(clock: str, message: PhoneMessage, width: int) -> RenderableType:
    """Return a message as the phone shows it."""
    style = _LOUDNESS_STYLES.get(message.loudness, "white")
    lines: list[RenderableType] = [Text(message.title, style="bold"), Text(message.body)]
    if message.safety_text:
        lines.append(Text(message.safety_text, style="italic"))
    if message.buttons:
        lines.append(Text("  ".join(f"[ {words} ]" for words in message.buttons), style=style))
    panel = Panel(
        Group(*lines),
        title=f"{clock} phone, {message.loudness}",
        title_align="left",
        border_style=style,
        width=min(_PHONE_WIDTH, width - _INDENT),
        box=box.ROUNDED,
    )
    return Padding(panel, (0, 0, 0, _INDENT))
