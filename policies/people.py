"""Define the vocabulary of people: where they are, their limits, flags, phones and counters."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import time, timedelta

from policies.alert import HeatLevel


class Flag(enum.StrEnum):
    """Name what a person may set about themselves. Source: EVIDENCE 7 and 8."""

    HEAT_SENSITIVE = "heat_sensitive"
    REDUCED_SWEATING = "reduced_sweating"
    FLUID_OR_SALT_LOSS = "fluid_or_salt_loss"
    CIRCULATION = "circulation"
    HEAT_PRODUCTION_OR_SET_POINT = "heat_production_or_set_point"
    LITHIUM_OR_NARROW = "lithium_or_narrow"
    FLUID_RESTRICTED = "fluid_restricted"


class PhoneKind(enum.StrEnum):
    """Name the companion app; it decides payload and wording."""

    ANDROID = "android"
    IPHONE = "iphone"


@dataclass(frozen=True, slots=True)
class Phone:
    """Describe a phone reached through Home Assistant's `notify.mobile_app_*` service."""

    channel_id: str
    service: str  # "mobile_app_annas_phone", without "notify."
    kind: PhoneKind


@dataclass(frozen=True, slots=True)
class Stay:
    """Say that a person is usually in a room between two local times, over midnight too."""

    room_id: str
    from_at: time
    until_at: time


@dataclass(frozen=True, slots=True)
class Announcer:
    """Name a speaker or light of Home Assistant that tells a person what is critical."""

    channel_id: str
    entity_id: str
    voice_id: str | None = None  # the entity that makes speech of a text; None: a light


@dataclass(frozen=True, slots=True)
class Person:
    """Describe a person: where they are, their own limits, flags and drinking."""

    person_id: str
    name: str
    rooms: tuple[str, ...]
    stays: tuple[Stay, ...] = ()  # wins over the bedroom rule when one covers the present time
    level_1_c: float = 26.0
    level_2_c: float = 29.0
    level_3_c: float = 32.0
    night_level_1_c: float = 24.0
    night_level_2_c: float = 26.0
    offset_c: float = 0.0
    flags: frozenset[Flag] = frozenset()
    wake_at: time = time(7, 0)
    bed_at: time = time(22, 30)
    drinks_goal_ml: int | None = None  # None: the default of 1,600 ml; set by the person: confirmed
    portion_ml: int = 200
    drink_interval: timedelta = timedelta(minutes=120)
    evening_cut_off: timedelta = timedelta(hours=2)
    phones: tuple[Phone, ...] = ()
    quiet_from: time | None = None  # None: going to bed
    quiet_until: time | None = None  # None: waking
    brief_at: time | None = None  # None: no morning brief
    second_roads: tuple[str, ...] = ()  # channel ids; the addresses behind them are secret
    announcers: tuple[Announcer, ...] = ()  # what is left at home when no message gets out


@dataclass(frozen=True, slots=True)
class Carer:
    """Describe somebody who is told when a person does not answer; their id is nobody else's."""

    carer_id: str
    name: str
    people: tuple[str, ...]  # whom they care for
    phones: tuple[Phone, ...] = ()
    second_roads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """Say how far an urgent message came on its way to one person's or carer's phones."""

    tag: str
    recipient_id: str
    since_queued: timedelta  # of the oldest message that no phone has confirmed
    is_handed: bool = False  # Home Assistant took it for one of the phones
    is_refused: bool = False  # and for none of them it ever will
    is_received: bool = False  # a phone said so; iPhones never do
    is_by_second_road: bool = False  # a second road took it


@dataclass(frozen=True, slots=True)
class RoadProof:
    """Say how long ago a person or carer last pressed a button, which proves the road to them.

    Whoever never did counts from when keepcool first knew them.
    """

    recipient_id: str
    unproved_for: timedelta


@dataclass(frozen=True, slots=True)
class LevelMemory:
    """Remember a level for hysteresis; `clearing_for` counts the time under it."""

    level: HeatLevel = HeatLevel.NORMAL
    clearing_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Snooze:
    """Carry a person's wish for peace; `level` is what the home was at when it began."""

    remaining: timedelta
    running_for: timedelta = timedelta(0)
    level: HeatLevel = HeatLevel.NORMAL


class HolidayEnd(enum.StrEnum):
    """Name what ended the holiday mode."""

    SWITCH = "switch"
    DATE = "date"
    PRESENCE = "presence"
    DRINK = "drink"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Holiday:
    """Say whether nobody is home for days; after its end, what ended it and how long ago."""

    is_on: bool = False
    remaining: timedelta | None = None  # None: no end was set
    ended_for: timedelta | None = None
    ended_by: HolidayEnd | None = None


@dataclass(frozen=True, slots=True)
class PersonConditions:
    """Carry what is known of a person now. Days are the person's local days."""

    person: Person
    snooze: Snooze | None = None
    out_remaining: timedelta | None = None  # of "I'm out", told by the person
    drunk_today_ml: int = 0
    drunk_last_hour_ml: int = 0
    since_last_drink: timedelta | None = None
    nudges_today: int = 0
    pushes_today: int = 0  # every message that lights up the phone, nudges included
    warnings_today: int = 0
    trouble_today: int = 0
    criticals_today: int = 0
    since_last_nudge: timedelta | None = None
    nudges_ignored: int = 0  # in a row, since the last sign of the person
    peak_level_today: HeatLevel = HeatLevel.NORMAL
    since_sign_of_life: timedelta | None = None  # any button, drink or hand-made change
    is_at_home: bool | None = None  # None: not known, which is treated as at home
    presence_age: timedelta | None = None  # of what `is_at_home` says
