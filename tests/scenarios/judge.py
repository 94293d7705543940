"""Judge a log of messages by the recorded temperatures, apart from keepcool's policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from daemon.demo.fake_home_assistant import Push
from daemon.replay import judge as replay_judge
from daemon.replay.judge import (
    STEP,
    WINDOW,
    HalfHour,
    Spell,
    Told,
    Where,
    feels_like_c,
    most_a_day,
    threshold_messages,
)
from tests.scenarios.recordings import Recording

LEVEL_2_C = 29.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """Hold what a row of the table says."""

    name: str
    spells: int
    announced: int
    median_lead_h: float | None
    false_announcements: int
    lost: int
    pushes: int
    most_pushes_a_day: int

    def row(self) -> str:
        """Render it."""
        lead = "-" if self.median_lead_h is None else f"{self.median_lead_h:.1f} h"
        return (
            f"{self.name:<34}{self.spells:>7}{self.announced:>11}{lead:>9}"
            f"{self.false_announcements:>7}{self.lost:>6}{self.pushes:>8}{self.most_pushes_a_day:>12}"
        )


HEADER = (
    f"{'':<34}{'spells':>7}{'announced':>11}{'lead':>9}{'false':>7}{'lost':>6}"
    f"{'pushes':>8}{'most a day':>12}"
)


def follow(recording: Recording, start: datetime, end: datetime) -> Iterator[Where]:
    """Follow the only room, whose limit is the same day and night."""
    window = HalfHour()
    at = start
    while at < end:
        sample = recording.at(at)
        if sample is None:
            yield Where(at, None, None)
        else:
            air = (sample.temperature_c, sample.relative_humidity_pct)
            mean_c = window.mean_c(feels_like_c(air))
            mean_k = None if mean_c is None else mean_c - LEVEL_2_C
            yield Where(at, mean_k, sample.temperature_c - LEVEL_2_C)
        at += STEP


def find_spells(recording: Recording, start: datetime, end: datetime) -> list[Spell]:
    """Return when the mean over half an hour was at level 2, short pauses left out."""
    return replay_judge.find_spells(follow(recording, start, end), end)


def judge(
    name: str,
    pushes: Sequence[Push],
    spells: Sequence[Spell],
    zone: ZoneInfo,
    is_announcement: Callable[[Push], bool],
) -> Judgement:
    """Compare what was said with what happened."""
    heat = [push for push in pushes if "-heat-" in push.tag and not push.is_clear]
    told = [Told(push.at, is_announcement(push)) for push in heat]
    shown = [push.at for push in pushes if not push.is_clear]
    return _row(name, spells, told, shown, zone)


def judge_plain_threshold(
    recording: Recording, spells: Sequence[Spell], start: datetime, end: datetime, zone: ZoneInfo
) -> Judgement:
    """Judge the usual automation: a message whenever the temperature rises above the limit."""
    crossings = threshold_messages(follow(recording, start, end))
    told = [Told(at, is_announcement=False) for at in crossings]
    return _row("plain threshold at 29 °C", spells, told, crossings, zone, WINDOW)


def _row(
    name: str,
    spells: Sequence[Spell],
    told: Sequence[Told],
    shown: Sequence[datetime],
    zone: ZoneInfo,
    told_before: timedelta = replay_judge.ANNOUNCED_WITHIN,
) -> Judgement:
    found = replay_judge.judge(spells, told, told_before)
    return Judgement(
        name,
        len(spells),
        len(found.leads),
        found.median_lead_h,
        found.false_announcements,
        found.lost,
        len(shown),
        most_a_day(shown, zone),
    )


def describe(pushes: Sequence[Push], zone: ZoneInfo) -> str:
    """Write the messages as a person would read them, one or two lines each."""
    lines = []
    for push in pushes:
        at = push.at.astimezone(zone)
        if push.is_clear:
            lines.append(f"{at:%a %d %H:%M}  taken off the phone: {push.tag}")
            continue
        buttons = "".join(f" [{words}]" for words in push.buttons)
        text = push.message.replace("\n", "\n" + " " * 14)
        lines.append(f"{at:%a %d %H:%M}  {push.title}{buttons}\n{' ' * 14}{text}")
    return "\n".join(lines) + "\n"
