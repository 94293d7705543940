"""Kill the real daemon at random moments and compare what it decided with what arrived.

The oracle is independent: what was decided is read from the database of the killed process, what
arrived was written down by the pretended Home Assistant, in another process than the daemon's.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from daemon.demo.fake_home_assistant import FakeHomeAssistant
from daemon.store import DATABASE_NAME
from tests.daemon_process import CONFIG, DaemonProcess
from tests.faults.forking import Zygote
from tests.faults.strace import KilledAt
from tests.mqtt_client import TestClient
from tests.waiting import wait_until

READING = "zigbee2mqtt/living_room"
STATUS = "keepcool/test-home/status"
ROOM_STATE = "keepcool/test-home/room/living_room/state"
HEAT = "keepcool-heat-anna-"
ENDLESS = "budgets = false\nrepeat_interval_s = 0\nhysteresis_c = 0\n"
WINDOW_S = 0.12  # from a reading to the row marked as sent, and a little more


@dataclass(slots=True)
class Toll:
    """Count what the kills did."""

    kills: int = 0
    decided: int = 0
    lost: list[str] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)  # of each alert that was sent

    @property
    def mean_duplicates(self) -> float:
        """Return how many a kill costs on average."""
        return sum(self.duplicates) / max(self.kills, 1)

    def row(self) -> str:
        """Render it for a report."""
        return (
            f"{self.kills} kills, {self.decided} alerts decided, {len(self.lost)} lost, "
            f"{sum(self.duplicates)} duplicates ({self.mean_duplicates:.2f} a kill, "
            f"at most {max(self.duplicates, default=0)} of one alert)"
        )


class ForkedDaemon(DaemonProcess):
    """Hold a daemon that is forked from a process which has everything imported."""

    def __init__(
        self, folder: Path, mqtt_port: int, home_assistant_url: str, runtime: Path | None = None
    ) -> None:
        environment = {} if runtime is None else {"RUNTIME_DIRECTORY": str(runtime)}
        config = CONFIG.replace("[thresholds]\n", f"[thresholds]\n{ENDLESS}")
        super().__init__(
            folder,
            mqtt_port,
            home_assistant_url=home_assistant_url,
            config=config,
            environment=environment,
        )
        self.pid: int | None = None
        self._zygote = Zygote(self.environment)

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def start(self) -> Self:
        """Fork the daemon; it is up when its status topic says so."""
        self.pid = self._zygote.fork("start", self.config_path, self.log_path)
        return self

    def kill(self) -> None:
        """Kill it with SIGKILL and wait until it is gone."""
        pid, self.pid = self.pid, None
        if pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), what="the killed daemon to be gone")

    def decided(self) -> set[str]:
        """Return the tags of all heat messages that were committed."""
        path = self.state / DATABASE_NAME
        if not path.exists():
            return set()
        query = "SELECT DISTINCT tag FROM outbox WHERE is_clear=0 AND tag LIKE ?"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return {row[0] for row in connection.execute(query, (f"{HEAT}%",))}

    def count(self, query: str) -> int:
        """Return what a counting query finds in the database."""
        path = self.state / DATABASE_NAME
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            found: int = connection.execute(query).fetchone()[0]
            return found

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._zygote.__exit__(kind, value, trace)


class KillLoop:
    """Let a room grow hot and cool, over and over, and kill the daemon each time on the way."""

    def __init__(
        self,
        daemon: ForkedDaemon,
        house: FakeHomeAssistant,
        mqtt: TestClient,
        seed: int,
        end: Callable[[], None] | None = None,
    ) -> None:
        """`end` ends the daemon, and may do worse to the machine; SIGKILL when left out."""
        self._daemon, self._house, self._mqtt = daemon, house, mqtt
        self._end = end or daemon.kill
        self._chance = random.Random(seed)  # noqa: S311 - a test's own chance
        self._online = self._shown_since = 0
        mqtt.subscribe("keepcool/#")

    def run(self, kills: int) -> Toll:
        """Kill so often; every alert that was decided must have arrived at the end of its turn."""
        toll = Toll()
        counted: set[str] = set()
        self._start()
        self._hear(28.0)
        for _ in range(kills):
            self._publish(30.2)
            time.sleep(self._chance.uniform(0.0, WINDOW_S))  # the moment of the power cut
            self._end()
            toll.kills += 1
            decided = self._daemon.decided()
            toll.lost += sorted(set(self._arrived()) - decided)  # sent, and not known any more
            self._start()
            try:  # without any further reading: what was decided must arrive
                wait_until(lambda: decided <= set(self._arrived()), 20.0)  # noqa: B023
            except AssertionError:
                toll.lost += sorted(decided - set(self._arrived()))
            before = len(self._arrived())
            self._hear(30.2)
            if not decided - counted:
                wait_until(lambda: len(self._arrived()) > before, 20.0, what="the alert")  # noqa: B023
            counted = self._daemon.decided()
            self._hear(28.0)
            wait_until(self._is_phone_clear, 20.0, what="the phone to be cleared")
        toll.decided = len(counted)
        toll.duplicates = [count - 1 for count in self._arrived().values()]
        return toll

    def run_unhurt(self, episodes: int) -> Toll:
        """Let the room grow hot and cool so often, without any crash."""
        toll = Toll()
        self._start()
        self._hear(28.0)
        for number in range(1, episodes + 1):
            self._hear(30.2)
            wait_until(lambda: len(self._arrived()) >= number, 20.0, what="the alert")  # noqa: B023
            self._hear(28.0)
            wait_until(self._is_phone_clear, 20.0, what="the phone to be cleared")
        decided = self._daemon.decided()
        toll.decided = len(decided)
        toll.lost = sorted(decided ^ set(self._arrived()))
        toll.duplicates = [count - 1 for count in self._arrived().values()]
        return toll

    def sweep(self, call: str) -> Toll:
        """Kill at the first such system call of a whole episode, the second ... until none is left.

        An episode: a hot room, its alert, the person's answer, a cool room, all clear.
        """
        toll = Toll()
        while True:
            self._start()
            self._hear(28.0)
            wait_until(lambda: self._house.connected, 20.0, what="the event stream")
            assert self._daemon.pid is not None
            with KilledAt(self._daemon.pid, call, toll.kills + 1) as ending:
                self._live_through_an_episode(ending.is_over)
                is_unhurt = not ending.is_over()
            self._daemon.kill()
            decided = self._daemon.decided()
            toll.lost += sorted(set(self._arrived()) - decided)
            if is_unhurt:
                break
            toll.kills += 1
            self._start()
            try:  # without any further reading
                wait_until(lambda: decided <= set(self._arrived()), 20.0)  # noqa: B023
            except AssertionError:
                toll.lost += sorted(decided - set(self._arrived()))
            self._hear(28.0)
            wait_until(self._is_phone_clear, 20.0, what="the phone to be cleared")
            self._daemon.kill()
        toll.decided = len(decided)
        toll.duplicates = [count - 1 for count in self._arrived().values()]
        return toll

    def _live_through_an_episode(self, is_over: Callable[[], bool]) -> None:
        """Go on until the daemon is gone, or to the end."""
        known = set(self._arrived())
        rows = "SELECT count(*) FROM "

        def press() -> None:
            (tag,) = set(self._arrived()) - known
            push = next(push for push in list(self._house.pushes) if push.tag == tag)
            self._house.press(push, 0)

        def nothing() -> None:
            pass

        acts: list[tuple[Callable[[], None], Callable[[], bool], bool]] = [
            (lambda: self._publish(30.2), lambda: set(self._arrived()) > known, True),
            (
                press,
                lambda: self._daemon.count(f"{rows} alert WHERE phase='acknowledged'") == 1,
                False,
            ),
            (lambda: self._publish(28.0), self._is_phone_clear, True),
            (nothing, lambda: not self._daemon.count(f"{rows} outbox WHERE state='due'"), False),
        ]
        for act, is_done, is_repeated in acts:
            self._shown_since = len(self._mqtt.messages)
            if not is_over():
                act()

            def has_come() -> bool:
                if is_repeated:  # noqa: B023
                    act()  # noqa: B023
                return is_over() or is_done()  # noqa: B023

            wait_until(has_come, 30.0, what="the next step of the episode")

    def _start(self) -> None:
        self._online = self._count_online()
        self._daemon.start()
        wait_until(lambda: self._count_online() > self._online, 30.0, what="the daemon to be up")

    def _count_online(self) -> int:
        return self._mqtt.count(STATUS, "online")

    def _publish(self, temperature_c: float) -> None:
        self._mqtt.publish(READING, json.dumps({"temperature": temperature_c, "humidity": 40}))

    def _hear(self, temperature_c: float) -> None:
        """Repeat a reading, as sensors do, until the daemon has shown it."""
        self._shown_since = len(self._mqtt.messages)

        def is_shown() -> bool:
            self._publish(temperature_c)
            return self._is_shown(temperature_c)

        wait_until(is_shown, 20.0, what=f"{temperature_c} to be shown")

    def _is_shown(self, temperature_c: float) -> bool:
        return any(
            topic == ROOM_STATE and json.loads(text)["temperature_c"] == temperature_c
            for topic, text in self._mqtt.messages[self._shown_since :]
        )

    def _arrived(self) -> Counter[str]:
        pushes = list(self._house.pushes)
        return Counter(p.tag for p in pushes if not p.is_clear and p.tag.startswith(HEAT))

    def _is_phone_clear(self) -> bool:
        shown = self._house.on_screen("mobile_app_annas_phone")
        return not any(push.tag.startswith(HEAT) for push in shown)
