"""Answer messages as many people do: alarms soon, heat when awake, every second drink reminder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from daemon.replay.recorders import Sent
from integrations.messages import ButtonPressed
from policies.alert import Road, Severity
from policies.heat_limits import is_night
from policies.model import Person

ALARM_ANSWERED_AFTER: Final = timedelta(minutes=5)
ANSWERED_AFTER: Final = timedelta(minutes=10)
_DRINKS: Final = "hydration"


class Resident:
    """Read what is new on the phones, and press a button on it later: the first one.

    Alarms are answered after five minutes at any hour, other messages with a button after ten
    minutes or when awake; of drink reminders every second one, with its drink.
    """

    def __init__(
        self, press: Callable[[ButtonPressed], None], readers: Iterable[Person], zone: tzinfo
    ) -> None:
        """Have read nothing yet; `readers` are the people and carers with their phones."""
        self._press = press
        self._zone = zone
        self._owners = {phone.service: reader for reader in readers for phone in reader.phones}
        self._read = 0
        self._reminders = 0
        self._later: list[tuple[datetime, ButtonPressed]] = []

    @property
    def next_act_at(self) -> datetime | None:
        """Return when something is to be pressed next."""
        return min((at for at, _ in self._later), default=None)

    def read(self, messages: Sequence[Sent], now: datetime) -> None:
        """Read the messages that are new."""
        for message in messages[self._read :]:
            if message.road is not Road.PHONE or not message.buttons:
                continue
            if message.policy == _DRINKS:
                self._reminders += 1
                if not self._reminders % 2:
                    continue
            if message.severity >= Severity.CRITICAL:
                at = now + ALARM_ANSWERED_AFTER
            else:
                at = self._awake_from(message, now + ANSWERED_AFTER)
            self._later.append((at, ButtonPressed(message.buttons[0].action, message.tag)))
        self._read = len(messages)

    def act(self, now: datetime) -> None:
        """Press what is due."""
        due = [button for at, button in self._later if at <= now]
        self._later = [item for item in self._later if item[0] > now]
        for button in due:
            self._press(button)

    def _awake_from(self, message: Sent, at: datetime) -> datetime:
        """Return `at`, or when the reader wakes after it."""
        reader, local = self._owners[message.channels[0]], at.astimezone(self._zone)
        if not is_night(reader, local):
            return at
        wakes = local.replace(hour=reader.wake_at.hour, minute=reader.wake_at.minute)
        return (wakes if wakes >= local else wakes + timedelta(days=1)).astimezone(UTC)
