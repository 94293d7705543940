"""Fetch official heat warnings from the National Weather Service of the United States.

Only heat counts, only what is meant in earnest (`status` Actual) and neither cancelled nor over.
Source: weather.gov/documentation/services-web-api; the names of 2025 and those before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import requests

from integrations.documents import load_object, quote, read_moment, rows
from integrations.errors import PayloadError
from integrations.nws import DEFAULT_URL, point
from integrations.web import TIMEOUT_S, Web
from policies.model import OfficialWarning, WarningLevel

SERVICE: Final = "nws"
_WHAT: Final = "alerts of the NWS"
_LEVELS: Final[Mapping[str, WarningLevel]] = {
    "Heat Advisory": WarningLevel.ADVISORY,
    "Excessive Heat Watch": WarningLevel.ADVISORY,
    "Extreme Heat Watch": WarningLevel.ADVISORY,
    "Excessive Heat Warning": WarningLevel.WARNING,
    "Extreme Heat Warning": WarningLevel.WARNING,
}
_IN_FORCE: Final = frozenset({"Alert", "Update"})


class NwsAlerts:
    """Fetch the NWS's heat warnings for one place or zone (`daemon.ports.WarningService`)."""

    service: Final = SERVICE

    def __init__(
        self,
        latitude_deg: float,
        longitude_deg: float,
        *,
        user_agent: str,
        zone: str | None = None,
        base_url: str = DEFAULT_URL,
        session: requests.Session | None = None,
        timeout_s: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        """Prepare the request; a `zone` such as "AZZ540" counts instead of the place.

        Raises: PermanentError when `base_url` may not be asked.
        """
        url = f"{base_url.rstrip('/')}/alerts/active"
        self._web = Web(url, user_agent=user_agent, session=session, timeout_s=timeout_s)
        place = {"point": point(latitude_deg, longitude_deg)}
        self._parameters = place if zone is None else {"zone": zone}
        self.name = SERVICE if zone is None else f"{SERVICE} {zone}"

    def fetch(self, now_utc: datetime) -> tuple[OfficialWarning, ...]:
        """Fetch what is warned of now; one request, no repetition.

        Raises: TransientError, PermanentError, and PayloadError when the answer holds no alerts.
        """
        answer = self._web.get(
            now_utc, parameters=self._parameters, headers={"Accept": "application/geo+json"}
        )
        return parse_alerts(answer.body, now_utc)


def parse_alerts(body: bytes | Mapping[str, Any], now_utc: datetime) -> tuple[OfficialWarning, ...]:
    """Return the heat warnings of an answer that are not over at `now_utc` (aware).

    Raises: PayloadError when these are no alerts of the NWS, or a heat warning cannot be read.
    """
    answer = load_object(body) if isinstance(body, bytes) else body
    if answer.get("type") != "FeatureCollection" or "@context" not in answer:
        raise PayloadError(f"the answer is not {_WHAT}")
    return tuple(_warnings(rows(answer, "features", _WHAT), now_utc))


def _warnings(
    features: Sequence[Mapping[str, Any]], now_utc: datetime
) -> Iterator[OfficialWarning]:
    for feature in features:
        told = feature.get("properties")
        if not isinstance(told, Mapping) or not isinstance(told.get("event"), str):
            raise PayloadError(f"an alert names no event: not {_WHAT}")
        level = _LEVELS.get(told["event"])
        is_meant = told.get("status") == "Actual" and told.get("messageType") in _IN_FORCE
        if level is None or not is_meant:
            continue
        # `expires` ends the message, `ends` what it warns of.
        ends_at = read_moment(told.get("ends") or told.get("expires"), "ends")
        if ends_at <= now_utc:
            continue
        starts_at = read_moment(told.get("onset") or told.get("effective"), "onset")
        yield OfficialWarning(
            warning_id=quote(told.get("id") or f"{told['event']} {starts_at.isoformat()}"),
            service=SERVICE,
            sender=quote(told.get("senderName") or "National Weather Service"),
            event=told["event"],
            level=level,
            area=quote(told.get("areaDesc") or ""),
            starts_at=starts_at,
            ends_at=ends_at,
        )
