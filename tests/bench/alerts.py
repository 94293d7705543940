"""Measure reading -> alert handed to Home Assistant, and -> raised level shown on MQTT."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from daemon.demo.fake_home_assistant import FakeHomeAssistant
from tests.bench.figures import Row, quantiles
from tests.bench.subjects import HOME_ID, TOKEN, Keepcool, reading, wait_for_answer
from tests.bench.wire import Wire
from tests.broker import Mosquitto
from tests.waiting import wait_until

ALERTS = 36
AIM_P95_S = 0.100
COOL_C, HOT_C = 20.0, 31.0  # nothing, and clearly over level 2
REST_S = (0.1, 0.3)  # between episodes, so that nothing of the last is under way
_VERSION = "5"


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
    """Let one room turn hot and cool again; each time is an episode with a push of its own."""
    handed: list[float] = []
    shown: list[float] = []
    state = f"keepcool/{HOME_ID}/room/r0/state"
    rests = random.Random(4711)  # noqa: S311 - only spreads the readings over the daemon's second
    with (
        FakeHomeAssistant(token=TOKEN) as home_assistant,
        Wire(broker.port, _VERSION, "bench-alerts") as wire,
        Keepcool(
            folder,
            broker.port,
            _VERSION,
            home_assistant_url=home_assistant.url,
            wrapper=wrapper,
            environ=environ,
        ),
    ):
        wire.subscribe(state)
        # Each value differs from the last of its kind, or the sensor would count as stuck.
        steps = itertools.cycle([step / 100 for step in range(50)])
        wait_for_answer(wire, wire.message("zigbee2mqtt/r0", reading(COOL_C)), state)
        wait_until(lambda: home_assistant.connected, what="the event stream")
        for _ in range(ALERTS):
            time.sleep(rests.uniform(*REST_S))
            before = len(home_assistant.pushes)
            sent_at, sent_s = datetime.now(UTC), time.perf_counter()
            wire.send(wire.message("zigbee2mqtt/r0", reading(HOT_C + next(steps))))
            shown.append(_wait_for_level(wire, "2") - sent_s)
            wait_until(lambda n=before: len(home_assistant.pushes) > n, what="the push")  # type: ignore[misc]
            push = home_assistant.pushes[before]
            assert not push.is_clear, push
            handed.append((push.at - sent_at).total_seconds())
            wire.send(wire.message("zigbee2mqtt/r0", reading(COOL_C + next(steps))))
            wait_until(lambda: home_assistant.pushes[-1].is_clear, what="the end of the episode")
            _wait_for_level(wire, "0")
    return AlertResult(tuple(handed), tuple(shown))


def _wait_for_level(wire: Wire, level: str) -> float:
    mark = f'"level":{level},'.encode()
    while messages := wire.receive():
        arrived_s = time.perf_counter()
        if any(mark in payload for _, payload in messages):
            return arrived_s
    message = f"level {level} was never shown"
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
