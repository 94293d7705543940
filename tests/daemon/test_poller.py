"""Which source is asked for the forecast, when, and how old the forecast is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from daemon.clock import Instant
from daemon.events import ForecastFetched
from daemon.poller import Poller
from policies.model import Forecast
from tests.builders import a_forecast

NOW = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
CHAIN = ("first", "second", "third")


def a_poller(*names: str) -> Poller:
    """Return a poller of these sources, which asks once an hour."""
    return Poller(HOUR, names or ("first",))


def failed(source: str = "first", retry_after_s: float | None = None) -> ForecastFetched:
    """Return a failure."""
    return ForecastFetched(source, None, f"{source}: no network", retry_after_s)


def got(source: str = "first", forecast: Forecast | None = None) -> ForecastFetched:
    """Return a good answer."""
    return ForecastFetched(source, forecast or a_forecast((20.0,)))


def wait_s(poller: Poller) -> float:
    """Return how long the next request waits."""
    due_s = poller.next_due_boot_s
    assert due_s is not None
    return due_s - NOW.boot_s


def play(poller: Poller, working: set[str], at: Instant) -> list[str]:
    """Answer every request that is due at a moment; return who was asked."""
    asked: list[str] = []
    while (name := poller.take_due(at)) is not None:
        asked.append(name)
        assert len(asked) < 10
        poller.on_fetched(got(name) if name in working else failed(name), at)
    return asked


def test_first_request_is_due_at_once_and_only_one_is_under_way() -> None:
    """While asking nothing is due; without any source nothing ever is."""
    poller = a_poller()
    assert wait_s(poller) == -NOW.boot_s
    assert poller.take_due(NOW) == "first"
    assert poller.next_due_boot_s is None
    assert poller.take_due(NOW) is None
    assert Poller(HOUR, ()).next_due_boot_s is None
    assert Poller(HOUR, ()).last_error is None


def test_good_forecast_is_kept_and_asked_for_again_after_the_interval() -> None:
    """Its age goes by the clock that never steps; a later failure keeps it."""
    poller = a_poller()
    assert poller.age(NOW) is None
    poller.on_fetched(got(), NOW)
    assert wait_s(poller) == 3600.0
    poller.on_fetched(failed(), NOW.shifted(HOUR))
    assert poller.forecast == a_forecast((20.0,))
    assert poller.last_error == "first: no network"
    stepped = Instant("boot-1", NOW.boot_s + 7200.0, NOW.utc - timedelta(days=30))
    assert poller.age(stepped) == 2 * HOUR
    poller.on_fetched(got(), NOW)
    assert poller.last_error is None


def test_forecast_of_an_earlier_run_is_aged_by_the_wall_clock() -> None:
    """It is as old as its fetching; by a clock from before that its age is not known."""
    poller = a_poller()
    poller.restore(a_forecast((20.0,), fetched_at=NOW.utc - 5 * HOUR), NOW)
    assert poller.age(NOW) == 5 * HOUR
    assert poller.age(NOW.shifted(-timedelta(days=1))) is None
    assert poller.take_due(NOW) == "first"


@pytest.mark.parametrize(
    ("failures", "lowest_s"), [(1, 120), (2, 240), (3, 480), (5, 1920), (6, 3600), (30, 3600)]
)
def test_failures_wait_longer_up_to_the_interval(failures: int, lowest_s: float) -> None:
    """Pauses double, with jitter of a fifth, so that homes do not ask in step."""
    poller = a_poller()
    for _ in range(failures):
        poller.on_fetched(failed(), NOW)
    assert lowest_s <= wait_s(poller) <= 1.2 * lowest_s


@pytest.mark.parametrize(
    ("retry_after_s", "lowest_s", "highest_s"),
    [(1.0, 120, 144), (5000.0, 5000, 6000), (1e9, 21600, 21600)],
)
def test_server_may_ask_for_more_but_not_for_days(
    retry_after_s: float, lowest_s: float, highest_s: float
) -> None:
    """Retry-After counts when it is longer, and at most 6 h."""
    poller = a_poller()
    poller.on_fetched(failed(retry_after_s=retry_after_s), NOW)
    assert lowest_s <= wait_s(poller) <= highest_s


def test_success_forgets_earlier_failures() -> None:
    """After a good answer the first failure waits two minutes again."""
    poller = a_poller()
    for _ in range(5):
        poller.on_fetched(failed(), NOW)
    poller.on_fetched(got(), NOW)
    poller.on_fetched(failed(), NOW)
    assert wait_s(poller) <= 144.0


# --------------------------------------------------------------------------- the chain


def test_only_the_first_source_is_asked_while_it_works() -> None:
    """The others cost nothing as long as nobody needs them."""
    poller = a_poller(*CHAIN)
    hours = [play(poller, {"first", "second"}, NOW.shifted(n * HOUR)) for n in range(3)]
    assert hours == [["first"]] * 3


@pytest.mark.parametrize(
    ("working", "asked"),
    [
        ({"first", "second", "third"}, ["first"]),
        ({"second", "third"}, ["first", "second"]),
        ({"third"}, ["first", "second", "third"]),
        (set(), ["first", "second", "third"]),
    ],
)
def test_next_source_is_asked_at_once_when_one_fails(working: set[str], asked: list[str]) -> None:
    """In one moment the chain is walked down to the first source that answers."""
    poller = a_poller(*CHAIN)
    assert play(poller, working, NOW) == asked
    assert (poller.last_error is None) == bool(working)
    if not working:
        assert poller.last_error == "; ".join(f"{name}: no network" for name in CHAIN)


def test_polling_returns_to_the_first_when_it_works_again() -> None:
    """The stand-in is asked by its own interval, the first by its back-off, until it answers."""
    poller = a_poller("first", "second")
    assert play(poller, {"second"}, NOW) == ["first", "second"]
    assert 120 <= wait_s(poller) <= 144  # the first is tried again, not the second
    assert play(poller, {"second"}, NOW.shifted(3 * MINUTE)) == ["first"]
    assert play(poller, {"first", "second"}, NOW.shifted(9 * MINUTE)) == ["first"]
    assert poller.age(NOW.shifted(9 * MINUTE)) == timedelta(0)
    assert play(poller, {"first", "second"}, NOW.shifted(69 * MINUTE)) == ["first"]


def test_each_source_keeps_its_own_back_off() -> None:
    """A source that asked for three hours is left alone however often the others are asked."""
    poller = a_poller("first", "second")
    assert poller.take_due(NOW) == "first"
    poller.on_fetched(failed("first", retry_after_s=3 * 3600.0), NOW)
    asked = [
        name
        for minutes in range(0, 179, 2)
        for name in play(poller, {"second"}, NOW.shifted(minutes * MINUTE))
    ]
    assert asked == ["second"] * 3  # once an hour
    assert play(poller, {"first"}, NOW.shifted(4 * HOUR))[0] == "first"


def test_source_is_never_asked_before_its_answer_expires() -> None:
    """`Expires` outlasts the interval, a restart, and an answer that was only confirmed."""
    expiring = a_forecast(
        (20.0,), source="first", fetched_at=NOW.utc, expires_at=NOW.utc + 2 * HOUR
    )
    poller = a_poller()
    poller.on_fetched(got(forecast=expiring), NOW)
    assert wait_s(poller) == 7200.0
    restarted = a_poller("first", "second")
    restarted.restore(expiring, NOW.shifted(HOUR))
    assert restarted.take_due(NOW.shifted(119 * MINUTE)) is None
    assert restarted.take_due(NOW.shifted(120 * MINUTE)) == "first"


@pytest.mark.parametrize(
    ("expires_in", "lowest_s"), [(-HOUR, 3600.0), (MINUTE, 3600.0), (timedelta(days=9), 21600.0)]
)
def test_expiry_only_ever_lengthens_the_wait_and_not_by_days(
    expires_in: timedelta, lowest_s: float
) -> None:
    """An expiry that has passed does not shorten the interval, and at most 6 h are waited."""
    poller = a_poller()
    poller.on_fetched(got(forecast=a_forecast((20.0,), expires_at=NOW.utc + expires_in)), NOW)
    assert wait_s(poller) == lowest_s


def test_expiry_of_another_source_binds_nobody() -> None:
    """What the stand-in asked for does not hold up the first source after a restart."""
    poller = a_poller("first", "second")
    poller.restore(a_forecast((20.0,), source="second", expires_at=NOW.utc + HOUR), NOW)
    assert poller.take_due(NOW) == "first"
