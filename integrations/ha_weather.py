"""Read the hourly forecast of one of Home Assistant's weather entities.

Whatever Home Assistant is connected to becomes a source this way. It speaks in the units of its
own settings and names them in the entity's attributes.
Source: home-assistant.io/integrations/weather, action `weather.get_forecasts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from integrations.documents import block, read_moment, rows
from integrations.errors import PayloadError, PermanentError, TransientError
from integrations.hourly import PERCENT, TEMPERATURE, WIND_SPEED, build_forecast
from policies.model import Forecast, HourlyForecast

SOURCE: Final = "home_assistant"
_WHAT: Final = "an answer of weather.get_forecasts"
_UNAVAILABLE: Final = frozenset({"unavailable", "unknown"})

ReadState = Callable[[str], Mapping[str, Any] | None]
CallForAnswer = Callable[[str, str, Mapping[str, object]], Mapping[str, Any]]


class HomeAssistantWeather:
    """Fetch the forecast of one weather entity (`daemon.ports.WeatherSource`)."""

    name: Final = SOURCE

    def __init__(self, entity_id: str, read_state: ReadState, call: CallForAnswer) -> None:
        """Prepare the reading.

        Args:
            entity_id: such as `weather.home`.
            read_state: returns an entity's raw state, or None when there is none.
            call: calls a service (domain, service, data) and returns what it answers.
        """
        self._entity_id = entity_id
        self._read_state = read_state
        self._call = call

    def fetch(self, now_utc: datetime) -> Forecast:
        """Read the entity's units and its hours.

        Raises: TransientError, PermanentError, and PayloadError when the answer is no forecast.
        """
        state = self._read_state(self._entity_id)
        if state is None:
            raise PermanentError(f"{self._entity_id} does not exist in Home Assistant")
        if state.get("state") in _UNAVAILABLE:
            raise TransientError(f"{self._entity_id} is not available in Home Assistant")
        answer = self._call(
            "weather", "get_forecasts", {"entity_id": self._entity_id, "type": "hourly"}
        )
        attributes = block(state, "attributes", "the state of a weather entity")
        return parse_forecast(answer, self._entity_id, attributes, now_utc)


def parse_forecast(
    answer: Mapping[str, Any],
    entity_id: str,
    attributes: Mapping[str, Any],
    fetched_at: datetime,
) -> Forecast:
    """Read the answer of `weather.get_forecasts` into consecutive hours (`fetched_at` aware UTC).

    Args:
        answer: the decoded answer, with `service_response`.
        entity_id: whose forecast in it to read.
        attributes: of the entity; they name the units.
        fetched_at: the moment of the answer.

    Raises: PayloadError when it is no hourly forecast, or a unit is not named or not known.
    """
    responses = block(answer, "service_response", _WHAT)
    steps = rows(block(responses, entity_id, _WHAT), "forecast", _WHAT)
    temperature_unit = TEMPERATURE.unit(
        attributes.get("temperature_unit"), f"{entity_id}'s temperature_unit"
    )
    hours: list[HourlyForecast] = []
    for step in steps:
        temperature_c = TEMPERATURE.value(step.get("temperature"), temperature_unit, "temperature")
        if temperature_c is None:
            continue
        hours.append(
            HourlyForecast(
                at=read_moment(step.get("datetime"), "datetime"),
                temperature_c=temperature_c,
                relative_humidity_pct=PERCENT.read(step.get("humidity"), "%", "humidity"),
                wind_speed_m_s=WIND_SPEED.read(
                    step.get("wind_speed"), attributes.get("wind_speed_unit"), "wind_speed"
                ),
                cloud_cover_pct=PERCENT.read(step.get("cloud_coverage"), "%", "cloud_coverage"),
            )
        )
    if not hours:
        raise PayloadError(f"{entity_id} tells no hourly forecast: choose another weather entity")
    return build_forecast(SOURCE, hours, fetched_at)
