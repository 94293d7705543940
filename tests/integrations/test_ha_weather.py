"""A weather entity's hours are read in the units that the entity names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from daemon.ports import WeatherSource
from integrations.errors import PayloadError, PermanentError, TransientError
from integrations.ha_weather import HomeAssistantWeather
from integrations.home_assistant import HomeAssistant

NOW = datetime(2026, 6, 27, 9, 20, tzinfo=UTC)
BASE = "http://home.test:8123"
STATE = f"{BASE}/api/states/weather.home"
SERVICE = f"{BASE}/api/services/weather/get_forecasts?return_response"
METRIC = {"temperature_unit": "°C", "wind_speed_unit": "km/h"}
Document = dict[str, Any]


def hour(at: str, **changes: object) -> Document:
    """Return one hour as Home Assistant tells it."""
    known = {"temperature": 30.0, "humidity": 40, "wind_speed": 36.0, "cloud_coverage": 10}
    return {"datetime": at, "condition": "sunny"} | known | changes


TWO = [hour("2026-06-27T09:00:00+00:00"), hour("2026-06-27T12:00:00+02:00")]


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """Return the pretended web; it refuses whatever a test did not add."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def source() -> Iterator[WeatherSource]:
    """Return the source over the real client of Home Assistant."""
    home = HomeAssistant(BASE, "a-token")
    yield HomeAssistantWeather("weather.home", home.read_state, home.call_for_answer)
    home.close()


def serve(web: responses.RequestsMock, hours: object, attributes: Document = METRIC) -> None:
    """Let Home Assistant tell these hours."""
    web.get(STATE, json={"entity_id": "weather.home", "state": "sunny", "attributes": attributes})
    told = {"weather.home": {"forecast": hours}}
    web.post(SERVICE, json={"changed_states": [], "service_response": told})


def test_hours_are_asked_for_and_read(web: responses.RequestsMock, source: WeatherSource) -> None:
    """The hourly forecast is asked for with its answer, and every quantity arrives in our units."""
    serve(web, TWO)
    forecast = source.fetch(NOW)
    assert json.loads(web.calls[1].request.body or "") == {
        "entity_id": "weather.home",
        "type": "hourly",
    }
    assert (forecast.source, forecast.fetched_at) == ("home_assistant", NOW)
    assert [each.at.hour for each in forecast.hours] == [9, 10]
    first = forecast.hours[0]
    assert (first.temperature_c, first.relative_humidity_pct) == (30.0, 40)
    assert first.wind_speed_m_s == pytest.approx(10.0)
    assert first.cloud_cover_pct == 10


def test_units_are_the_entitys_own(web: responses.RequestsMock, source: WeatherSource) -> None:
    """A Fahrenheit home's 86 are 30 °C."""
    rows = [hour("2026-06-27T09:00:00+00:00", temperature=86, wind_speed=10)]
    serve(web, rows, {"temperature_unit": "°F", "wind_speed_unit": "mph"})
    only = source.fetch(NOW).hours[0]
    assert only.temperature_c == pytest.approx(30.0)
    assert only.wind_speed_m_s == pytest.approx(4.4704)


@pytest.mark.parametrize(
    ("attributes", "complaint"),
    [
        ({}, "temperature_unit is missing; known units"),
        ({"temperature_unit": "K"}, "temperature_unit is K"),
        ({"temperature_unit": "°C"}, "wind_speed's unit is missing"),
        ({"temperature_unit": "°C", "wind_speed_unit": "Beaufort"}, "unit is Beaufort"),
    ],
)
def test_unnamed_or_unknown_unit_is_refused(
    web: responses.RequestsMock, source: WeatherSource, attributes: Document, complaint: str
) -> None:
    """A number without a known unit is not read as Celsius."""
    serve(web, TWO, attributes)
    with pytest.raises(PayloadError, match=complaint):
        source.fetch(NOW)


def test_what_is_not_told_is_unknown(web: responses.RequestsMock, source: WeatherSource) -> None:
    """Null humidity stays unknown, and an hour without temperature ends the horizon."""
    rows = [
        hour("2026-06-27T09:00:00+00:00", humidity=None, wind_speed=None, cloud_coverage=None),
        hour("2026-06-27T10:00:00+00:00", temperature=None),
        hour("2026-06-27T11:00:00+00:00"),
    ]
    serve(web, rows)
    (only,) = source.fetch(NOW).hours
    assert (only.relative_humidity_pct, only.wind_speed_m_s, only.cloud_cover_pct) == (None,) * 3


@pytest.mark.parametrize(
    ("hours", "complaint"),
    [
        ([], "tells no hourly forecast: choose another"),
        (None, "'forecast' is not a list"),
        ([3], "holds 3, not objects"),
        ([hour("2026-06-27T09:00:00")], "a time without its offset"),
        ([hour("today")], "not an ISO time"),
    ],
)
def test_what_is_no_forecast_is_refused(
    web: responses.RequestsMock, source: WeatherSource, hours: object, complaint: str
) -> None:
    """Each wrong shape is one PayloadError that says what is wrong with it."""
    serve(web, hours)
    with pytest.raises(PayloadError, match=complaint):
        source.fetch(NOW)


def test_daily_steps_are_no_hours(web: responses.RequestsMock, source: WeatherSource) -> None:
    """Steps of a day are cut at the first: a horizon of one hour, not of days."""
    serve(web, [hour("2026-06-27T09:00:00+00:00"), hour("2026-06-28T09:00:00+00:00")])
    assert len(source.fetch(NOW).hours) == 1


def test_missing_entity_is_a_wrong_setting(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """An entity that does not exist will not appear by asking again."""
    web.get(STATE, status=404)
    with pytest.raises(PermanentError, match=r"weather\.home does not exist"):
        source.fetch(NOW)


@pytest.mark.parametrize("state", ["unavailable", "unknown"])
def test_unavailable_entity_is_passing(
    web: responses.RequestsMock, source: WeatherSource, state: str
) -> None:
    """An entity whose own source is away comes back with it."""
    web.get(STATE, json={"entity_id": "weather.home", "state": state, "attributes": {}})
    with pytest.raises(TransientError, match="is not available"):
        source.fetch(NOW)


def test_refused_action_is_said(web: responses.RequestsMock, source: WeatherSource) -> None:
    """An entity without hourly forecasts makes Home Assistant refuse: that is quoted."""
    web.get(STATE, json={"entity_id": "weather.home", "state": "sunny", "attributes": METRIC})
    web.post(SERVICE, status=400)
    with pytest.raises(PermanentError, match=r"refused weather\.get_forecasts \(400\)"):
        source.fetch(NOW)


def test_answer_without_an_object_is_passing(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """A list of states, as for an action without an answer, is no forecast."""
    web.get(STATE, json={"entity_id": "weather.home", "state": "sunny", "attributes": METRIC})
    web.post(SERVICE, json=[])
    with pytest.raises(TransientError, match="without an object"):
        source.fetch(NOW)
