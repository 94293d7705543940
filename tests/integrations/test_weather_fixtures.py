"""Every recorded answer is read by the parser of its service and refused by all others."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integrations import met_norway, meteoalarm, nws, nws_alerts, open_meteo
from integrations.errors import PayloadError
from integrations.ha_weather import parse_forecast as parse_entity

LONG_AGO = datetime(2010, 1, 1, tzinfo=UTC)  # nothing recorded is over by then


def count_open_meteo(body: bytes) -> int:
    """Return the hours that Open-Meteo's parser finds."""
    return len(open_meteo.parse_forecast(body, LONG_AGO).hours)


def count_met_norway(body: bytes) -> int:
    """Return the hours that MET Norway's parser finds, the recording's wrapping taken off."""
    document = json.loads(body) if body.startswith(b"{") else body
    if isinstance(document, dict) and "status_code" in document:
        document = document["data"]
    is_object = isinstance(document, dict)
    return len(met_norway.parse_forecast(document if is_object else body, LONG_AGO).hours)


def count_nws(body: bytes) -> int:
    """Return the hours that the NWS's parser finds."""
    return len(nws.parse_forecast(body, LONG_AGO).hours)


def count_nws_alerts(body: bytes) -> int:
    """Return the heat warnings that the NWS's parser finds."""
    return len(nws_alerts.parse_alerts(body, LONG_AGO))


def count_meteoalarm(body: bytes) -> int:
    """Return the heat warnings that MeteoAlarm's parser finds."""
    return len(meteoalarm.parse_warnings(body, LONG_AGO))


def count_entity(body: bytes) -> int:
    """Return the hours that the parser of Home Assistant's entities finds."""
    document: Any = json.loads(body) if body.startswith((b"{", b"[")) else {}
    answer = document if isinstance(document, dict) else {}
    return len(parse_entity(answer, "weather.home", {"temperature_unit": "°C"}, LONG_AGO).hours)


PARSERS: dict[str, Callable[[bytes], int]] = {
    "open_meteo": count_open_meteo,
    "met_norway": count_met_norway,
    "nws": count_nws,
    "nws_alerts": count_nws_alerts,
    "meteoalarm": count_meteoalarm,
    "home_assistant": count_entity,
}
# Which parsers read a recording, and how many hours or heat warnings they find; every other parser
# refuses it. Services that keepcool does not speak to are refused by all.
READ: dict[str, dict[str, int]] = {
    "home_assistant/history_period_trimmed.json": {},
    "met_norway/lat40.7lon-74.0altitude10_compact.json": {"met_norway": 56},
    "met_norway/lat51.5lon-0.1altitude25_complete.json": {"met_norway": 56},
    "met_norway/metalerts.json": {},
    "meteoalarm/france_sample.xml": {"meteoalarm": 0},
    "meteoalarm/france_sample_detail.xml": {"meteoalarm": 0},
    "meteoalarm/ireland_sample_detail.xml": {"meteoalarm": 0},
    "meteoalarm/netherlands_api.json": {"meteoalarm": 0},
    "meteoalarm/uk_nothern_ireland_sample_detail.xml": {"meteoalarm": 0},
    "meteoalarm/uk_sample.xml": {"meteoalarm": 0},
    "nws/alerts_active_zone.json": {"nws_alerts": 0},
    "nws/alerts_empty.json": {"nws_alerts": 0},
    "nws/alerts_phoenix_excessive_heat_2024.json": {"nws_alerts": 1},
    "nws/alerts_with_test_message.json": {"nws_alerts": 1},
    "nws/forecast_response.json": {},
    "nws/gridpoints_forecast_hourly_empty_us.json": {},
    "nws/gridpoints_forecast_hourly_si.json": {"nws": 2},
    "nws/gridpoints_forecast_hourly_us.json": {"nws": 2},
    "nws/observation_latest.json": {},
    "nws/observation_missing_value.json": {},
    "nws/points.json": {},
    "open_meteo/errors.json": {},
    "open_meteo/melbourne_daily_local.json": {},
    "open_meteo/melbourne_hourly_utc.json": {"open_meteo": 168},
    "open_meteo/newjersey_daily.json": {},
    "open_meteo/newjersey_hourly.json": {"open_meteo": 336},
    "open_meteo/toronto_fahrenheit.json": {"open_meteo": 192},
    "openweathermap/onecall_kelvin_excerpt.json": {},
    "other/brightsky_alerts.json": {},
    "other/eccc_alerts.json": {},
}


@pytest.mark.parametrize("name", READ)
def test_recording_is_read_by_its_own_parser_and_refused_by_others(
    shared_data: Path, name: str
) -> None:
    """Hours and warnings are found where they are; everything else is a PayloadError in words."""
    body = (shared_data / "fixtures" / name).read_bytes()
    for parser, count in PARSERS.items():
        if parser in READ[name]:
            assert count(body) == READ[name][parser], parser
        else:
            with pytest.raises(PayloadError) as caught:
                count(body)
            assert len(str(caught.value)) > 15, parser


def test_no_recording_is_forgotten(shared_data: Path) -> None:
    """Each file of the folder has its row."""
    folder = shared_data / "fixtures"
    assert {
        path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.is_file()
    } == set(READ)


@pytest.mark.parametrize(
    ("name", "parser", "complaint"),
    [
        ("openweathermap/onecall_kelvin_excerpt.json", "open_meteo", "not an hourly answer of"),
        ("other/brightsky_alerts.json", "nws_alerts", "not alerts of the NWS"),
        ("other/brightsky_alerts.json", "meteoalarm", "not a feed of MeteoAlarm"),
        ("other/eccc_alerts.json", "nws_alerts", "not alerts of the NWS"),
        ("met_norway/metalerts.json", "nws_alerts", "not alerts of the NWS"),
        ("nws/forecast_response.json", "nws", "lasts 10 hours, not one"),
        ("nws/gridpoints_forecast_hourly_empty_us.json", "nws", "no hour with a temperature"),
        ("nws/points.json", "nws", "'periods' is missing"),
        ("meteoalarm/uk_sample.xml", "open_meteo", "answer is XML, not JSON"),
    ],
)
def test_refusal_says_what_is_wrong(
    shared_data: Path, name: str, parser: str, complaint: str
) -> None:
    """The words name what was expected, or what is missing."""
    body = (shared_data / "fixtures" / name).read_bytes()
    with pytest.raises(PayloadError, match=complaint):
        PARSERS[parser](body)
