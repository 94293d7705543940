"""Define the vocabulary of speaking: levels, severities, findings, alerts, messages."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta


class HeatLevel(enum.IntEnum):
    """Order the heat levels of EVIDENCE 8 (shown to people by number)."""

    NORMAL = 0
    ADVISORY = 1
    WARNING = 2
    HIGH = 3
    VERY_HIGH = 4

    @property
    def word(self) -> str:
        """Name the level for people and their automations."""
        return self.name.lower().replace("_", " ")


class Severity(enum.IntEnum):
    """Order how loudly keepcool speaks. Source: DESIGN "Who speaks how loudly"."""

    DISPLAY = 0  # dashboard and entities only, no push
    NUDGE = 1  # silent, replaced in place
    WARNING = 2
    LOUD_WARNING = 3  # warning with sound
    CRITICAL = 4  # breaks through do-not-disturb


class AlertPhase(enum.StrEnum):
    """Name the life of an alert."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class AlertShown(enum.StrEnum):
    """Name for the household how far an alert is."""

    NONE = "none"
    HELD_BACK = "held back"  # until quiet hours, a snooze or the like end
    WARNED = "warned"  # and nobody answered
    ANSWERED = "answered"
    SNOOZED = "snoozed"


class Road(enum.StrEnum):
    """Name the ways to a person: by Home Assistant, or what is left without it."""

    PHONE = "phone"
    SECOND_ROAD = "second_road"
    ANNOUNCER = "announcer"  # a speaker or light in the home, for what is critical alone


class Verb(enum.StrEnum):
    """Name what a button on the phone does."""

    ON_IT = "on_it"
    DRANK = "drank"
    SNOOZE = "snooze"  # this alert alone, for an hour
    OUT = "out"
    COOL = "cool"  # keepcool may use what somebody set by hand again


@dataclass(frozen=True, slots=True)
class Message:
    """Carry a text as its id and parameters; `wording.render` makes the words."""

    message_id: str
    parameters: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)

    def moment(self, key: str) -> datetime | None:
        """Return the moment that a parameter carries as ISO text (aware), `None` where none is.

        >>> Message("", {"at": "2026-07-14T13:00:00+00:00"}).moment("at").hour
        13
        """
        try:
            at = datetime.fromisoformat(str(self.parameters.get(key)))
        except ValueError:
            return None
        return None if at.tzinfo is None else at


_ONE_A_PERSON = frozenset({"hydration", "digest", "brief"})


@dataclass(frozen=True, slots=True)
class AlertKey:
    """Identify an alert: what it is about and which episode of it; also the phone's tag."""

    policy: str  # "heat", "hydration", "trouble", "advice", "mode", "digest", "brief"
    subject: str  # person, room or device id; for trouble "<what>:<id>"
    episode: int

    @property
    def tag(self) -> str:
        """Name the phone notification, so that an update replaces and a resolve clears it.

        What a person has one of at most, all day long, has the same name in every episode.
        """
        if self.policy in _ONE_A_PERSON:
            return f"keepcool-{self.policy}-{self.subject}"
        return f"keepcool-{self.policy}-{self.subject}-{self.episode}"


def policy_of(tag: str) -> str:
    """Return the policy that a notification's tag names.

    >>> policy_of(AlertKey("trouble", "battery:living-room", 3).tag)
    'trouble'
    """
    return tag.removeprefix("keepcool-").partition("-")[0]


@dataclass(frozen=True, slots=True)
class Finding:
    """Say what a policy finds worth knowing now, before anything decides whether to speak."""

    policy: str
    subject: str
    severity: Severity
    person_ids: tuple[str, ...]  # whom to tell
    message: Message
    reason: str  # one plain sentence with numbers, for status and logs
    level: HeatLevel = HeatLevel.NORMAL
    is_expected: bool = False  # announced ahead, not there yet
    verbs: tuple[Verb, ...] = ()
    carries_safety_text: bool = False
    may_resolve: bool = True  # False: what cleared it is unknown (stale), so it must stay


@dataclass(frozen=True, slots=True)
class Climb:
    """Say how far up the ladder an alert went since its first message that waits for an answer."""

    since_first: timedelta = timedelta(0)
    second_road: tuple[str, ...] = ()  # people and carers for whom it was opened
    is_carer_told: bool = False
    repeats: int = 0
    announced: tuple[str, ...] = ()  # people for whom the home spoke


@dataclass(frozen=True, slots=True)
class Alert:
    """Carry a live alert between decisions. Durations count on a clock that never steps."""

    key: AlertKey
    phase: AlertPhase
    severity: Severity
    level: HeatLevel
    person_ids: tuple[str, ...]
    message: Message
    reason: str
    raised_at: datetime
    firing_for: timedelta = timedelta(0)
    told_severity: Severity = (
        Severity.DISPLAY
    )  # the loudest that was queued for the phone in this episode
    told_level: HeatLevel = HeatLevel.NORMAL
    since_told: timedelta | None = None
    since_answered: timedelta | None = None
    is_expected: bool = False
    clearing_for: timedelta | None = None
    snoozed_for: timedelta | None = None  # of an alert in the phase SNOOZED
    climb: Climb | None = None  # None: nobody has to answer
    told_carers: tuple[str, ...] = ()  # in this episode, for news and for taking it back
    answered_by: str | None = None  # a person's or carer's id, where it is known
    is_answer_told: bool = False
    waiting_for: tuple[str, ...] = ()  # people who are told when what holds it back ends
    digested_for: tuple[str, ...] = ()  # people who are told by their digest

    @property
    def shown(self) -> AlertShown:
        """Say in a word how far it is; what is only displayed is no alert."""
        if self.phase is AlertPhase.RESOLVED or self.severity is Severity.DISPLAY:
            return AlertShown.NONE
        if self.phase is AlertPhase.ACKNOWLEDGED:
            return AlertShown.ANSWERED
        if self.phase is AlertPhase.SNOOZED:
            return AlertShown.SNOOZED
        is_told = self.told_severity is not Severity.DISPLAY
        return AlertShown.WARNED if is_told else AlertShown.HELD_BACK

    def aged(self, elapsed: timedelta) -> Alert:
        """Return the same alert `elapsed` later."""

        def later(duration: timedelta | None) -> timedelta | None:
            return None if duration is None else duration + elapsed

        climb = self.climb
        return replace(
            self,
            climb=climb and replace(climb, since_first=climb.since_first + elapsed),
            firing_for=self.firing_for + elapsed,
            since_told=later(self.since_told),
            since_answered=later(self.since_answered),
            clearing_for=later(self.clearing_for),
            snoozed_for=later(self.snoozed_for),
        )


class NotifyReason(enum.StrEnum):
    """Say why keepcool speaks now (never a bare bool)."""

    NEW = "new"
    LEVEL_ROSE = "level_rose"
    SEVERITY_ROSE = "severity_rose"
    UNANSWERED = "unanswered"
    NUDGE = "nudge"
    RAISED_AGAIN = "raised_again"
    MOVED = "moved"  # what is announced: silently, in the place of what was said
    NOT_CONFIRMED = "not_confirmed"  # by the phones: hence the second road
    NOT_ANSWERED = "not_answered"  # hence a carer
    REPEATED = "repeated"
    ANSWERED = "answered"  # by somebody: the others see it
    HELD = "held"  # by quiet hours, a snooze or the like, until now
    SNOOZE_OVER = "snooze_over"
    DIGEST_GREW = "digest_grew"


@dataclass(frozen=True, slots=True)
class Notification:
    """Carry one message for one person, in words, ready for the outbox."""

    key: AlertKey
    person_id: str
    reason: NotifyReason
    severity: Severity
    level: HeatLevel
    title: str
    body: str
    safety_text: str | None = None
    verbs: tuple[Verb, ...] = ()
    road: Road = Road.PHONE
    rung: str = ""  # of the ladder; tells sends within one minute apart
    covers: tuple[AlertKey, ...] = ()  # what an answer to it answers; itself when empty


@dataclass(frozen=True, slots=True)
class ClearNotification:
    """Ask for a resolved alert's message to be taken off a person's phone."""

    key: AlertKey
    person_id: str
