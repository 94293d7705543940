"""Fetch official heat warnings from MeteoAlarm, the European services' common voice.

The country's Atom feed lists what is warned of; the CAP message behind an entry says who warns.
A green entry ("no warnings") is nothing, and so is a test, a cancelled warning and one that is
over. The entry's title tells colour and kind in one form for all countries; `cap:severity` does
not (Germany's yellow is Minor). Source: feeds.meteoalarm.org; CAP 1.2 (OASIS).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from xml.etree.ElementTree import Element

import requests

from integrations.documents import (
    LOGIN_PAGE,
    block,
    is_markup,
    is_web_page,
    load_object,
    quote,
    read_moment,
    rows,
)
from integrations.errors import IntegrationError, PayloadError
from integrations.meteoalarm_xml import parse_xml
from integrations.web import TIMEOUT_S, Web
from policies.model import OfficialWarning, WarningLevel

SERVICE: Final = "meteoalarm"
DEFAULT_URL: Final = "https://feeds.meteoalarm.org"
LARGEST_FEED_BYTES: Final = 8 * 1024 * 1024  # a large country on a stormy day has thousands
MOST_DETAILS: Final = 5
_WHAT: Final = "a feed of MeteoAlarm"
_ACCEPT: Final = {"Accept": "application/atom+xml, application/cap+xml, application/xml"}
_IN_FORCE: Final = frozenset({"Alert", "Update"})
_HEAT_TYPE: Final = "5"  # of `awareness_type`: "5; high-temperature"
_COLOURS: Final[Mapping[str, WarningLevel | None]] = {
    "green": None,
    "yellow": WarningLevel.ADVISORY,
    "orange": WarningLevel.WARNING,
    "red": WarningLevel.EXTREME,
}
_SEVERITIES: Final[Mapping[str, WarningLevel]] = {  # where no colour is told
    "moderate": WarningLevel.ADVISORY,
    "severe": WarningLevel.WARNING,
    "extreme": WarningLevel.EXTREME,
}
_TITLE: Final = re.compile(r"(?P<colour>\w+) (?P<kind>.+?) Warning issued for .+", re.DOTALL)
_HEAT: Final = re.compile(r"\bheat|high.temperature", re.IGNORECASE)
_CODE_IN_LINK: Final = re.compile(r"geocode=[A-Z0-9_]+:([A-Za-z0-9]+)")


class Meteoalarm:
    """Fetch the heat warnings for one area of one country (`daemon.ports.WarningService`)."""

    service: Final = SERVICE

    def __init__(
        self,
        country: str,
        area: str,
        *,
        user_agent: str,
        base_url: str = DEFAULT_URL,
        session: requests.Session | None = None,
        timeout_s: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        """Prepare the requests.

        The country is written as in the feeds' addresses ("united-kingdom"), the area by one of
        its codes ("FR035", "FR718") or by its name.

        Raises: PermanentError when `base_url` may not be asked.
        """
        url = f"{base_url.rstrip('/')}/feeds/meteoalarm-legacy-atom-{country}"
        self._web = Web(url, user_agent=user_agent, session=session, timeout_s=timeout_s)
        self._area = area
        self.name = f"{SERVICE} {country} {area}"

    def fetch(self, now_utc: datetime) -> tuple[OfficialWarning, ...]:
        """Fetch the feed, and of heat warnings for the area the message behind it.

        A message that cannot be had changes nothing: the feed's entry is a warning all the same.

        Raises: TransientError, PermanentError, and PayloadError when the answer is no feed.
        """
        answer = self._web.get(now_utc, headers=_ACCEPT, limit_bytes=LARGEST_FEED_BYTES)
        if not is_markup(answer.body):
            return parse_warnings(answer.body, now_utc, self._area)
        entries = parse_feed(answer.body, now_utc, self._area)
        return tuple(
            warning
            for number, entry in enumerate(entries)
            if (warning := self._detailed(entry, now_utc, may_ask=number < MOST_DETAILS))
        )

    def _detailed(
        self, entry: FeedEntry, now_utc: datetime, *, may_ask: bool
    ) -> OfficialWarning | None:
        """Return an entry's warning in the words of who warns; None when they took it back."""
        if entry.detail_url is None or not may_ask:
            return entry.warning
        try:
            answer = self._web.get(now_utc, url=entry.detail_url, headers=_ACCEPT)
            found = _from_cap(parse_xml(answer.body), now_utc, None)
        except IntegrationError:
            return entry.warning
        told = max(found, key=lambda warning: warning.level, default=None)
        return None if told is None else replace(told, area=entry.warning.area)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """Carry a warning as the feed's entry tells it, and where its message is."""

    warning: OfficialWarning
    detail_url: str | None


def parse_warnings(
    body: bytes, now_utc: datetime, area: str | None = None
) -> tuple[OfficialWarning, ...]:
    """Return the heat warnings in a feed, a CAP message or MeteoAlarm's JSON, whichever it is.

    Args:
        body: the answer.
        now_utc: what is over by then (aware) is left out.
        area: a code or the name of an area; None takes every area.

    Raises: PayloadError when it is none of the three, or a heat warning cannot be read.
    """
    if not is_markup(body):
        return tuple(_from_json(load_object(body), now_utc, area))
    if is_web_page(body):
        raise PayloadError(LOGIN_PAGE)
    root = parse_xml(body)
    if root.tag == "alert":
        return _from_cap(root, now_utc, area)
    return tuple(entry.warning for entry in _from_feed(root, now_utc, area))


def parse_feed(body: bytes, now_utc: datetime, area: str | None = None) -> tuple[FeedEntry, ...]:
    """Return the heat warnings of an Atom feed with their messages' addresses.

    Raises: PayloadError when it is no such feed, or a heat warning cannot be read.
    """
    if is_web_page(body):
        raise PayloadError(LOGIN_PAGE)
    return tuple(_from_feed(parse_xml(body), now_utc, area))


# --------------------------------------------------------------------------- the three forms


def _from_feed(root: Element, now_utc: datetime, area: str | None) -> Iterator[FeedEntry]:
    if root.tag != "feed":
        raise PayloadError(f"the XML is a {quote(root.tag)}, not {_WHAT}")
    seen: set[tuple[str, str]] = set()
    for entry in root.iterfind("entry"):
        level = _level_of_entry(entry)
        codes = [_text(code, "value") for code in entry.iterfind("geocode")]
        codes += [
            found[1]
            for link in entry.iterfind("link")
            if (found := _CODE_IN_LINK.search(link.get("href", "")))
        ]
        name = _text(entry, "areaDesc")
        if level is None or not _is_area(area, [name, *codes]):
            continue
        warning = _warning(
            identifier=_text(entry, "identifier") or _text(entry, "id"),
            sender="MeteoAlarm",
            event=_text(entry, "event"),
            level=level,
            area=name,
            times=(_text(entry, "onset") or _text(entry, "effective"), _text(entry, "expires")),
        )
        identity = (warning.warning_id, warning.area)
        if warning.ends_at > now_utc and identity not in seen:
            seen.add(identity)  # an area with two kinds of codes is listed twice
            yield FeedEntry(warning, _detail_url(entry))


def _level_of_entry(entry: Element) -> WarningLevel | None:
    """Return how serious an entry's heat warning is; None when it is nothing, or not of heat."""
    is_meant = _text(entry, "status") in {"", "Actual"}
    if not is_meant or _text(entry, "message_type") not in {"", *_IN_FORCE}:
        return None
    title = _TITLE.fullmatch(_text(entry, "title"))
    if title is not None and (colour := title["colour"].lower()) in _COLOURS:
        return _COLOURS[colour] if _HEAT.search(title["kind"]) else None
    if not _HEAT.search(_text(entry, "event")):
        return None
    return _SEVERITIES.get(_text(entry, "severity").lower())


def _detail_url(entry: Element) -> str | None:
    links = (link for link in entry.iterfind("link") if link.get("type") == "application/cap+xml")
    return next((link.get("href") for link in links), None)


def _from_cap(root: Element, now_utc: datetime, area: str | None) -> tuple[OfficialWarning, ...]:
    """Return the warnings of one CAP message as XML."""
    if root.tag != "alert":
        raise PayloadError(f"the XML is a {quote(root.tag)}, not a CAP message")
    infos = [
        {
            **{key: _text(info, key) for key in _INFO_KEYS},
            "responseType": [_text(found) for found in info.iterfind("responseType")],
            "parameter": [_pair(found) for found in info.iterfind("parameter")],
            "area": [
                {
                    "areaDesc": _text(found, "areaDesc"),
                    "geocode": [_pair(code) for code in found.iterfind("geocode")],
                }
                for found in info.iterfind("area")
            ],
        }
        for info in root.iterfind("info")
    ]
    alert = {key: _text(root, key) for key in ("identifier", "status", "msgType")}
    return tuple(_from_alert({**alert, "info": infos}, now_utc, area))


_INFO_KEYS: Final = (
    "language",
    "event",
    "severity",
    "effective",
    "onset",
    "expires",
    "senderName",
)


def _from_json(
    answer: Mapping[str, Any], now_utc: datetime, area: str | None
) -> Iterator[OfficialWarning]:
    """Yield the warnings of MeteoAlarm's JSON, without those that a newer message replaced."""
    alerts = [block(row, "alert", _WHAT) for row in rows(answer, "warnings", _WHAT)]
    replaced = " ".join(
        told for alert in alerts if isinstance(told := alert.get("references"), str)
    )
    for alert in alerts:
        identifier = alert.get("identifier")
        if not (isinstance(identifier, str) and f",{identifier}," in replaced):
            yield from _from_alert(alert, now_utc, area)


def _from_alert(
    alert: Mapping[str, Any], now_utc: datetime, area: str | None
) -> Iterator[OfficialWarning]:
    """Yield one warning for each of the alert's areas that is asked for."""
    infos = _some(alert, "info")
    if alert.get("status") != "Actual" or alert.get("msgType") not in _IN_FORCE or not infos:
        return
    info = next((each for each in infos if str(each.get("language")).startswith("en")), infos[0])
    level = _level_of_info(info)
    if level is None:
        return
    for place in _some(info, "area"):
        codes = [str(code.get("value")) for code in _some(place, "geocode")]
        name = str(place.get("areaDesc") or "")
        if not _is_area(area, [name, *codes]):
            continue
        warning = _warning(
            identifier=str(alert.get("identifier") or ""),
            sender=str(info.get("senderName") or "MeteoAlarm"),
            event=str(info.get("event") or ""),
            level=level,
            area=name,
            times=(info.get("onset") or info.get("effective"), info.get("expires")),
        )
        if warning.ends_at > now_utc:
            yield warning


def _level_of_info(info: Mapping[str, Any]) -> WarningLevel | None:
    """Return how serious a CAP message's heat warning is; None when it is nothing, or not heat."""
    told = {
        str(pair.get("valueName")): str(pair.get("value")).lower()
        for pair in _some(info, "parameter")
    }
    kind = told.get("awareness_type", "").partition(";")[0].strip()
    is_heat = kind == _HEAT_TYPE if kind else bool(_HEAT.search(str(info.get("event"))))
    responses = info.get("responseType")
    is_all_clear = "AllClear" in (responses if isinstance(responses, list) else [responses])
    if not is_heat or is_all_clear:
        return None
    colour = told.get("awareness_level", "").split(";")
    if len(colour) > 1 and colour[1].strip() in _COLOURS:
        return _COLOURS[colour[1].strip()]
    return _SEVERITIES.get(str(info.get("severity")).lower())


# --------------------------------------------------------------------------- common parts


def _warning(
    *,
    identifier: str,
    sender: str,
    event: str,
    level: WarningLevel,
    area: str,
    times: tuple[object, object],
) -> OfficialWarning:
    return OfficialWarning(
        warning_id=quote(identifier),
        service=SERVICE,
        sender=quote(sender),
        event=quote(event),
        level=level,
        area=quote(area),
        starts_at=read_moment(times[0], "onset"),
        ends_at=read_moment(times[1], "expires"),
    )


def _some(answer: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """Return the objects of a list that may be absent. Raises: PayloadError."""
    return () if answer.get(name) is None else rows(answer, name, "a CAP message")


def _is_area(wanted: str | None, names: Sequence[str]) -> bool:
    return wanted is None or wanted.casefold() in {name.casefold() for name in names}


def _text(element: Element, tag: str | None = None) -> str:
    found = element if tag is None else element.find(tag)
    return "" if found is None else (found.text or "").strip()


def _pair(element: Element) -> dict[str, str]:
    return {"valueName": _text(element, "valueName"), "value": _text(element, "value")}
