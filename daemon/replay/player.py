"""Let a daemon live through a recording, minute by minute, by a clock that only this moves."""

from __future__ import annotations

import gc
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from daemon.replay.recording import DAY_S, MINUTE_S, RecordedSensor, Sample
from daemon.stepping import pass_time
from integrations.messages import MessageReceived
from policies.model import SensorMessage

if TYPE_CHECKING:
    from daemon.loop import Daemon
    from daemon.replay.recorders import Notebook
    from daemon.replay.recording import Recording
    from daemon.replay.resident import Resident
    from daemon.replay.shared_learner import SharedLearner
    from daemon.stepping import SteppedClock

_PAYLOAD: Final = struct.Struct("=dd")
_UNKNOWN: Final = -1.0  # of a humidity
Progress = Callable[[float], None]


@dataclass(slots=True)
class Stage:
    """Hold a daemon whose adapters are recorders, and what moves it."""

    daemon: Daemon
    clock: SteppedClock
    notebook: Notebook
    resident: Resident | None  # None: nobody ever answers
    helper: SharedLearner | None = None  # a second process, ended at the end


def topic_of(sensor: RecordedSensor) -> str:
    """Name the topic on which a recorded sensor speaks."""
    return f"replay/sensor/{sensor.sensor_id}"


def pack_sample(sample: Sample) -> bytes:
    """Write a reading as the replay's payload."""
    humidity_pct = sample.relative_humidity_pct
    return _PAYLOAD.pack(sample.temperature_c, _UNKNOWN if humidity_pct is None else humidity_pct)


def parse_sample(_topic: str, payload: bytes) -> SensorMessage:
    """Read the replay's payload, as the parsers of real sensors read theirs."""
    temperature_c, humidity_pct = _PAYLOAD.unpack(payload)
    return SensorMessage(temperature_c, None if humidity_pct == _UNKNOWN else humidity_pct)


def play(stage: Stage, recording: Recording, tell: Progress = lambda _share: None) -> None:
    """Live through the whole recording; `tell` hears what share is done, once a day of it.

    Raises: TimeoutError when the daemon does not come to rest.
    """
    daemon = stage.daemon
    gc.collect()
    gc.freeze()
    gc.disable()  # next to nothing here is part of a circle; what is waits for the end of the day
    try:
        daemon.start()
        settle(daemon)
        start_s, end_s = recording.start.timestamp(), recording.end.timestamp()
        next_s = start_s + DAY_S
        topics = {sensor.sensor_id: topic_of(sensor) for sensor in recording.sensors}
        due_s = start_s
        for minute, heard in recording.minutes():
            now_s = float(minute * MINUTE_S)
            if due_s <= now_s:
                _pass(stage, now_s)
            else:  # most minutes
                stage.clock.set(datetime.fromtimestamp(now_s, UTC))
            messages = [
                MessageReceived(topics[sensor.sensor_id], pack_sample(sample), False, now_s)  # noqa: FBT003
                for sensor, sample in heard
            ]
            daemon.hear(messages, stage.clock.now())
            due_s = daemon.next_due_boot_s()
            if due_s <= now_s:
                settle(daemon)
            due_s = min(due_s, _next_act_s(stage))
            if now_s >= next_s:
                next_s += DAY_S
                gc.collect()
                tell((now_s - start_s) / (end_s - start_s))
        _pass(stage, end_s)
        settle(daemon)
        daemon.stop()
        tell(1.0)
    finally:
        gc.enable()
        gc.unfreeze()
        if stage.helper is not None:
            stage.helper.close()


def _next_act_s(stage: Stage) -> float:
    """Have the resident read what has come; return when they do something."""
    resident = stage.resident
    if resident is None:
        return math.inf
    resident.read(stage.notebook.messages, stage.clock.now().utc)
    act_at = resident.next_act_at
    return math.inf if act_at is None else act_at.timestamp()


def _pass(stage: Stage, to_s: float) -> None:
    """Let time pass; on the way the resident does what they do."""
    resident = stage.resident
    if resident is not None:
        resident.read(stage.notebook.messages, stage.clock.now().utc)
        while (act_at := resident.next_act_at) is not None and act_at.timestamp() <= to_s:
            pass_time(stage.daemon, stage.clock, act_at, settle)
            resident.act(act_at)
            settle(stage.daemon)
            resident.read(stage.notebook.messages, act_at)
    pass_time(stage.daemon, stage.clock, datetime.fromtimestamp(to_s, UTC), settle)


def settle(daemon: Daemon) -> None:
    """Turn until nothing waits; workers do their jobs within the turn."""
    daemon.turn(0.0)
    while len(daemon.parts.inbox):
        daemon.turn(0.0)
