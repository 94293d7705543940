"""Measure reading -> alert handed to Home Assistant, and -> raised level shown on MQTT."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from daemon.demo.fake_home_assistant import FakeHomeAssistant
from tests.bench.figures import Row, quantiles
from tests.bench.subjects import HOME_ID, TOKEN, Keepcool, reading, room_ids, wait_for_answer
from tests.bench.wire import Wire
from tests.broker import Mosquitto
from tests.waiting import wait_until

ALERTS = 36
AIM_P95_S = 0.100
COOL_C, HOT_C = 22.0, 31.0  # nothing, and clearly over level 2
REST_S = (0.15, 0.4)  # between alerts, so that nothing of the last is under way
_VERSION = "5"
_RAISED = b'"level":2,'


@dataclass(frozen=True, slots=True)
class AlertResult:
    """Hold seconds from the reading's sending, for each alert."""

    handed_s: tuple[float, ...]
    shown_s: tuple[float, ...]


def measure(
    folder: Path,
    broker: Mosquitto,
    wrapper: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> AlertResult:
    """Let one room after the other turn hot: each is an alert for a person of its own.

    Each room turns hot once, because a sensor that jumps to and fro is not believed.
    """
    handed: list[float] = []
    shown: list[float] = []
    rests = random.Random(4711)  # noqa: S311 - only spreads the readings over the daemon's second
    with (
        FakeHomeAssistant(token=TOKEN) as home_assistant,
        Wire(broker.port, _VERSION, "bench-alerts") as wire,
        Keepcool(
            folder,
            broker.port,
            _VERSION,
            rooms=ALERTS,
            is_care_home=True,
            home_assistant_url=home_assistant.url,
            wrapper=wrapper,
            environ=environ,
        ),
    ):
        state = f"keepcool/{HOME_ID}/room/%s/state"
        wire.subscribe(state % "+")
        for room_id in room_ids(ALERTS):
            cool = wire.message(f"zigbee2mqtt/{room_id}", reading(COOL_C))
            wait_for_answer(wire, cool, state % room_id)
        wait_until(lambda: home_assistant.connected, what="the event stream")
        for number, room_id in enumerate(room_ids(ALERTS)):
            time.sleep(rests.uniform(*REST_S))
            sent_at, sent_s = datetime.now(UTC), time.perf_counter()
            wire.send(wire.message(f"zigbee2mqtt/{room_id}", reading(HOT_C)))
            shown.append(_wait_for_level(wire, state % room_id) - sent_s)
            wait_until(lambda n=number: len(home_assistant.pushes) > n, what="the push")  # type: ignore[misc]
            handed.append((home_assistant.pushes[number].at - sent_at).total_seconds())
            assert room_id in home_assistant.pushes[number].title, home_assistant.pushes[number]
    return AlertResult(tuple(handed), tuple(shown))


def _wait_for_level(wire: Wire, topic: str) -> float:
    while messages := wire.receive():
        arrived_s = time.perf_counter()
        if any(heard == topic and _RAISED in payload for heard, payload in messages):
            return arrived_s
    message = f"level 2 was never shown on {topic}"
    raise TimeoutError(message)


def rows(name: str, result: AlertResult) -> list[Row]:
    """Return the table's rows of one disk."""
    handed = quantiles(result.handed_s)
    return [
        Row(
            f"  alert handed over, {name}",
            handed.render(1000, 1),
            aim=f"p95 {AIM_P95_S * 1000:g}",
            is_met=handed.p95 <= AIM_P95_S,
        ),
        Row(f"  its level on MQTT, {name}", quantiles(result.shown_s).render(1000, 1)),
    ]
