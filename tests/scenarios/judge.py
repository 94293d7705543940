"""Judge a log of messages by the recorded temperatures, apart from keepcool's policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from daemon.demo.fake_home_assistant import Push
from policies.psychrometrics import heat_index_c
from tests.scenarios.recordings import Recording

LEVEL_2_C = 29.0
RESOLVE_C = 28.5
WINDOW = timedelta(minutes=30)
STEP = timedelta(minutes=5)
SAME_SPELL = timedelta(hours=3)  # a shorter pause belongs to the same hot spell
ANNOUNCED_WITHIN = timedelta(hours=10)
TOLD_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Spell:
    """Hold one time in which the room was at level 2 or above."""

    start: datetime
    end: datetime


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


def feels_like_c(recording: Recording, at: datetime) -> float | None:
    """Return the larger of air temperature and the plain NWS heat index."""
    sample = recording.at(at)
    if sample is None:
        return None
    index_c = heat_index_c(sample.temperature_c, sample.relative_humidity_pct)
    return max(sample.temperature_c, index_c or sample.temperature_c)


def find_spells(recording: Recording, start: datetime, end: datetime) -> list[Spell]:
    """Return when the mean over half an hour was at level 2, short pauses left out."""
    spells: list[Spell] = []
    hot_since: datetime | None = None
    window: list[float] = []
    at = start
    while at < end:
        value = feels_like_c(recording, at)
        if value is not None:
            window = [*window[-(WINDOW // STEP - 1) :], value]
            mean_c = sum(window) / len(window)
            if hot_since is None and mean_c >= LEVEL_2_C:
                hot_since = at
            elif hot_since is not None and mean_c < RESOLVE_C:
                spells.append(Spell(hot_since, at))
                hot_since = None
        at += STEP
    if hot_since is not None:
        spells.append(Spell(hot_since, end))
    merged: list[Spell] = []
    for spell in spells:
        if merged and spell.start - merged[-1].end < SAME_SPELL:
            merged[-1] = Spell(merged[-1].start, spell.end)
        else:
            merged.append(spell)
    return merged


def judge(
    name: str,
    pushes: Sequence[Push],
    spells: Sequence[Spell],
    zone: ZoneInfo,
    is_announcement: Callable[[Push], bool],
) -> Judgement:
    """Compare what was said with what happened."""
    heat = [push for push in pushes if "-heat-" in push.tag and not push.is_clear]
    announcements = [push for push in heat if is_announcement(push)]
    leads = []
    lost = 0
    for spell in spells:
        before = [
            push.at
            for push in announcements
            if spell.start - ANNOUNCED_WITHIN <= push.at <= spell.start
        ]
        told = any(
            spell.start - ANNOUNCED_WITHIN <= push.at <= spell.start + TOLD_WITHIN for push in heat
        )
        if before:
            leads.append((spell.start - min(before)) / timedelta(hours=1))
        lost += not told
    false = [
        push
        for push in announcements
        if not any(
            spell.start <= push.at + ANNOUNCED_WITHIN and spell.end >= push.at for spell in spells
        )
    ]
    return Judgement(
        name,
        len(spells),
        len(leads),
        median(leads) if leads else None,
        len(false),
        lost,
        len(_shown(pushes)),
        most_a_day((push.at for push in _shown(pushes)), zone),
    )


def judge_plain_threshold(
    recording: Recording, spells: Sequence[Spell], start: datetime, end: datetime, zone: ZoneInfo
) -> Judgement:
    """Judge the usual automation: a message whenever the temperature rises above the limit."""
    crossings = []
    was_above = False
    at = start
    while at < end:
        sample = recording.at(at)
        if sample is not None:
            is_above = sample.temperature_c > LEVEL_2_C
            if is_above and not was_above:
                crossings.append(at)
            was_above = is_above
        at += STEP
    lost = sum(
        not any(
            spell.start - WINDOW <= crossing <= spell.start + TOLD_WITHIN for crossing in crossings
        )
        for spell in spells
    )
    return Judgement(
        "plain threshold at 29 °C",
        len(spells),
        0,
        None,
        0,
        lost,
        len(crossings),
        most_a_day(crossings, zone),
    )


def most_a_day(moments: Iterable[datetime], zone: ZoneInfo) -> int:
    """Return the largest number within one local day."""
    return max(Counter(at.astimezone(zone).date() for at in moments).values(), default=0)


def _shown(pushes: Sequence[Push]) -> list[Push]:
    return [push for push in pushes if not push.is_clear]


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
