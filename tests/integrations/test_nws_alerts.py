"""Of the NWS's alerts only heat counts, in earnest, and as long as it lasts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses

from daemon.ports import WarningService
from integrations.errors import PayloadError, TransientError
from integrations.nws_alerts import NwsAlerts, parse_alerts
from policies.model import WarningLevel

NOW = datetime(2024, 7, 18, 20, tzinfo=UTC)
URL = "https://api.weather.gov/alerts/active"
AGENT = "keepcool/0.1.0 anna@example.org"
Document = dict[str, Any]


def alert(**changes: object) -> Document:
    """Return an answer with one heat warning."""
    told = {
        "id": "urn:oid:1",
        "areaDesc": "Central Phoenix",
        "effective": "2024-07-18T12:47:00-07:00",
        "onset": "2024-07-19T10:00:00-07:00",
        "expires": "2024-07-19T03:00:00-07:00",
        "ends": "2024-07-20T20:00:00-07:00",
        "status": "Actual",
        "messageType": "Alert",
        "event": "Excessive Heat Warning",
        "senderName": "NWS Phoenix AZ",
    } | changes
    return {"@context": {}, "type": "FeatureCollection", "features": [{"properties": told}]}


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """Return the pretended web; it refuses whatever a test did not add."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.mark.parametrize(
    ("zone", "query", "name"),
    [(None, "point=33.45,-112.07", "nws"), ("AZZ540", "zone=AZZ540", "nws AZZ540")],
)
def test_place_or_zone_is_asked_for(
    web: responses.RequestsMock, zone: str | None, query: str, name: str
) -> None:
    """The home's place with two decimals, or the zone of the settings."""
    web.get(URL, json=alert())
    service: WarningService = NwsAlerts(33.4484, -112.074, user_agent=AGENT, zone=zone)
    (warning,) = service.fetch(NOW)
    assert str(web.calls[0].request.url).replace("%2C", ",") == f"{URL}?{query}"
    assert web.calls[0].request.headers["User-Agent"] == AGENT
    assert service.name == name
    assert (warning.sender, warning.event) == ("NWS Phoenix AZ", "Excessive Heat Warning")
    assert warning.ends_at == datetime(2024, 7, 21, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "level"),
    [
        ("Heat Advisory", WarningLevel.ADVISORY),
        ("Excessive Heat Watch", WarningLevel.ADVISORY),
        ("Extreme Heat Watch", WarningLevel.ADVISORY),
        ("Excessive Heat Warning", WarningLevel.WARNING),
        ("Extreme Heat Warning", WarningLevel.WARNING),
    ],
)
def test_heat_has_the_names_of_both_years(event: str, level: WarningLevel) -> None:
    """What was "Excessive" is "Extreme" since 2025; both are read."""
    (warning,) = parse_alerts(alert(event=event), NOW)
    assert warning.level is level


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "Test"},
        {"status": "Exercise"},
        {"status": "Draft"},
        {"status": None},
        {"messageType": "Cancel"},
        {"messageType": "Ack"},
        {"event": "Air Quality Alert"},
        {"event": "Extreme Cold Warning"},
        {"ends": "2024-07-18T19:59:00+00:00"},
        {"ends": "2024-07-18T20:00:00+00:00"},
        {"ends": None, "expires": "2024-07-18T19:00:00+00:00"},
    ],
)
def test_what_is_not_heat_in_earnest_and_in_force_is_nothing(changes: Document) -> None:
    """Tests, cancelled ones, other weather and what is over warn nobody."""
    assert parse_alerts(alert(**changes), NOW) == ()


def test_message_may_expire_before_what_it_warns_of() -> None:
    """`expires` is when the service speaks again; `ends` is when the heat does."""
    later = datetime(2024, 7, 19, 12, tzinfo=UTC)
    (warning,) = parse_alerts(alert(), later)
    assert warning.ends_at > later
    (open_ended,) = parse_alerts(alert(ends=None), NOW)
    assert open_ended.ends_at == datetime(2024, 7, 19, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({}, "not alerts of the NWS"),
        ({"type": "FeatureCollection", "features": []}, "not alerts of the NWS"),
        ({"@context": {}, "type": "FeatureCollection"}, "'features' is missing"),
        ({"@context": {}, "type": "FeatureCollection", "features": [{}]}, "names no event"),
        (alert(ends="soon"), "ends holds soon, not an ISO time"),
        (alert(ends=None, expires=None), "ends holds missing"),
        (alert(onset="2024-07-19T10:00:00"), "onset holds .* a time without its offset"),
    ],
)
def test_what_cannot_be_read_is_refused(document: Document, complaint: str) -> None:
    """Each wrong shape is one PayloadError that says what is wrong with it."""
    with pytest.raises(PayloadError, match=complaint):
        parse_alerts(document, NOW)


def test_foreign_words_cannot_forge_a_line() -> None:
    """Line breaks and control characters of an answer never reach a log or a phone."""
    (warning,) = parse_alerts(alert(senderName="NWS\n\x1b[31mEVIL", areaDesc="a\rb"), NOW)
    assert (warning.sender, warning.area) == ("NWS??[31mEVIL", "a?b")


def test_refusal_is_one_of_our_errors(web: responses.RequestsMock) -> None:
    """A failing service is a TransientError with its status."""
    web.get(URL, status=503)
    with pytest.raises(TransientError, match="HTTP 503"):
        NwsAlerts(33.45, -112.07, user_agent=AGENT).fetch(NOW)


def test_recorded_alerts_are_read(shared_data: Path) -> None:
    """Phoenix in July 2024 is one warning; a test, a flood and an empty list are none."""
    folder = shared_data / "fixtures" / "nws"
    (phoenix,) = parse_alerts(
        (folder / "alerts_phoenix_excessive_heat_2024.json").read_bytes(), NOW
    )
    assert (phoenix.sender, phoenix.level) == ("NWS Phoenix AZ", WarningLevel.WARNING)
    assert phoenix.ends_at - phoenix.starts_at == timedelta(hours=34)
    march = datetime(2026, 3, 24, 15, tzinfo=UTC)
    (advisory,) = parse_alerts((folder / "alerts_with_test_message.json").read_bytes(), march)
    assert (advisory.event, advisory.level) == ("Heat Advisory", WarningLevel.ADVISORY)
    for name, now in (
        ("alerts_active_zone", datetime(2020, 1, 1, tzinfo=UTC)),
        ("alerts_empty", NOW),
    ):
        document = json.loads((folder / f"{name}.json").read_text())
        assert parse_alerts(document, now) == ()
