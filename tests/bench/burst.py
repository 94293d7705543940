"""Measure a burst: 20,000 readings over 100 rooms of a care home, until every room shows its last.

The broker keeps what its subscribers cannot take yet; that it dropped nothing is read from its own
count. keepcool may replace a waiting reading of a room by a newer one when very many wait.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.figures import Row, Spread, spread
from tests.bench.responder import ANSWERED, ASKED
from tests.bench.subjects import (
    HOME_ID,
    Keepcool,
    Subject,
    reading,
    room_ids,
    start_responder,
    wait_for_answer,
)
from tests.bench.wire import Wire
from tests.broker import Mosquitto

ROOMS, ROUNDS = 100, 200
READINGS = ROOMS * ROUNDS
REPEATS = 3
BURST_TIMEOUT_S = 60.0
QUIET_S = 0.5
AIM_READINGS_PER_S = 10_000
_FIRST_C = 20.0
_DROPPED = "$SYS/broker/publish/messages/dropped"


class BurstError(Exception):
    """Report a burst after which a room shows something else than its last reading."""


@dataclass(slots=True)
class BurstResult:
    """Hold what the bursts of one broker version showed."""

    rows: list[Row] = field(default_factory=list)
    cpu_us: dict[str, float] = field(default_factory=dict)  # party -> per reading
    coalesced: int = 0


@dataclass(frozen=True, slots=True)
class _Run:
    wall_s: float
    cpu_s: float
    shown: int  # answers on the wire: of a batch, keepcool shows a room's newest only


def measure(folder: Path, broker: Mosquitto, version: str) -> BurstResult:
    """Measure both, one after the other, several times. Raises: BurstError, TimeoutError."""
    result = BurstResult()
    theirs: list[_Run] = []
    ours: list[_Run] = []
    with ExitStack() as stack:
        wire = stack.enter_context(Wire(broker.port, version, "bench-burst"))
        for topic in (f"{ANSWERED}#", f"keepcool/{HOME_ID}/room/+/state", _DROPPED):
            wire.subscribe(topic)
        responder = stack.enter_context(start_responder(broker.port, version))
        daemon = stack.enter_context(
            Keepcool(folder, broker.port, version, rooms=ROOMS, is_care_home=True)
        )
        state = f"keepcool/{HOME_ID}/room/%s/state"
        wait_for_answer(wire, wire.message(f"{ASKED}r0", reading(19.0)), f"{ANSWERED}r0")
        wait_for_answer(wire, wire.message("zigbee2mqtt/r0", reading(19.0)), state % "r0")
        for _ in range(REPEATS):
            theirs.append(_burst(wire, responder, ASKED + "%s", ANSWERED + "%s", b'ture":%s}'))
            ours.append(_burst(wire, daemon, "zigbee2mqtt/%s", state, b'"temperature_c":%s,'))
        dropped = _dropped(wire)
        events = daemon.stop()
    logged = [event for event in events if event["event"] == "inbox.readings_coalesced"]
    result.coalesced = sum(int(event["readings"]) for event in logged)
    if dropped:
        message = f"the broker dropped {dropped} messages: the burst was not what it claims"
        raise BurstError(message)
    result.rows = _rows(version, ours, theirs, result.coalesced)
    for name, runs in (("keepcool", ours), ("responder", theirs)):
        result.cpu_us[name] = spread([run.cpu_s for run in runs]).median / READINGS * 1e6
    return result


def _burst(wire: Wire, subject: Subject, asked: str, answered: str, mark: bytes) -> _Run:
    """Send everything as fast as the broker takes it; return when the last room is right."""
    packets = bytearray()
    for step in range(ROUNDS):
        for room_id in room_ids(ROOMS):
            packets += wire.message(asked % room_id, reading(_FIRST_C + step / 100))
    last = mark % str(_FIRST_C + (ROUNDS - 1) / 100).encode()
    topics = {answered % room_id for room_id in room_ids(ROOMS)}
    pending = set(topics)
    shown = 0
    newest: dict[str, bytes] = {}
    cpu_before_s, started_s = subject.cpu_s(), time.perf_counter()
    wire.send(bytes(packets))
    arrived_s = started_s
    while pending:
        messages = wire.receive(BURST_TIMEOUT_S)
        arrived_s = time.perf_counter()
        if not messages or arrived_s - started_s > BURST_TIMEOUT_S:
            message = f"{len(pending)} rooms never showed their last reading"
            raise BurstError(message)
        for topic, payload in messages:
            if topic in topics:
                shown += 1
                newest[topic] = payload
                if topic in pending and last in payload:
                    pending.remove(topic)
    cpu_s = subject.cpu_s() - cpu_before_s
    newest.update(_until_quiet(wire))
    wrong = sorted(topic for topic in topics if last not in newest[topic])
    if wrong:
        message = f"after its last reading an older one was shown on {wrong}"
        raise BurstError(message)
    return _Run(arrived_s - started_s, cpu_s, shown)


def _until_quiet(wire: Wire) -> list[tuple[str, bytes]]:
    found = []
    while messages := wire.receive(QUIET_S):
        kept = [(topic, payload) for topic, payload in messages if not topic.startswith("$SYS")]
        if not kept:
            break
        found += kept
    return found


def _dropped(wire: Wire) -> int:
    """Return the broker's count of dropped messages; it publishes one every second on change."""
    with_answer = [
        int(payload) for _ in range(3) for topic, payload in wire.receive(1.0) if topic == _DROPPED
    ]
    return max(with_answer, default=0)


def _rows(version: str, ours: list[_Run], theirs: list[_Run], coalesced: int) -> list[Row]:
    speeds = [_speed(runs) for runs in (ours, theirs)]
    ratio = spread([o.wall_s / t.wall_s for o, t in zip(ours, theirs, strict=True)])
    aim = AIM_READINGS_PER_S if version == "3.1.1" else None
    share = 100 * coalesced / (REPEATS * READINGS)
    shown = round(spread([run.shown for run in ours]).median)
    name = f"  MQTT {version}, readings/s"
    return [
        Row(
            name,
            speeds[0].render(0),
            speeds[1].render(0),
            ratio.render(),
            f"{aim} readings/s" if aim else "",
            is_met=None if aim is None else speeds[0].median >= aim,
        ),
        Row(f"  MQTT {version}, replaced by a newer one", f"{coalesced} ({share:.0f} %)"),
        Row(f"  MQTT {version}, room states published", f"{shown} a burst", f"{READINGS} a burst"),
    ]


def _speed(runs: list[_Run]) -> Spread:
    return spread([READINGS / run.wall_s for run in runs])
