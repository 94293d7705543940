"""When the forecast is asked for, and how old it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from daemon.clock import Instant
from daemon.events import ForecastFetched
from daemon.poller import Poller
from tests.builders import a_forecast

NOW = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))
HOUR = timedelta(hours=1)
FAILED = ForecastFetched(None, "no network")


def wait_s(poller: Poller) -> float:
    """Return how long the next request waits."""
    due_s = poller.next_due_boot_s
    assert due_s is not None
    return due_s - NOW.boot_s


def test_first_request_is_due_at_once_and_only_one_is_under_way() -> None:
    """While asking nothing is due."""
    poller = Poller(HOUR)
    assert poller.next_due_boot_s == 0.0
    poller.start_asking()
    assert poller.next_due_boot_s is None


def test_good_forecast_is_kept_and_asked_for_again_after_the_interval() -> None:
    """Its age goes by the clock that never steps; a later failure keeps it."""
    poller = Poller(HOUR)
    assert poller.age(NOW) is None
    poller.on_fetched(ForecastFetched(a_forecast((20.0,))), NOW)
    assert wait_s(poller) == 3600.0
    poller.on_fetched(FAILED, NOW.shifted(HOUR))
    assert poller.forecast == a_forecast((20.0,))
    assert poller.last_error == "no network"
    stepped = Instant("boot-1", NOW.boot_s + 7200.0, NOW.utc - timedelta(days=30))
    assert poller.age(stepped) == 2 * HOUR
    poller.on_fetched(ForecastFetched(a_forecast((21.0,))), NOW)
    assert poller.last_error is None


def test_forecast_is_written_down_every_two_hours() -> None:
    """The first one at once, the next two hours later: cards wear out."""
    poller = Poller(HOUR)
    moments = [NOW.shifted(minutes * timedelta(minutes=1)) for minutes in (0, 60, 119, 120, 180)]
    assert [poller.is_worth_keeping(at) for at in moments] == [True, False, False, True, False]


def test_forecast_of_an_earlier_run_is_aged_by_the_wall_clock() -> None:
    """It is as old as its fetching, and never of negative age."""
    poller = Poller(HOUR, a_forecast((20.0,), fetched_at=NOW.utc - 5 * HOUR))
    assert poller.age(NOW) == 5 * HOUR
    assert poller.age(NOW.shifted(-timedelta(days=1))) == timedelta(0)


@pytest.mark.parametrize(
    ("failures", "lowest_s"), [(1, 120), (2, 240), (3, 480), (5, 1920), (6, 3600), (30, 3600)]
)
def test_failures_wait_longer_up_to_the_interval(failures: int, lowest_s: float) -> None:
    """Pauses double, with jitter of a fifth, so that homes do not ask in step."""
    poller = Poller(HOUR)
    for _ in range(failures):
        poller.on_fetched(FAILED, NOW)
    assert lowest_s <= wait_s(poller) <= 1.2 * lowest_s


@pytest.mark.parametrize(
    ("retry_after_s", "lowest_s", "highest_s"),
    [(1.0, 120, 144), (5000.0, 5000, 6000), (1e9, 21600, 21600)],
)
def test_server_may_ask_for_more_but_not_for_days(
    retry_after_s: float, lowest_s: float, highest_s: float
) -> None:
    """Retry-After counts when it is longer, and at most 6 h."""
    poller = Poller(HOUR)
    poller.on_fetched(ForecastFetched(None, "too often", retry_after_s), NOW)
    assert lowest_s <= wait_s(poller) <= highest_s


def test_success_forgets_earlier_failures() -> None:
    """After a good answer the first failure waits two minutes again."""
    poller = Poller(HOUR)
    for _ in range(5):
        poller.on_fetched(FAILED, NOW)
    poller.on_fetched(ForecastFetched(a_forecast((20.0,))), NOW)
    poller.on_fetched(FAILED, NOW)
    assert wait_s(poller) <= 144.0
