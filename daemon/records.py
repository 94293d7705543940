"""Name what the store keeps, and turn it into JSON and back."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast

import structlog
from pydantic import TypeAdapter, ValidationError

from daemon.outbox import OutboxRow
from policies.alert import Alert, AlertKey, Severity, Verb

log = structlog.get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ActionToken:
    """Tie a button's single-use action string to what it answers."""

    token: str
    key: AlertKey
    person_id: str
    verb: Verb
    amount_ml: int | None = None
    covers: tuple[AlertKey, ...] = ()  # what it answers; `key` when empty


@dataclass(frozen=True, slots=True)
class Drink:
    """Record one drink; `drink_id` makes a repeated report harmless."""

    drink_id: str
    person_id: str
    at: datetime
    amount_ml: int
    source: str


@dataclass(frozen=True, slots=True)
class PushRecord:
    """Record one message to a person, for their budgets."""

    person_id: str
    policy: str
    severity: Severity
    at: datetime


class HistoryRow(NamedTuple):
    """Record one accepted reading of a sensor (a tuple: one is made per reading)."""

    at: datetime
    sensor_id: str
    temperature_c: float | None
    relative_humidity_pct: float | None


@dataclass(slots=True)
class Changes:
    """Collect what one decision, or one event, must make durable together."""

    alerts: list[Alert] = field(default_factory=list)
    outbox: list[OutboxRow] = field(default_factory=list)  # new rows and rows whose state changed
    tokens: list[ActionToken] = field(default_factory=list)
    used_tokens: list[str] = field(default_factory=list)
    leases: dict[str, str] = field(default_factory=dict)  # device_id -> JSON
    drinks: list[Drink] = field(default_factory=list)
    memory: dict[str, str] = field(default_factory=dict)
    deliveries: dict[tuple[str, str], str | None] = field(default_factory=dict)  # None: it is over

    def followed_by(self, newer: Changes) -> Changes:
        """Return both together; of what both hold the newer counts."""
        alerts = {alert.key: alert for alert in (*self.alerts, *newer.alerts)}
        rows = {row.row_id: row for row in (*self.outbox, *newer.outbox)}
        return Changes(
            list(alerts.values()),
            list(rows.values()),
            [*self.tokens, *newer.tokens],
            [*self.used_tokens, *newer.used_tokens],
            self.leases | newer.leases,
            [*self.drinks, *newer.drinks],
            self.memory | newer.memory,
            self.deliveries | newer.deliveries,
        )

    def one_by_one(self) -> Iterator[Changes]:
        """Yield each entry alone, alerts first."""
        for each in fields(self):
            held: Any = getattr(self, each.name)
            is_map = isinstance(held, dict)
            for entry in held.items() if is_map else held:
                alone: dict[str, Any] = {each.name: dict([entry]) if is_map else [entry]}
                yield Changes(**alone)

    def __bool__(self) -> bool:
        """Return whether there is anything to write."""
        return any(
            (
                self.alerts,
                self.outbox,
                self.tokens,
                self.used_tokens,
                self.leases,
                self.drinks,
                self.memory,
                self.deliveries,
            )
        )


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:  # one per class: building one takes milliseconds
    return TypeAdapter(cast("Any", kind))


def to_json(value: object) -> str:
    """Serialise one of our frozen dataclasses as JSON (durations as ISO-8601)."""
    return _adapter(cast("Hashable", type(value))).dump_json(value).decode()


def from_json(kind: type[T], text: str) -> T:
    """Build a frozen dataclass from `to_json`'s text."""
    result: T = _adapter(cast("Hashable", kind)).validate_json(text)
    return result


def read_json(kind: type[T], text: str) -> T | None:
    """Return what a row holds; one that another version wrote otherwise must not stop the start."""
    try:
        return from_json(kind, text)
    except ValidationError as error:  # its text would show names and what was said
        fields = sorted({str(found["loc"]) for found in error.errors(include_input=False)})
        log.warning("store.row_unreadable", kind=kind.__name__, fields=fields)
        return None
