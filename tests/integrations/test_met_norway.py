"""MET Norway is asked as its terms of service want it, and its answers become hours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses

from daemon.ports import WeatherSource
from integrations.errors import PayloadError, PermanentError, TransientError
from integrations.met_norway import DEFAULT_URL, MetNorway, parse_forecast

NOW = datetime(2026, 6, 27, 9, 20, tzinfo=UTC)
FIRST = datetime(2026, 6, 27, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
AGENT = "keepcool/0.1.0 anna@example.org"
MODIFIED = "Sat, 27 Jun 2026 08:51:12 GMT"
Document = dict[str, Any]


def answer(*temperatures: float | None, steps: tuple[int, ...] = ()) -> Document:
    """Return an answer of hours from 9 o'clock; `steps` says how many hours apart they are."""
    gaps = steps or (1,) * len(temperatures)
    starts = [FIRST + sum(gaps[:index]) * HOUR for index in range(len(temperatures))]
    return {
        "type": "Feature",
        "properties": {
            "meta": {
                "units": {
                    "air_temperature": "celsius",
                    "relative_humidity": "%",
                    "wind_speed": "m/s",
                    "cloud_area_fraction": "%",
                }
            },
            "timeseries": [
                {
                    "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                    "data": {
                        "instant": {
                            "details": {
                                "air_temperature": value,
                                "relative_humidity": 40.5,
                                "wind_speed": 1.5,
                                "cloud_area_fraction": 7.0,
                            }
                        }
                    },
                }
                for at, value in zip(starts, temperatures, strict=True)
            ],
        },
    }


@pytest.fixture
def source() -> WeatherSource:
    """Return the client for a place with more decimals than leave the house."""
    return MetNorway(52.370216, 4.895168, user_agent=AGENT)


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """Return the pretended web; it refuses whatever a test did not add."""
    with responses.RequestsMock() as mock:
        yield mock


def test_every_quantity_arrives_in_our_units() -> None:
    """Each hour carries temperature, humidity, wind and clouds; sunshine is not told."""
    forecast = parse_forecast(json.dumps(answer(29.5, 30.5)).encode(), NOW)
    assert (forecast.source, forecast.fetched_at) == ("met_norway", NOW)
    assert [hour.at for hour in forecast.hours] == [FIRST, FIRST + HOUR]
    hour = forecast.hours[1]
    assert (hour.temperature_c, hour.relative_humidity_pct) == (30.5, 40.5)
    assert (hour.wind_speed_m_s, hour.cloud_cover_pct) == (1.5, 7.0)
    assert hour.shortwave_radiation_w_m2 is None


def test_horizon_ends_where_steps_become_longer() -> None:
    """Six hours between two steps are a gap: nothing is promised behind it."""
    document = answer(20.0, 21.0, 25.0, 22.0, steps=(1, 1, 6, 6))
    assert [hour.temperature_c for hour in parse_forecast(document, NOW).hours] == [
        20.0,
        21.0,
        25.0,
    ]


def test_null_hour_ends_the_horizon() -> None:
    """An unknown hour is never 0 °C."""
    hours = parse_forecast(answer(20.0, None, 22.0), NOW).hours
    assert [hour.temperature_c for hour in hours] == [20.0]


@pytest.mark.parametrize(
    ("name", "unit"),
    [("air_temperature", "kelvin"), ("wind_speed", "knots"), ("relative_humidity", "1")],
)
def test_unknown_unit_is_refused_by_name(name: str, unit: str) -> None:
    """What is told in a unit that is not known is refused, not guessed."""
    document = answer(20.0)
    document["properties"]["meta"]["units"][name] = unit
    with pytest.raises(PayloadError, match=f"{name}.* is {unit}; known units"):
        parse_forecast(document, NOW)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({}, "'properties' is missing: not a locationforecast"),
        ({"properties": []}, "'properties' is not an object"),
        ({"properties": {"meta": {"units": {}}}}, "'timeseries' is missing"),
        (answer(), "no hour with a temperature"),
        (b"<html>Welcome", "login page"),
    ],
)
def test_what_is_no_forecast_is_refused_in_words(
    document: bytes | Document, complaint: str
) -> None:
    """Each wrong shape is one PayloadError that says what is wrong with it."""
    with pytest.raises(PayloadError, match=complaint):
        parse_forecast(document, NOW)


def test_first_request_says_who_asks_and_where(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """The user agent holds version and contact, the place two decimals; nothing is known yet."""
    web.get(DEFAULT_URL, json=answer(25.0))
    source.fetch(NOW)
    request = web.calls[0].request
    assert request.url == f"{DEFAULT_URL}?lat=52.37&lon=4.90"
    assert request.headers["User-Agent"] == AGENT
    assert "If-Modified-Since" not in request.headers


def test_second_request_asks_for_news_only_and_304_keeps_the_last(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """`If-Modified-Since` repeats the answer's own words; without news the hours are as fresh."""
    headers = {"Last-Modified": MODIFIED}
    web.get(DEFAULT_URL, json=answer(25.0, 26.0), headers=headers)
    web.get(DEFAULT_URL, status=304, headers=headers | {"Content-Encoding": "gzip"})
    first = source.fetch(NOW)
    second = source.fetch(NOW + HOUR)
    assert web.calls[1].request.headers["If-Modified-Since"] == MODIFIED
    assert second.hours == first.hours
    assert second.fetched_at == NOW + HOUR


@pytest.mark.parametrize("status", [200, 304])
def test_expiry_counts_from_the_servers_own_clock(
    web: responses.RequestsMock, source: WeatherSource, status: int
) -> None:
    """`Expires` minus `Date` is how long to wait, however wrong the clock is here."""
    web.get(DEFAULT_URL, json=answer(25.0), headers={"Last-Modified": MODIFIED})
    assert source.fetch(NOW).expires_at is None
    headers = {"Date": "Mon, 01 Jan 2035 00:00:00 GMT", "Expires": "Mon, 01 Jan 2035 00:31:00 GMT"}
    web.get(DEFAULT_URL, json=answer(25.0), status=status, headers=headers)
    assert source.fetch(NOW).expires_at == NOW + timedelta(minutes=31)


@pytest.mark.parametrize(
    ("expires", "wait"),
    [
        ("Sat, 27 Jun 2026 09:51:00 GMT", timedelta(minutes=31)),
        ("Sat, 27 Jun 2026 09:00:00 GMT", timedelta(0)),
        ("Sun, 28 Jun 2026 09:20:00 GMT", timedelta(hours=6)),
        ("0", None),
    ],
)
def test_expiry_is_kept_within_bounds(
    web: responses.RequestsMock, source: WeatherSource, expires: str, wait: timedelta | None
) -> None:
    """Without the server's date ours counts; never in the past, never more than six hours."""
    web.get(DEFAULT_URL, json=answer(25.0), headers={"Expires": expires})
    assert source.fetch(NOW).expires_at == (None if wait is None else NOW + wait)


def test_304_to_a_first_question_is_refused(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """A cache that answers "as before" without a before gives no forecast."""
    web.get(DEFAULT_URL, status=304)
    with pytest.raises(PayloadError, match="304 to a first question"):
        source.fetch(NOW)


def test_product_that_will_go_one_day_is_still_read(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """A 203 is an answer: the service marks versions that it will take down."""
    web.get(DEFAULT_URL, status=203, json=answer(25.0))
    assert len(source.fetch(NOW).hours) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(403, PermanentError), (429, TransientError), (500, TransientError)]
)
def test_refusals_keep_what_is_known(
    web: responses.RequestsMock, source: WeatherSource, status: int, kind: type[Exception]
) -> None:
    """A refusal is an error of the right kind, and the next question is still for news only."""
    web.get(DEFAULT_URL, json=answer(25.0), headers={"Last-Modified": MODIFIED})
    source.fetch(NOW)
    web.get(DEFAULT_URL, status=status)
    with pytest.raises(kind, match=f"api.met.no answers HTTP {status}"):
        source.fetch(NOW)
    web.get(DEFAULT_URL, status=304)
    source.fetch(NOW)
    assert web.calls[2].request.headers["If-Modified-Since"] == MODIFIED


@pytest.mark.parametrize(
    "name", ["lat40.7lon-74.0altitude10_compact", "lat51.5lon-0.1altitude25_complete"]
)
def test_recorded_answers_are_read(
    web: responses.RequestsMock, source: WeatherSource, shared_data: Path, name: str
) -> None:
    """Real answers with their real headers give two days of hours and half an hour of peace."""
    path = shared_data / "fixtures" / "met_norway" / f"{name}.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))
    told = {key: recorded["headers"][key] for key in ("Date", "Expires", "Last-Modified")}
    web.get(DEFAULT_URL, json=recorded["data"], headers=told)
    now = datetime(2020, 7, 20, 11, 44, 31, tzinfo=UTC)
    forecast = source.fetch(now)
    assert forecast.hours[0].at == datetime(2020, 7, 20, 11, tzinfo=UTC)
    assert 48 <= len(forecast.hours) <= 72
    assert forecast.expires_at is not None
    assert timedelta(minutes=30) <= forecast.expires_at - now <= timedelta(minutes=32)
