"""Two processes learn what one learner would."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from daemon.bootstrap import replaying
from daemon.events import LearnerAdvanced
from daemon.hours import HourBatch, OutdoorHour, RoomHour
from daemon.replay.shared_learner import SharedLearner
from daemon.room_learner import HourOver, LearnedRoom, Learner
from tests.replay.homes import SETTINGS, replay, write_recording, write_settings

ROOMS = [LearnedRoom(name) for name in ("living", "bedroom", "kitchen")]
PLACE = (48.1, 11.6)
FIRST_H = 24 * 20_000


def over(hour: int) -> HourOver:
    """Return an hour that is over, with three days of weather round it."""
    weather = tuple(
        OutdoorHour(each, 22.0 + 6.0 * math.sin(each / 3.8), radiation_w_m2=300.0)
        for each in range(hour - 24, hour + 49)
    )
    rooms = tuple(
        RoomHour(room.room_id, hour, 25.0 + number + 2.0 * math.sin(hour / 3.8 - 1.0))
        for number, room in enumerate(ROOMS)
    )
    return HourOver(hour, rooms, weather[24:25], weather)


def finished(learner: Learner, hour: HourOver) -> dict[str, object]:
    """Return all that a learner foretells after an hour."""
    found = learner.take(hour)
    forecasts = dict(found.forecasts)
    while found.has_more:
        found = learner.advance()
        forecasts |= found.forecasts
    return dict(forecasts)


def test_both_foretell_the_same() -> None:
    """After days of hours every room's forecast is that of a single learner, to the last digit."""
    alone, shared = Learner(ROOMS, *PLACE), SharedLearner(ROOMS, *PLACE)
    try:
        assert shared.room_ids == alone.room_ids
        told = {}
        for hour in range(FIRST_H, FIRST_H + 24 * 7):
            told = finished(alone, over(hour))
            assert finished(shared, over(hour)) == told
        assert set(told) == {"living", "bedroom", "kitchen"}
        assert not shared.has_failed
    finally:
        shared.close()


def test_weather_is_kept_once() -> None:
    """Hours of weather that both halves were told are in what is to be written once."""
    shared = SharedLearner(ROOMS, *PLACE)
    try:
        found = shared.take(over(FIRST_H))
        hours = [row.hour for row in (found.batch or HourBatch()).outdoor]
        assert len(hours) == len(set(hours)) > 0
    finally:
        shared.close()


def test_second_process_that_ends_is_noted() -> None:
    """Nothing waits for it any more, and who asks learns that something is wrong."""
    shared = SharedLearner(ROOMS, *PLACE)
    try:
        shared.take(over(FIRST_H))
        pid = shared._process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        shared._process.join(10)
        assert shared.take(over(FIRST_H + 1)) == LearnerAdvanced()
        assert shared.has_failed
    finally:
        shared.close()


def test_second_process_leaves_ctrl_c_to_the_first() -> None:
    """A terminal sends it to both; the second would write a traceback, and ends with the pipe."""
    shared = SharedLearner(ROOMS, *PLACE)
    try:
        shared.take(over(FIRST_H))
        pid = shared._process.pid
        assert pid is not None
        os.kill(pid, signal.SIGINT)
        shared.take(over(FIRST_H + 1))
        assert not shared.has_failed
    finally:
        shared.close()
    assert shared._process.exitcode == 0


def test_a_crash_in_one_half_leaves_no_answer_for_the_next_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the other process says to an hour is never taken for what it says to the next."""
    alone, shared = Learner(ROOMS, *PLACE), SharedLearner(ROOMS, *PLACE)
    try:
        hours = range(FIRST_H, FIRST_H + 30)
        for hour in hours:
            finished(alone, over(hour))
            shared.take(over(hour))
        with monkeypatch.context() as patch:
            patch.setattr(Learner, "_load", crash)
            with pytest.raises(ZeroDivisionError):
                shared.take(over(hours.stop))
        finished(alone, over(hours.stop))
        expected, found = (finished(each, over(hours.stop + 1)) for each in (alone, shared))
        assert found["bedroom"] == expected["bedroom"]
    finally:
        shared.close()


def crash(*_: object) -> None:
    """Go wrong."""
    raise ZeroDivisionError


def test_replay_is_the_same_with_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long recording takes a second core, and comes to the same, word for word."""
    indoor, outdoor = write_recording(tmp_path, days=3)
    lines = indoor.read_text().splitlines()
    indoor.write_text("\n".join([*lines, *(row.replace("living", "bed") for row in lines[1:])]))
    room = '[[room]]\nid = "bed"\nname = "Bedroom"\n[[room.sensor]]\ntopic = "zigbee2mqtt/bed"\n'
    config = write_settings(tmp_path, SETTINGS + room)
    alone = replay(config, (indoor, outdoor), "--json")
    assert alone.exit_code == 0, alone.output
    started: list[int] = []

    class Noted(SharedLearner):
        def __init__(
            self, rooms: Sequence[LearnedRoom], latitude_deg: float, longitude_deg: float
        ) -> None:
            super().__init__(rooms, latitude_deg, longitude_deg)
            started.append(len(rooms))

    monkeypatch.setattr(replaying, "LONG_ROOM_DAYS", 1)
    monkeypatch.setattr(replaying, "SharedLearner", Noted)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    helped = replay(config, (indoor, outdoor), "--json")
    assert started == [2]
    assert helped.stdout == alone.stdout
