"""Pass on official heat warnings: shown always, and said once, quietly, when they are serious.

They are one more input and never the only one. What the rooms say is judged without them, and
their message counts against no budget, so that it takes nobody's place.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from policies.alert import Finding, HeatLevel, Message, Severity
from policies.model import OfficialWarning, Snapshot, WarningLevel

POLICY: Final = "official"

SAID_FROM: Final = WarningLevel.WARNING
"""Orange, or a warning of the NWS; yellow is shown only. Source: MeteoAlarm ("be prepared")."""

_LEVELS: Final = {
    WarningLevel.ADVISORY: HeatLevel.ADVISORY,
    WarningLevel.WARNING: HeatLevel.WARNING,
    WarningLevel.EXTREME: HeatLevel.HIGH,
}
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def evaluate(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return one finding for each service that warns of heat: its most serious warning."""
    in_force = [warning for warning in snapshot.warnings if warning.ends_at > snapshot.now_utc]
    services = dict.fromkeys(warning.service for warning in in_force)
    return tuple(
        _finding(snapshot, most_serious(each for each in in_force if each.service == service))
        for service in services
    )


def most_serious(warnings: Iterable[OfficialWarning]) -> OfficialWarning:
    """Return the highest warning, and of those the one that lasts longest."""
    return max(warnings, key=lambda each: (each.level, each.ends_at, each.warning_id))


def _finding(snapshot: Snapshot, warning: OfficialWarning) -> Finding:
    ends_local = warning.ends_at.astimezone(snapshot.now_local.tzinfo)
    is_extreme = warning.level is WarningLevel.EXTREME
    return Finding(
        policy=POLICY,
        subject=warning.service,
        severity=Severity.NUDGE if warning.level >= SAID_FROM else Severity.DISPLAY,
        person_ids=tuple(conditions.person.person_id for conditions in snapshot.people),
        message=Message(
            "official_warning_extreme" if is_extreme else "official_warning",
            {
                "sender": warning.sender,
                "until_local": f"{ends_local:%H:%M}",
                "until_day": _day(ends_local, snapshot.now_local),
            },
        ),
        reason=(
            f"{warning.sender}: {warning.event} for {warning.area}, "
            f"until {ends_local:%a %d %b %H:%M}"
        ),
        level=_LEVELS[warning.level],
    )


def _day(at_local: datetime, now_local: datetime) -> str:
    """Name a local day as one says it today: "today", "tomorrow", or its weekday, or its date."""
    days = (at_local.date() - now_local.date()) // timedelta(days=1)
    if days <= 1:
        return "tomorrow" if days == 1 else "today"
    return _DAYS[at_local.weekday()] if days < len(_DAYS) else "later"
