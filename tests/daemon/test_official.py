"""Official warnings in the loop: asked on their own, kept over a restart, and never in the way."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.clock import Instant
from daemon.delivery import fetch_warnings
from daemon.events import WarningsFetched
from daemon.official import OfficialWarnings
from daemon.records import Changes
from integrations.errors import PayloadError, PermanentError, TransientError
from policies.alert import Severity
from policies.model import WarningLevel
from tests.builders import a_forecast, a_warning
from tests.loop_home import TOPICS, FakeWarnings, FakeWeather, LoopHome

NOW = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))
HOUR = timedelta(hours=1)
# The loop's home lives at another time than the builders' afternoon: far enough ahead for both.
LONG = a_warning(
    starts_at=datetime(2020, 1, 1, tzinfo=UTC), ends_at=datetime(2099, 1, 1, tzinfo=UTC)
)


def got(*warnings: object, service: str = "nws") -> WarningsFetched:
    """Return a good answer."""
    return WarningsFetched(service, warnings)  # type: ignore[arg-type] # of warnings


def test_every_service_is_asked_at_once_and_then_every_half_hour() -> None:
    """Services do not wait for each other, and one under way is not asked twice."""
    official = OfficialWarnings(["nws", "meteoalarm x y"])
    assert official.take_due(NOW) == ["nws", "meteoalarm x y"]
    assert official.take_due(NOW) == []
    assert official.next_due_boot_s is None
    official.on_fetched(got(), NOW, Changes())
    assert official.schedules[0].next_boot_s == NOW.boot_s + 1800.0
    assert official.take_due(NOW.shifted(timedelta(minutes=29))) == []
    assert official.take_due(NOW.shifted(timedelta(minutes=30))) == ["nws"]
    assert OfficialWarnings().next_due_boot_s is None


def test_failing_service_keeps_what_it_said_until_that_is_over() -> None:
    """What is not known to be lifted still holds; its own end ends it."""
    official = OfficialWarnings(["nws"])
    warning = a_warning(ends_at=NOW.utc + 2 * HOUR)
    official.on_fetched(got(warning), NOW, Changes())
    official.on_fetched(WarningsFetched("nws", None, "nws: away"), NOW.shifted(HOUR), Changes())
    assert official.current(NOW.utc + HOUR) == (warning,)
    assert official.current(NOW.utc + 2 * HOUR) == ()
    assert official.schedules[0].last_error == "nws: away"
    official.on_fetched(got(), NOW.shifted(HOUR), Changes())
    assert official.current(NOW.utc) == ()
    assert official.schedules[0].last_error is None


def test_no_warning_is_known_only_when_every_service_said_so() -> None:
    """A service that did not answer yet, or no longer does, might warn; and none says nothing."""
    official = OfficialWarnings(["nws", "nws AZZ540"])
    known = [OfficialWarnings().is_complete, official.is_complete]
    away = WarningsFetched("nws", None, "nws: away")
    for answer in (got(), got(service="nws AZZ540"), away):
        official.on_fetched(answer, NOW, Changes())
        known.append(official.is_complete)
    assert known == [False, False, False, True, False]


def test_the_most_serious_comes_first_and_each_once() -> None:
    """Two services' answers are one list without repeats."""
    official = OfficialWarnings(["nws", "nws AZZ540"])
    low = a_warning(warning_id="low", level=WarningLevel.ADVISORY, ends_at=NOW.utc + HOUR)
    high = a_warning(warning_id="high", level=WarningLevel.EXTREME, ends_at=NOW.utc + HOUR)
    official.on_fetched(got(low, high), NOW, Changes())
    official.on_fetched(got(high, service="nws AZZ540"), NOW, Changes())
    assert official.current(NOW.utc) == (high, low)


def test_only_news_is_written_down() -> None:
    """An unchanged answer costs no write; nothing after something does."""
    official = OfficialWarnings(["nws"])
    written = []
    for warnings in ((), (LONG,), (LONG,), ()):
        changes = Changes()
        official.on_fetched(got(*warnings), NOW, changes)
        written.append(bool(changes))
    assert written == [False, True, False, True]


def test_unreadable_memory_does_not_stop_the_start() -> None:
    """What another version wrote is left alone."""
    official = OfficialWarnings(["nws"])
    official.restore({"official:nws": '{"other": 1}', "official:gone": "{}"})
    assert official.current(NOW.utc) == ()


@pytest.mark.parametrize(
    ("error", "retry_after_s"),
    [(TransientError("away", retry_after_s=90.0), 90.0), (PermanentError("away"), None)],
)
def test_failure_becomes_an_event(error: Exception, retry_after_s: float | None) -> None:
    """The worker's answer names the service, and how long to wait."""
    service = FakeWarnings(error=error)
    assert fetch_warnings(service, NOW.utc) == WarningsFetched(
        "nws", None, "nws: away", retry_after_s
    )


# --------------------------------------------------------------------------- in the loop


def test_warning_is_shown_everywhere_and_said_once(tmp_path: Path) -> None:
    """Home state, status and one quiet message; a restart says nothing again."""
    service = FakeWarnings((LONG,))
    home = LoopHome(tmp_path, warnings=[service])
    home.run(20)
    (push,) = home.phone.about("official")
    assert (push.severity, push.buttons) == (Severity.NUDGE, ())
    told = json.loads(home.broker.retained[TOPICS.home_state])["official_warnings"]
    assert [(each["sender"], each["level"]) for each in told] == [
        ("Deutscher Wetterdienst", "warning")
    ]
    status = json.loads(home.daemon.faces._status_path.read_text())["official_warnings"]
    assert status["warnings"] == told
    assert status["services"] == [{"service": "nws", "last_error": None}]
    service.error = TransientError("away")
    home.restart()
    home.run(7200, step_s=60)
    assert len(home.phone.about("official")) == 1
    assert home.daemon.snapshot is not None
    assert home.daemon.snapshot.warnings == (LONG,)


def test_message_counts_against_no_budget(tmp_path: Path) -> None:
    """Neither now nor after a restart does it take a reminder's or a warning's place."""
    home = LoopHome(tmp_path, warnings=[FakeWarnings((LONG,))])
    assert len(home.phone.about("official")) == 1
    others = len([push for push in home.phone.pushes if "-official-" not in push.tag])
    for _ in range(2):
        counted = home.conditions()
        assert counted.pushes_today == others
        assert counted.nudges_ignored <= others
        home.restart()


@pytest.mark.parametrize(
    "error",
    [
        TransientError("nws: away"),
        PayloadError("answer is not JSON"),
        ValueError("a bug in the adapter"),
    ],
)
def test_failing_service_matters_to_nothing_else(tmp_path: Path, error: Exception) -> None:
    """Forecast, heat and trouble go on as if there were no such service."""
    weather = FakeWeather(a_forecast((25.0, 26.0)))
    home = LoopHome(tmp_path, weather=[weather], warnings=[FakeWarnings(error=error)])
    home.read(30.2)
    home.run(3600, step_s=60)
    assert weather.asked >= 1
    assert len(home.phone.about("heat")) == 1
    assert home.phone.about("trouble") == []
    assert home.links()["weather"] == (True, "")
    assert home.daemon.errors == 0
    assert home.daemon.state.official.schedules[0].last_error is not None
