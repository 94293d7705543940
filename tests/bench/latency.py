"""Measure reading -> level published on MQTT, keepcool and the responder by turns."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.figures import Row, quantiles, ratios
from tests.bench.responder import ANSWERED, ASKED
from tests.bench.subjects import (
    HOME_ID,
    Keepcool,
    Subject,
    reading,
    start_responder,
    wait_for_answer,
)
from tests.bench.wire import Wire
from tests.broker import Mosquitto

PACE_S = 1 / 50
SLICES = 4
PACED_A_SLICE, CLOSED_A_SLICE = 90, 500
ANSWER_TIMEOUT_S = 5.0
AIM_RATIO, AIM_P99_S = 1.5, 0.005


@dataclass(slots=True)
class _Party:
    """Hold one of the two: where it is asked, where it answers, and how long it took."""

    subject: Subject
    asked: str
    answered: str
    mark: bytes
    slices: list[list[float]] = field(default_factory=list)
    cpu_s: float = 0.0


@dataclass(slots=True)
class LatencyResult:
    """Hold what one broker version showed."""

    rows: list[Row] = field(default_factory=list)
    cpu_us: dict[str, float] = field(default_factory=dict)  # party -> per paced reading


def measure(folder: Path, broker: Mosquitto, version: str) -> LatencyResult:
    """Measure paced and closed loop, retained and not."""
    result = LatencyResult()
    with ExitStack() as stack:
        wire = stack.enter_context(Wire(broker.port, version, "bench-latency"))
        responder = stack.enter_context(start_responder(broker.port, version))
        daemon = stack.enter_context(Keepcool(folder, broker.port, version))
        state = f"keepcool/{HOME_ID}/room/r0/state"
        for topic in (f"{ANSWERED}#", state):
            wire.subscribe(topic)
        # The responder sends a reading back as it came; keepcool names its value its own way.
        parties = [
            _Party(responder, f"{ASKED}r0", f"{ANSWERED}r0", b'"temperature":%s}'),
            _Party(daemon, "zigbee2mqtt/r0", state, b'"temperature_c":%s,'),
        ]
        for party in parties:
            first = wire.message(party.asked, reading(19.0))
            wait_for_answer(wire, first, party.answered)
        temperatures = itertools.cycle([20.0 + step / 100 for step in range(300)])
        _run(wire, parties, temperatures, 100, pace_s=0.0, is_retained=False)  # warm caches
        for is_retained in (False, True):
            for pace_s, count in ((PACE_S, PACED_A_SLICE), (0.0, CLOSED_A_SLICE)):
                for party in parties:
                    party.slices, party.cpu_s = [], 0.0
                for _ in range(SLICES):
                    _run(wire, parties, temperatures, count, pace_s=pace_s, is_retained=is_retained)
                name = "paced, 50/s" if pace_s else "closed loop"
                kind = "retained" if is_retained else "not retained"
                result.rows.append(_row(f"  MQTT {version}, {name}, {kind}", parties))
                if pace_s and not is_retained:
                    readings = SLICES * PACED_A_SLICE
                    for name, party in zip(("responder", "keepcool"), parties, strict=True):
                        result.cpu_us[name] = party.cpu_s / readings * 1e6
    return result


def _run(
    wire: Wire,
    parties: list[_Party],
    temperatures: Iterator[float],
    count: int,
    *,
    pace_s: float,
    is_retained: bool,
) -> None:
    """Measure one slice of each party; a reading is sent only after the answer to the last."""
    for party in parties:
        samples = []
        cpu_before_s = party.subject.cpu_s()
        due_s = time.perf_counter()
        for _ in range(count):
            value = next(temperatures)
            packet = wire.message(party.asked, reading(value), is_retained=is_retained)
            mark = party.mark % str(round(value, 2)).encode()
            time.sleep(max(0.0, due_s - time.perf_counter()))
            due_s = max(due_s, time.perf_counter()) + pace_s
            samples.append(_time_answer(wire, packet, party.answered, mark))
        party.slices.append(samples)
        party.cpu_s += party.subject.cpu_s() - cpu_before_s


def _time_answer(wire: Wire, packet: bytes, topic: str, mark: bytes) -> float:
    started_s = time.perf_counter()
    wire.send(packet)
    while messages := wire.receive(ANSWER_TIMEOUT_S):
        arrived_s = time.perf_counter()
        if any(heard == topic and mark in payload for heard, payload in messages):
            return arrived_s - started_s
    message = f"no answer with {mark!r} on {topic}"
    raise TimeoutError(message)


def _row(name: str, parties: list[_Party]) -> Row:
    theirs, ours = (list(itertools.chain.from_iterable(p.slices)) for p in parties)
    ratio = ratios(parties[1].slices, parties[0].slices)
    found = quantiles(ours)
    return Row(
        name,
        found.render(1000),
        quantiles(theirs).render(1000),
        ratio.render(),
        f"p50 {AIM_RATIO:g} x, p99 {AIM_P99_S * 1000:g}",
        is_met=ratio.median <= AIM_RATIO and found.p99 <= AIM_P99_S,
    )
