"""Fetch the hourly forecast from Open-Meteo."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import requests

from integrations.open_meteo_answer import HOURLY_VARIABLES, SOURCE, parse_forecast
from integrations.web import LONGEST_RETRY_S, TIMEOUT_S, Web, usual_pause_s
from policies.model import Forecast

DEFAULT_URL: Final = "https://api.open-meteo.com/v1/forecast"
LONGEST_PAST_DAYS: Final = 92  # source: open-meteo.com/en/docs, "past_days"


class OpenMeteo:
    """Fetch Open-Meteo's forecast for one place (`daemon.ports.WeatherSource`)."""

    name: Final = SOURCE

    def __init__(
        self,
        latitude_deg: float,
        longitude_deg: float,
        *,
        base_url: str = DEFAULT_URL,
        session: requests.Session | None = None,
        past_days: int = 1,
        forecast_days: int = 3,
        timeout_s: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        """Prepare the request; nothing is fetched before `fetch`.

        Latitude and longitude leave the house rounded to two decimals, about a kilometre.

        Raises: PermanentError when `base_url` may not be asked.
        """
        self._web = Web(base_url, session=session, timeout_s=timeout_s, pause_s=_pause_s)
        self._parameters: dict[str, str] = {
            "latitude": f"{latitude_deg:.2f}",
            "longitude": f"{longitude_deg:.2f}",
            "hourly": ",".join(HOURLY_VARIABLES),
            "past_days": str(past_days),
            "forecast_days": str(forecast_days),
            "timeformat": "unixtime",
            "timezone": "UTC",
            "temperature_unit": "celsius",
            "wind_speed_unit": "ms",
        }

    def fetch(self, now_utc: datetime) -> Forecast:
        """Fetch and parse the forecast; one request, no repetition.

        Raises: TransientError (with `retry_after_s` where the provider asks for a pause),
            PermanentError when the request is refused, PayloadError when the answer is no forecast.
        """
        answer = self._web.get(now_utc, parameters=self._parameters)
        return parse_forecast(answer.body, now_utc)

    def fetch_past(self, now_utc: datetime, days: int) -> Forecast:
        """Fetch the hours of past days (92 at most), as the service believes that they were.

        Raises: as `fetch`.
        """
        asked = {"past_days": str(min(days, LONGEST_PAST_DAYS)), "forecast_days": "1"}
        answer = self._web.get(now_utc, parameters=self._parameters | asked)
        return parse_forecast(answer.body, now_utc)


def _pause_s(status: int, reason: str) -> float:
    """Return the pause without a `Retry-After`; Open-Meteo's 429 names the limit reached."""
    if status == requests.codes.too_many_requests:
        if reason.startswith("Daily"):
            return LONGEST_RETRY_S
        if reason.startswith("Hourly"):
            return 3600.0
    return usual_pause_s(status, reason)


__all__ = ["DEFAULT_URL", "OpenMeteo", "parse_forecast"]
