"""What the ladder knows of a message on its way, also after a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from daemon.clock import Instant
from daemon.deliveries import Deliveries
from daemon.events import DeliveryFinished
from daemon.outbox import OutboxRow
from daemon.records import Changes
from integrations.messages import PhoneMessage, RoadMessage
from policies.alert import AlertKey, HeatLevel, Notification, NotifyReason, Road, Severity
from policies.model import Delivery, PhoneKind
from tests.daemon.test_store import NOW, a_row

KEY = AlertKey("heat", "anna", 1)
PHONES = ("phone", "tablet")


def urgent(**overrides: object) -> Notification:
    """Return an urgent message to Anna's phones."""
    plain = Notification(
        KEY, "anna", NotifyReason.NEW, Severity.CRITICAL, HeatLevel.HIGH, "title", "body"
    )
    return replace(plain, **overrides)  # type: ignore[arg-type]


def a_push(channel: str = "phone", severity: Severity = Severity.CRITICAL) -> OutboxRow:
    """Return its row for one phone."""
    message = replace(a_row().message, tag=KEY.tag, severity=severity)
    return replace(a_row(), channel_id=channel, message=message)


def known(found: Deliveries, now: Instant = NOW) -> Delivery | None:
    """Return what is known of it."""
    return next(iter(found.conditions(now)), None)


@pytest.fixture
def found() -> Deliveries:
    """Return the records after an urgent message was queued for two phones."""
    records = Deliveries()
    records.note_queued(urgent(), PHONES, NOW, Changes(), is_first=True)
    return records


def finish(found: Deliveries, row: OutboxRow, error: str | None = None, **kind: bool) -> bool:
    """Note what became of a row."""
    return found.note_finished(row, DeliveryFinished(row.row_id, error, **kind), Changes())


@pytest.mark.parametrize(
    "notification",
    [
        urgent(severity=Severity.LOUD_WARNING),
        urgent(key=AlertKey("carer", "ben", 1), severity=Severity.DISPLAY),
    ],
)
def test_only_urgent_pushes_are_followed(notification: Notification) -> None:
    """A warning, and news for a carer, do not climb."""
    records, changes = Deliveries(), Changes()
    records.note_queued(notification, PHONES, NOW, changes, is_first=True)
    assert known(records) is None
    assert not changes


def test_refused_means_by_every_phone(found: Deliveries) -> None:
    """While one phone may still take it nothing is refused; a passing failure is none."""
    assert not finish(found, a_push(), "away")
    assert finish(found, a_push(), "no such service", is_permanent=True)
    first = known(found)
    assert first is not None
    assert not first.is_refused
    assert finish(found, a_push("tablet"), "no such service", is_permanent=True)
    assert known(found) == Delivery(KEY.tag, "anna", timedelta(0), is_refused=True)


def test_one_phone_that_takes_it_is_enough(found: Deliveries) -> None:
    """Handed over to one, refused by the other: handed over."""
    finish(found, a_push(), "no such service", is_permanent=True)
    assert finish(found, a_push("tablet"))
    assert not finish(found, a_push("tablet"))  # no news
    assert known(found) == Delivery(KEY.tag, "anna", timedelta(0), is_handed=True)


def test_second_road_that_took_it_is_known(found: Deliveries) -> None:
    """A second road says nothing of the phone; what failed there leaves everything as it was."""
    by_road = replace(a_push(), message=RoadMessage("road", KEY.tag, "t", "b", 4))
    assert not finish(found, by_road, "did not take the message")
    assert finish(found, by_road)
    delivery = known(found)
    assert delivery is not None
    assert (delivery.is_handed, delivery.is_by_second_road) == (False, True)
    found.note_queued(urgent(road=Road.SECOND_ROAD), ("road",), NOW, Changes(), is_first=False)
    assert known(found) == delivery


def test_message_by_second_road_alone_is_followed() -> None:
    """Somebody without a phone is told there first; until it is taken nobody was told."""
    records = Deliveries()
    message = urgent(road=Road.SECOND_ROAD)
    records.note_queued(message, ("road",), NOW, Changes(), is_first=True)
    delivery = known(records)
    assert delivery is not None
    assert delivery == Delivery(KEY.tag, "anna", timedelta(0))


def test_quiet_messages_of_the_same_tag_say_nothing(found: Deliveries) -> None:
    """That "Ben is on it" was handed over does not mean that the alarm was."""
    assert not finish(found, a_push(severity=Severity.DISPLAY))
    by_road = replace(a_push(), message=RoadMessage("phone", KEY.tag, "t", "b", 0))
    assert not finish(found, by_road)
    phone = PhoneMessage("mobile_app_anna", PhoneKind.ANDROID, KEY.tag, "", "", 0, is_clear=True)
    clearing = replace(a_push(), message=phone)
    assert not finish(found, clearing)


@pytest.mark.parametrize(
    ("is_received", "is_first", "is_reset"),
    [(False, False, False), (True, False, True), (False, True, True)],
)
def test_saying_it_again_makes_nobody_wait_anew(
    found: Deliveries,
    is_received: bool,  # noqa: FBT001
    is_first: bool,  # noqa: FBT001
    is_reset: bool,  # noqa: FBT001
) -> None:
    """What was never confirmed keeps its age; a confirmed one, or a new climb, starts again."""
    if is_received:
        assert found.note_received(KEY.tag, "anna", Changes())
    later = NOW.shifted(timedelta(seconds=50))
    found.note_queued(urgent(), PHONES, later, Changes(), is_first=is_first)
    age = timedelta(0) if is_reset else timedelta(seconds=50)
    assert known(found, later) == Delivery(KEY.tag, "anna", age)


def test_records_survive_a_restart_until_they_are_over(found: Deliveries) -> None:
    """What was stored is what the next run knows; what is over is forgotten, on disk as well."""
    changes = Changes()
    found.note_received(KEY.tag, "anna", changes)
    after, stored = Deliveries(), {key: body for key, body in changes.deliveries.items() if body}
    after.restore(stored, NOW)
    assert after.conditions(NOW) == found.conditions(NOW)
    assert not after.note_received("keepcool-heat-anna-9", "anna", Changes())
    ended = Changes()
    after.keep({KEY.tag}, ended)
    assert not ended
    after.keep((), ended)
    assert ended.deliveries == {(KEY.tag, "anna"): None}
    assert after.conditions(NOW) == ()
