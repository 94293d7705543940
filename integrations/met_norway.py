"""Fetch the hourly forecast from MET Norway, as its terms of service ask.

It wants to know who asks (`User-Agent` with a contact), to be asked only when there is news
(`If-Modified-Since`) and never before an answer's `Expires`.
Source: api.met.no/doc/TermsOfService and api.met.no/weatherapi/locationforecast/2.0/documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import requests

from integrations.documents import block, load_object, read_moment, rows
from integrations.errors import PayloadError
from integrations.hourly import PERCENT, TEMPERATURE, WIND_SPEED, Quantity, build_forecast
from integrations.web import LONGEST_RETRY_S, NOT_MODIFIED, TIMEOUT_S, Web, http_date
from policies.model import Forecast, HourlyForecast

DEFAULT_URL: Final = "https://api.met.no/weatherapi/locationforecast/2.0/compact"
SOURCE: Final = "met_norway"
_WHAT: Final = "a locationforecast of MET Norway"
_ACCEPTED: Final = frozenset({200, 203, NOT_MODIFIED})  # 203: a product that will go one day
_OTHERS: Final[Mapping[str, tuple[str, Quantity]]] = {
    "relative_humidity_pct": ("relative_humidity", PERCENT),
    "wind_speed_m_s": ("wind_speed", WIND_SPEED),
    "cloud_cover_pct": ("cloud_area_fraction", PERCENT),
}


class MetNorway:
    """Fetch MET Norway's forecast for one place (`daemon.ports.WeatherSource`)."""

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
        """Prepare the request; nothing is fetched before `fetch`.

        Latitude and longitude leave the house rounded to two decimals, about a kilometre. The user
        agent is `keepcool/<version> <contact>`: the service refuses who does not say who asks.

        Raises: PermanentError when `base_url` may not be asked.
        """
        self._web = Web(base_url, user_agent=user_agent, session=session, timeout_s=timeout_s)
        self._parameters = {"lat": f"{latitude_deg:.2f}", "lon": f"{longitude_deg:.2f}"}
        self._last: Forecast | None = None
        self._last_modified: str | None = None

    def fetch(self, now_utc: datetime) -> Forecast:
        """Fetch and parse the forecast, or confirm the last one; one request, no repetition.

        Raises: TransientError (with `retry_after_s` where the provider asks for a pause),
            PermanentError when the request is refused, PayloadError when the answer is no forecast.
        """
        is_known = self._last is not None and self._last_modified is not None
        answer = self._web.get(
            now_utc,
            parameters=self._parameters,
            headers={"If-Modified-Since": self._last_modified or ""} if is_known else {},
            accepted=_ACCEPTED,
        )
        expires_at = _expires_at(answer.headers, now_utc)
        if answer.status == NOT_MODIFIED:
            if self._last is None:
                raise PayloadError(f"{self._web.host} answers HTTP 304 to a first question")
            forecast = replace(self._last, fetched_at=now_utc, expires_at=expires_at)
        else:
            self._last_modified = answer.headers.get("Last-Modified")
            forecast = parse_forecast(answer.body, now_utc, expires_at)
        self._last = forecast
        return forecast


def parse_forecast(
    body: bytes | Mapping[str, Any], fetched_at: datetime, expires_at: datetime | None = None
) -> Forecast:
    """Read a compact or complete answer into consecutive hours round `fetched_at` (aware UTC).

    After about two and a half days the service goes on in steps of six hours; there the horizon
    ends, as at any hour without a believable temperature.

    Raises: PayloadError when it is not a forecast, or speaks in a unit that is not known.
    """
    answer = load_object(body) if isinstance(body, bytes) else body
    properties = block(answer, "properties", _WHAT)
    units = block(block(properties, "meta", _WHAT), "units", _WHAT)
    steps = rows(properties, "timeseries", _WHAT)
    temperature_unit = TEMPERATURE.unit(units.get("air_temperature"), "units.air_temperature")
    hours: list[HourlyForecast] = []
    for step in steps:
        instant = block(block(step, "data", _WHAT), "instant", _WHAT)
        details = block(instant, "details", _WHAT)
        temperature_c = TEMPERATURE.value(
            details.get("air_temperature"), temperature_unit, "air_temperature"
        )
        if temperature_c is None:
            continue
        others = {
            field: quantity.read(details.get(name), units.get(name), name)
            for field, (name, quantity) in _OTHERS.items()
        }
        at = read_moment(step.get("time"), "timeseries.time")
        hours.append(HourlyForecast(at=at, temperature_c=temperature_c, **others))
    return build_forecast(SOURCE, hours, fetched_at, expires_at)


def _expires_at(headers: Mapping[str, str], now_utc: datetime) -> datetime | None:
    """Return until when not to ask again, by our clock; None when the answer does not say.

    The server's own clock (`Date`) tells the distance, so that a wrong clock here does no harm.
    """
    expires = http_date(headers.get("Expires"))
    if expires is None:
        return None
    lasts = expires - (http_date(headers.get("Date")) or now_utc)
    return now_utc + min(max(lasts, timedelta(0)), timedelta(seconds=LONGEST_RETRY_S))
