"""Whole hot weeks through the real daemon and a real broker, killed in the middle."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon.demo.fake_home_assistant import FakeHomeAssistant, Push
from daemon.demo.household import Household
from daemon.demo.world import World
from tests.broker import Mosquitto
from tests.scenarios.judge import (
    HEADER,
    Judgement,
    describe,
    find_spells,
    judge,
    judge_plain_threshold,
)
from tests.scenarios.recordings import (
    BALTIMORE,
    Recording,
    baltimore_recording,
    baltimore_weather,
    one_room_household,
)

STEP = timedelta(minutes=10)
LOGS = Path(__file__).parent / "logs"
MOST_PUSHES_A_DAY = 8
ANSWERS_AFTER = timedelta(minutes=10)


class Resident:
    """Answer as many do: alarms soon, heat messages when awake, every second drink reminder."""

    def __init__(self, household: Household, home_assistant: FakeHomeAssistant) -> None:
        self._household = household
        self._home_assistant = home_assistant
        self._seen = 0
        self._reminders = 0
        self._later: list[tuple[datetime, Push, str]] = []
        self._rung = 0

    def act(self, now: datetime) -> None:
        """Press what is due, and read what is new."""
        for push in self._home_assistant.pushes[self._seen :]:
            if "I'm on it" in push.buttons:
                self._later.append((now + ANSWERS_AFTER, push, "I'm on it"))
            elif any(words.startswith("Drank") for words in push.buttons):
                self._reminders += 1
                if self._reminders % 2:
                    self._later.append((now + ANSWERS_AFTER, push, push.buttons[0]))
        self._seen = len(self._home_assistant.pushes)
        is_awake = 7 <= self._household.local(now).hour < 22
        due = [item for item in self._later if item[0] <= now and is_awake]
        for item in due:
            self._later.remove(item)
            self._home_assistant.press(item[1], item[2])

    def answer_alarms(self, _now: datetime) -> None:
        """Press what rings like an alarm, by day and by night."""
        for push in self._home_assistant.pushes[self._rung :]:
            if push.data.get("channel") == "alarm_stream" and push.buttons:
                self._home_assistant.press(push, "I'm on it")
        self._rung = len(self._home_assistant.pushes)


@dataclass(frozen=True, slots=True)
class Played:
    """Hold what a played week left behind."""

    pushes: list[Push]
    judgement: Judgement
    plain: Judgement


def play(
    household: Household, recording: Recording, broker: Mosquitto, folder: Path, kill_at: datetime
) -> Played:
    """Let the week pass in steps; the daemon is killed with SIGKILL once and started again."""
    with World(household, (broker.host, broker.port), folder, recording) as world:
        resident = Resident(household, world.home_assistant)
        world.habits.append(resident.act)
        world.reflexes.append(resident.answer_alarms)
        daemon = world.daemon()
        daemon.start()
        try:
            at = household.start
            while at < household.end:
                if at == kill_at:
                    daemon.kill()
                    daemon.start()
                at += STEP
                world.step(daemon, at)
            daemon.stop()
        finally:
            daemon.kill()
        log = (folder / "daemon.log").read_text()
        assert "Traceback" not in log, log[log.index("Traceback") - 2000 :]
        pushes = list(world.home_assistant.pushes)
    spells = find_spells(recording, household.start, household.end)
    return Played(
        pushes,
        judge(
            "keepcool",
            pushes,
            spells,
            household.zone,
            lambda push: push.title.startswith("Cool early"),
        ),
        judge_plain_threshold(recording, spells, household.start, household.end, household.zone),
    )


def check_log(name: str, played: Played, zone: ZoneInfo) -> None:
    """Compare the messages with the committed log."""
    text = f"{HEADER}\n{played.judgement.row()}\n{played.plain.row()}\n\n"
    text += describe(played.pushes, zone)
    check_text(LOGS / f"{name}.txt", text)


def check_text(path: Path, text: str) -> None:
    """Compare with a committed text; `WRITE_LOGS=1` writes it anew, to be read before a commit."""
    if os.environ.get("WRITE_LOGS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text


@pytest.mark.timeout(170)
@pytest.mark.parametrize(
    ("home", "first_day"),
    [("A", "2019-07-15"), ("B", "2019-06-14"), ("D", "2019-07-24")],
)
def test_recorded_hot_week(
    home: str,
    first_day: str,
    shared_data: Path,
    start_mosquitto: Callable[..., Mosquitto],
    memory_folder: Path,
) -> None:
    """A recorded hot week is told early, seldom, and without loss, kill -9 included."""
    start = datetime.fromisoformat(first_day).replace(tzinfo=BALTIMORE)
    household = one_room_household(
        f"Home {home}", start, 7, BALTIMORE, baltimore_weather(shared_data), (39.3, -76.6, "US")
    )
    recording = baltimore_recording(shared_data, home, start)
    played = play(
        household,
        recording,
        start_mosquitto("set_tcp_nodelay true"),
        memory_folder,
        kill_at=start + timedelta(days=3, hours=15),
    )
    check_log(f"baltimore_{home.lower()}", played, BALTIMORE)
    assert played.judgement.lost == 0
    assert played.judgement.most_pushes_a_day <= MOST_PUSHES_A_DAY
