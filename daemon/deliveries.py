"""Follow urgent messages on their way: queued, handed over, refused, received.

The ladder climbs by what is known here, so that it is stored with every step and survives a
restart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from daemon.clock import Instant
from daemon.events import DeliveryFinished
from daemon.outbox import OutboxRow
from daemon.records import Changes, read_json, to_json
from daemon.wall_clock import restamped
from integrations.messages import HomeMessage, PhoneMessage
from policies.alert import Notification, Road, Severity
from policies.ladder import CARD_POLICY
from policies.model import Delivery

Key = tuple[str, str]  # tag, recipient


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """Hold what is known of the messages of one tag to one person or carer."""

    queued: Instant
    channels: tuple[str, ...]  # their phones
    refused: tuple[str, ...] = ()  # those that Home Assistant will never serve
    is_handed: bool = False
    is_received: bool = False
    is_by_second_road: bool = False


class Deliveries:
    """Own the records; only the loop touches them."""

    def __init__(self) -> None:
        """Start knowing nothing."""
        self._records: dict[Key, DeliveryRecord] = {}

    def restore(self, stored: Mapping[Key, str], now: Instant) -> None:
        """Take over what earlier runs kept; its ages grow on, whatever the wall clock says."""
        for key, body in stored.items():
            record = read_json(DeliveryRecord, body)
            if record is not None:
                self._records[key] = replace(record, queued=record.queued.carried_to(now))

    def note_queued(
        self,
        notification: Notification,
        channels: Iterable[str],
        now: Instant,
        changes: Changes,
        *,
        is_first: bool,
    ) -> None:
        """Note that an urgent message waits for phones.

        What was not confirmed keeps its age, unless this is the first message of a new climb: to
        say it again does not make anybody wait anew.
        """
        if not _is_followed(notification) or notification.road is Road.ANNOUNCER:
            return  # that a speaker spoke proves nothing of the roads to the person
        key = (notification.key.tag, notification.person_id)
        known = self._records.get(key)
        is_other_road = notification.road is not Road.PHONE
        if is_other_road and known is not None and not is_first:
            return  # it goes there because of what is known of the phones
        if known is None or is_first or known.is_received:
            self._set(key, DeliveryRecord(now, tuple(channels)), changes)

    def note_finished(self, row: OutboxRow, event: DeliveryFinished, changes: Changes) -> bool:
        """Note what became of one push; return whether that is news for the ladder."""
        message = row.message
        key = (message.tag, row.person_id)
        known = self._records.get(key)
        is_quiet = message.is_clear or message.severity < Severity.WARNING
        if known is None or is_quiet or isinstance(message, HomeMessage):
            return False
        if not isinstance(message, PhoneMessage):
            if event.error is not None:
                return False
            found = replace(known, is_by_second_road=True)
        elif event.error is None:
            left = tuple(name for name in known.refused if name != row.channel_id)
            found = replace(known, is_handed=True, refused=left)
        elif event.is_permanent:
            refused = tuple(sorted({*known.refused, row.channel_id}))
            found = replace(known, refused=refused)
        else:
            return False
        return self._set(key, found, changes)

    def note_received(self, tag: str, recipient_id: str, changes: Changes) -> bool:
        """Note that a phone confirmed a push; return whether that is news."""
        known = self._records.get((tag, recipient_id))
        if known is None:
            return False
        found = replace(known, is_handed=True, is_received=True)
        return self._set((tag, recipient_id), found, changes)

    def restamp(self, now: Instant, changes: Changes) -> None:
        """Correct the wall times after a step; the ages stay."""
        for key, record in list(self._records.items()):
            self._set(key, restamped(record, now), changes)

    def keep(self, tags: Collection[str], changes: Changes) -> None:
        """Forget everything that is over."""
        for key in [key for key in self._records if key[0] not in tags]:
            del self._records[key]
            changes.deliveries[key] = None

    def conditions(self, now: Instant) -> tuple[Delivery, ...]:
        """Return the records as the policies see them."""
        return tuple(
            Delivery(
                tag=tag,
                recipient_id=recipient_id,
                since_queued=record.queued.plausible_elapsed_until(now),
                is_handed=record.is_handed,
                is_refused=not record.is_handed
                and bool(record.channels)
                and set(record.channels) <= set(record.refused),
                is_received=record.is_received,
                is_by_second_road=record.is_by_second_road,
            )
            for (tag, recipient_id), record in self._records.items()
        )

    def _set(self, key: Key, record: DeliveryRecord, changes: Changes) -> bool:
        if self._records.get(key) == record:
            return False
        self._records[key] = record
        changes.deliveries[key] = to_json(record)
        return True


def _is_followed(notification: Notification) -> bool:
    is_card = notification.key.policy == CARD_POLICY
    return notification.severity >= (Severity.WARNING if is_card else Severity.CRITICAL)
