"""Fetch the hourly forecast from the National Weather Service of the United States.

A place is asked for its grid square first, and the square for its hours. The address of the hours
comes from an answer, so it is followed only on the server that was asked.
Source: weather.gov/documentation/services-web-api.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import requests

from integrations.documents import block, load_object, quote, read_moment, rows
from integrations.errors import PayloadError, PermanentError
from integrations.hourly import HOUR, PERCENT, TEMPERATURE, WIND_SPEED, build_forecast
from integrations.web import TIMEOUT_S, Web
from policies.model import Forecast, HourlyForecast

DEFAULT_URL: Final = "https://api.weather.gov"
SOURCE: Final = "nws"
_WHAT: Final = "an hourly forecast of the NWS"
_ACCEPT: Final = {"Accept": "application/geo+json"}
_SPEED: Final = re.compile(
    r"(?:(\d{1,3}(?:\.\d+)?) to )?(\d{1,3}(?:\.\d+)?) (mph|km/h|kt)", re.ASCII
)


class NationalWeatherService:
    """Fetch the NWS's forecast for one place (`daemon.ports.WeatherSource`)."""

    name: Final = SOURCE

    def __init__(
        self,
        latitude_deg: float,
        longitude_deg: float,
        *,
        user_agent: str,
        base_url: str = DEFAULT_URL,
        session: requests.Session | None = None,
        timeout_s: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        """Prepare the requests; nothing is fetched before `fetch`.

        Latitude and longitude leave the house rounded to two decimals, about a kilometre.

        Raises: PermanentError when `base_url` may not be asked.
        """
        base = base_url.rstrip("/")
        self._web = Web(base, user_agent=user_agent, session=session, timeout_s=timeout_s)
        self._point_url = f"{base}/points/{point(latitude_deg, longitude_deg)}"
        self._hours_url: str | None = None

    def fetch(self, now_utc: datetime) -> Forecast:
        """Fetch and parse the forecast: one request, two when the grid square is not known.

        Raises: TransientError (with `retry_after_s` where the provider asks for a pause),
            PermanentError when the request is refused, PayloadError when the answer is no forecast.
        """
        if self._hours_url is None:
            answer = self._web.get(now_utc, url=self._point_url, headers=_ACCEPT)
            self._hours_url = parse_point(answer.body)
        try:
            answer = self._web.get(
                now_utc, url=self._hours_url, parameters={"units": "si"}, headers=_ACCEPT
            )
        except (PermanentError, PayloadError):
            self._hours_url = None  # grid squares move now and then: look it up next time
            raise
        return parse_forecast(answer.body, now_utc)


def point(latitude_deg: float, longitude_deg: float) -> str:
    """Return a place as the service writes it: two decimals, and no zeros at their end.

    >>> point(39.7, -97.0)
    '39.7,-97'
    """
    return f"{round(latitude_deg, 2) + 0.0:.6g},{round(longitude_deg, 2) + 0.0:.6g}"


def parse_point(body: bytes | Mapping[str, Any]) -> str:
    """Return the address of a place's hourly forecast. Raises: PayloadError."""
    answer = load_object(body) if isinstance(body, bytes) else body
    url = block(answer, "properties", "a point of the NWS").get("forecastHourly")
    if not isinstance(url, str) or not url:
        raise PayloadError("the NWS names no hourly forecast for this place: is it in the US?")
    return url


def parse_forecast(body: bytes | Mapping[str, Any], fetched_at: datetime) -> Forecast:
    """Read an hourly answer, in SI or US units, into consecutive hours (`fetched_at` aware UTC).

    Raises: PayloadError when it is not an hourly forecast, or speaks in a unit that is not known.
    """
    answer = load_object(body) if isinstance(body, bytes) else body
    periods = rows(block(answer, "properties", _WHAT), "periods", _WHAT)
    hours = [hour for period in periods if (hour := _hour(period)) is not None]
    return build_forecast(SOURCE, hours, fetched_at)


def _hour(period: Mapping[str, Any]) -> HourlyForecast | None:
    """Return one hour; None when its temperature is not known."""
    temperature_c = _measured(period.get("temperature"), period.get("temperatureUnit"))
    if temperature_c is None:
        return None
    at = read_moment(period.get("startTime"), "startTime")
    length = read_moment(period.get("endTime"), "endTime") - at
    if length != HOUR:
        raise PayloadError(f"a period lasts {length / HOUR:g} hours, not one: not {_WHAT}")
    humidity = period.get("relativeHumidity")
    told = humidity if isinstance(humidity, Mapping) else {}
    return HourlyForecast(
        at=at,
        temperature_c=temperature_c,
        relative_humidity_pct=PERCENT.read(
            told.get("value"), told.get("unitCode"), "relativeHumidity"
        ),
        wind_speed_m_s=_wind_speed_m_s(period.get("windSpeed")),
    )


def _measured(told: object, unit: object) -> float | None:
    """Return a temperature in °C: a number with its unit beside it, or an object with both."""
    if isinstance(told, Mapping):
        return TEMPERATURE.read(told.get("value"), told.get("unitCode"), "temperature")
    return TEMPERATURE.read(told, unit, "temperature")


def _wind_speed_m_s(told: object) -> float | None:
    """Return the middle of "10 to 15 mph"; None when nothing is told.

    Raises: PayloadError when it is told in a unit that is not known.
    """
    if isinstance(told, Mapping):
        return WIND_SPEED.read(told.get("value"), told.get("unitCode"), "windSpeed")
    if told is None or told == "":
        return None
    match = _SPEED.fullmatch(told) if isinstance(told, str) else None
    if match is None:
        raise PayloadError(f"windSpeed is {quote(told)}, not a speed in mph or km/h")
    speeds = [float(speed) for speed in (match[1], match[2]) if speed]
    return WIND_SPEED.read(sum(speeds) / len(speeds), match[3], "windSpeed")
