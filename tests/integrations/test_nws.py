"""The NWS is asked for a place's grid square, then for its hours, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses

from daemon.ports import WeatherSource
from integrations.errors import PayloadError, PermanentError, TransientError
from integrations.nws import NationalWeatherService, parse_forecast, parse_point

NOW = datetime(2026, 6, 27, 16, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
AGENT = "keepcool/0.1.0 anna@example.org"
POINT = "https://api.weather.gov/points/39.7,-97"
HOURS = "https://api.weather.gov/gridpoints/TOP/31,80/forecast/hourly"
Document = dict[str, Any]


def period(hour: int, **changes: object) -> Document:
    """Return one period of the day at Kansas' offset."""
    return {
        "startTime": f"2026-06-27T{hour:02}:00:00-05:00",
        "endTime": f"2026-06-27T{hour + 1:02}:00:00-05:00",
        "temperature": 86,
        "temperatureUnit": "F",
        "relativeHumidity": {"unitCode": "wmoUnit:percent", "value": 40},
        "windSpeed": "10 to 20 mph",
    } | changes


def answer(*periods: Document) -> Document:
    """Return an answer with these periods."""
    return {"type": "Feature", "properties": {"periods": list(periods)}}


@pytest.fixture
def source() -> WeatherSource:
    """Return the client for a place with more decimals than leave the house."""
    return NationalWeatherService(39.7039, -96.9996, user_agent=AGENT)


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """Return the pretended web; it refuses whatever a test did not add."""
    with responses.RequestsMock() as mock:
        yield mock


def test_place_is_looked_up_once_then_its_hours(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """The first fetch asks twice, the second once, each naming who asks."""
    web.get(POINT, json={"properties": {"forecastHourly": HOURS}})
    web.get(HOURS, json=answer(period(11), period(12)))
    assert len(source.fetch(NOW).hours) == 2
    assert len(source.fetch(NOW).hours) == 2
    assert [call.request.url for call in web.calls] == [POINT, *[f"{HOURS}?units=si"] * 2]
    assert {call.request.headers["User-Agent"] for call in web.calls} == {AGENT}


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example.org/forecast/hourly",
        "http://api.weather.gov/gridpoints/TOP/31,80/forecast/hourly",
        "https://api.weather.gov:8443/gridpoints",
        "https://api.weather.gov.example.org/gridpoints",
        "https://user@api.weather.gov/gridpoints",
        "file:///etc/passwd",
        "https://[::1/x",
    ],
)
def test_address_of_another_server_is_not_followed(
    web: responses.RequestsMock, source: WeatherSource, url: str
) -> None:
    """Only HTTPS to the host that was asked: an answer cannot send the request elsewhere."""
    web.get(POINT, json={"properties": {"forecastHourly": url}})
    with pytest.raises(PayloadError, match=r"which is not followed|cannot be read"):
        source.fetch(NOW)
    assert len(web.calls) == 1


def test_square_that_moved_is_looked_up_again(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """A refused square is forgotten, so that the next fetch asks for the place anew."""
    web.get(POINT, json={"properties": {"forecastHourly": HOURS}})
    web.get(HOURS, status=404, json={"title": "Not Found", "detail": "No such grid"})
    web.get(HOURS, json=answer(period(11)))
    with pytest.raises(PermanentError, match=r"HTTP 404: No such grid"):
        source.fetch(NOW)
    assert len(source.fetch(NOW).hours) == 1
    assert [call.request.url for call in web.calls].count(POINT) == 2


def test_trouble_of_the_server_keeps_the_square(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """A 500, which the service gives often, costs no second look-up."""
    web.get(POINT, json={"properties": {"forecastHourly": HOURS}})
    web.get(HOURS, status=500)
    web.get(HOURS, json=answer(period(11)))
    with pytest.raises(TransientError, match="HTTP 500"):
        source.fetch(NOW)
    source.fetch(NOW)
    assert [call.request.url for call in web.calls].count(POINT) == 1


def test_place_outside_the_country_is_refused_in_words(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """The service's own reason is quoted, and a place without hours is asked about."""
    detail = "Unable to provide data for requested point 52.37,4.9"
    web.get(
        POINT, status=404, json={"title": "Data Unavailable For Requested Point", "detail": detail}
    )
    with pytest.raises(PermanentError, match=detail):
        source.fetch(NOW)
    with pytest.raises(PayloadError, match="is it in the US"):
        parse_point({"properties": {"forecastHourly": None}})


def test_us_units_become_ours() -> None:
    """86 °F are 30 °C, and of a range of wind the middle counts."""
    hour = parse_forecast(answer(period(11)), NOW).hours[0]
    assert hour.at == datetime(2026, 6, 27, 16, tzinfo=UTC)
    assert hour.temperature_c == pytest.approx(30.0)
    assert hour.relative_humidity_pct == 40
    assert hour.wind_speed_m_s == pytest.approx(6.7056)
    assert (hour.cloud_cover_pct, hour.shortwave_radiation_w_m2) == (None, None)


@pytest.mark.parametrize(
    ("told", "wind_speed_m_s"),
    [
        ("36 km/h", 10.0),
        ("5.5 km/h", 1.5278),
        ("10 mph", 4.4704),
        ("0 mph", 0.0),
        (None, None),
        ("", None),
        ({"unitCode": "wmoUnit:km_h-1", "value": 36}, 10.0),
        ({"unitCode": "wmoUnit:km_h-1", "value": None}, None),
    ],
)
def test_wind_is_read_as_it_is_told(told: object, wind_speed_m_s: float | None) -> None:
    """Words, ranges, objects and nothing at all; silence is unknown, not calm."""
    hour = parse_forecast(answer(period(11, windSpeed=told)), NOW).hours[0]
    assert hour.wind_speed_m_s == (
        None if wind_speed_m_s is None else pytest.approx(wind_speed_m_s, abs=1e-3)
    )


@pytest.mark.parametrize(
    ("changes", "temperature_c"),
    [
        ({"temperature": 25.5, "temperatureUnit": "C"}, 25.5),
        ({"temperature": {"unitCode": "wmoUnit:degC", "value": 31}, "temperatureUnit": None}, 31.0),
        ({"temperature": {"unitCode": "wmoUnit:degF", "value": 50}}, 10.0),
    ],
)
def test_temperature_comes_in_three_forms(changes: Document, temperature_c: float) -> None:
    """In °C, in °F, or as an object that names its unit."""
    hour = parse_forecast(answer(period(11, **changes)), NOW).hours[0]
    assert hour.temperature_c == pytest.approx(temperature_c)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"temperatureUnit": "K"}, "temperature's unit is K; known units"),
        ({"temperatureUnit": None}, "temperature's unit is missing"),
        ({"temperature": "86"}, "temperature holds 86, not a number"),
        ({"temperature": True}, "temperature holds True"),
        ({"windSpeed": "10 furlongs"}, "windSpeed is 10 furlongs"),
        ({"relativeHumidity": {"unitCode": "g/kg", "value": 4}}, "relativeHumidity's unit is g/kg"),
        ({"startTime": "2026-06-27T11:00:00"}, "a time without its offset"),
        ({"startTime": "noon"}, "not an ISO time"),
        ({"endTime": "2026-06-27T23:00:00-05:00"}, "lasts 12 hours, not one"),
    ],
)
def test_what_cannot_be_understood_is_refused(changes: Document, complaint: str) -> None:
    """Units, numbers and lengths are not guessed."""
    with pytest.raises(PayloadError, match=complaint):
        parse_forecast(answer(period(11, **changes)), NOW)


def test_null_hour_ends_the_horizon() -> None:
    """An unknown hour is never 0 °C, and nothing is promised behind it."""
    document = answer(period(11), period(12, temperature=None), period(13))
    assert len(parse_forecast(document, NOW).hours) == 1


def test_recorded_answers_are_read(shared_data: Path) -> None:
    """The real hours in SI and in US units are the same weather."""
    folder = shared_data / "fixtures" / "nws"
    now = datetime(2019, 10, 15, 0, 12, tzinfo=UTC)
    si, us = (
        parse_forecast((folder / f"gridpoints_forecast_hourly_{units}.json").read_bytes(), now)
        for units in ("si", "us")
    )
    assert [hour.at for hour in si.hours] == [now.replace(minute=0), now.replace(hour=1, minute=0)]
    for one, other in zip(si.hours, us.hours, strict=True):
        assert one.temperature_c == pytest.approx(other.temperature_c, abs=0.6)
        assert (one.relative_humidity_pct, one.wind_speed_m_s) == (63, 0.0)
    assert parse_point((folder / "points.json").read_bytes()).endswith("/58,65/forecast/hourly")
