"""Workers: slow calls on their own threads, every outcome an event."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from daemon.clock import Instant
from daemon.delivery import Worker, command, deliver, fetch_forecast, read_back
from daemon.events import CommandFinished, DeliveryFinished, Event, ForecastFetched, StatesFetched
from daemon.outbox import OutboxRow
from integrations.errors import IntegrationError, PayloadError, PermanentError, TransientError
from integrations.messages import PhoneMessage
from policies.model import DeviceState, PhoneKind
from tests.builders import a_forecast
from tests.loop_home import AFTERNOON_UTC, FakeHouse, FakePhone, FakeWeather
from tests.waiting import wait_until

MESSAGE = PhoneMessage("mobile_app_anna", PhoneKind.ANDROID, "tag", "title", "body", 2)
ROW = OutboxRow(
    "row",
    "key",
    "anna",
    "phone",
    MESSAGE,
    Instant("boot-1", 0.0, datetime(2026, 7, 14, tzinfo=UTC)),
)
ON = DeviceState(is_on=True, hvac_mode="cool")
ERRORS = [
    (TransientError("away", retry_after_s=7.0), "away", False, 7.0),
    (PermanentError("no such service"), "no such service", True, None),
    (PayloadError("odd"), "odd", False, None),
]


def no_event(text: str) -> Event:
    """Fail: this job does not crash."""
    raise AssertionError(text)


def test_jobs_run_in_order_on_an_own_thread() -> None:
    """Each result is posted; then the worker is idle."""
    posted: list[Event] = []
    worker = Worker("test", posted.append)
    worker.start()
    names: list[str] = []

    def job(number: int) -> Event:
        names.append(threading.current_thread().name)
        return DeliveryFinished(str(number))

    for number in range(3):
        worker.submit(lambda number=number: job(number), no_event)  # type: ignore[misc]
    wait_until(lambda: worker.is_idle, what="the jobs")
    assert posted == [DeliveryFinished("0"), DeliveryFinished("1"), DeliveryFinished("2")]
    assert set(names) == {"worker-test"}
    worker.finish()
    worker.join(5.0)
    assert not worker.is_healthy()


def test_crashing_job_becomes_an_event_and_the_next_one_runs() -> None:
    """What an adapter must not raise costs that job alone."""
    posted: list[Event] = []
    worker = Worker("test", posted.append)
    worker.start()

    def crash() -> Event:
        raise ZeroDivisionError

    worker.submit(crash, lambda text: DeliveryFinished("r", text))
    worker.submit(lambda: DeliveryFinished("next"), no_event)
    wait_until(lambda: len(posted) == 2, what="both results")
    assert posted[0] == DeliveryFinished("r", "internal error: ZeroDivisionError()")
    assert worker.is_healthy()
    worker.finish()
    worker.join(5.0)


def test_hanging_job_is_left_behind_and_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that hangs makes the worker ill, not idle, and holds up a stop no longer than asked."""
    monkeypatch.setattr("daemon.delivery.LONGEST_JOB_S", 0.0)
    release = threading.Event()
    worker = Worker("test", lambda _event: None)
    worker.start()

    def hang() -> Event:
        release.wait(30.0)
        return DeliveryFinished("r")

    worker.submit(hang, no_event)
    wait_until(lambda: not worker.is_healthy(), what="the worker to be ill")
    assert not worker.is_idle
    worker.finish()
    worker.join(0.01)
    release.set()
    worker.join(5.0)


def test_delivery_says_what_became_of_a_push() -> None:
    """Handed over, or why not and whether to try again."""
    phone = FakePhone()
    assert deliver(ROW, lambda: phone.send(MESSAGE)) == DeliveryFinished("row")
    assert phone.taken == [ROW.message]


@pytest.mark.parametrize(("error", "text", "is_permanent", "retry_after_s"), ERRORS)
def test_each_kind_of_error_is_told(
    error: IntegrationError,
    text: str,
    is_permanent: bool,  # noqa: FBT001
    retry_after_s: float | None,
) -> None:
    """Text, whether it will pass, and how long to wait, for all four kinds of jobs."""
    house = FakeHouse(error=error)
    phone = FakePhone(error=error)
    assert deliver(ROW, lambda: phone.send(MESSAGE)) == DeliveryFinished(
        "row", text, is_permanent=is_permanent, retry_after_s=retry_after_s
    )
    assert command(house, "ac", 3, "climate.ac", ON) == CommandFinished(
        "ac", 3, error=text, is_permanent=is_permanent
    )
    assert read_back(house, ("climate.ac",)) == StatesFetched(error=text)
    assert fetch_forecast(FakeWeather(error=error), AFTERNOON_UTC) == ForecastFetched(
        "fake", None, f"fake: {text}", retry_after_s
    )


def test_command_read_back_and_forecast_carry_their_results() -> None:
    """Context ids, states and the forecast come back as events."""
    house = FakeHouse()
    assert command(house, "ac", 3, "climate.ac", ON) == CommandFinished("ac", 3, ("context-1",))
    (observed,) = read_back(house, ("climate.ac",)).observations
    assert observed.state == ON
    weather = FakeWeather(a_forecast((20.0,)))
    assert fetch_forecast(weather, AFTERNOON_UTC) == ForecastFetched("fake", a_forecast((20.0,)))
