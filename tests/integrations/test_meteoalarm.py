"""MeteoAlarm's three forms give the same warnings; green, tests and other weather give none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from daemon.ports import WarningService
from integrations.errors import PayloadError, TransientError
from integrations.meteoalarm import Meteoalarm, parse_feed, parse_warnings
from policies.model import WarningLevel

NOW = datetime(2026, 8, 14, 10, tzinfo=UTC)
ENDS = datetime(2026, 8, 15, 17, tzinfo=UTC)
FEED = "https://feeds.meteoalarm.org/feeds/meteoalarm-legacy-atom-germany"
DETAIL = "https://feeds.meteoalarm.org/api/v1/warnings/feeds-germany/one"
AGENT = "keepcool/0.1.0"
ADVISORY, WARNING, EXTREME = WarningLevel


def entry(**changes: str) -> str:
    """Return one entry of a feed: orange heat in Frankfurt, as Germany words it."""
    told = {
        "title": "Orange High-temperature Warning issued for Germany - Stadt Frankfurt",
        "event": "strong heat",
        "severity": "Minor",
        "status": "Actual",
        "message_type": "Alert",
        "expires": "2026-08-15T17:00:00+00:00",
        "identifier": "2.49.0.0.276.0.DWD.1",
        "detail": DETAIL,
        "area": "Stadt Frankfurt",
    } | changes
    return (
        "<entry><cap:geocode><valueName>NUTS3</valueName><value>DE712</value></cap:geocode>"
        '<link href="https://meteoalarm.org?geocode=EMMA_ID:DE045" hreflang="en"/>'
        f"<cap:areaDesc>{told['area']}</cap:areaDesc><cap:event>{told['event']}</cap:event>"
        f"<cap:expires>{told['expires']}</cap:expires>"
        "<cap:effective>2026-08-14T07:28:00+00:00</cap:effective>"
        "<cap:onset>2026-08-14T09:00:00+00:00</cap:onset>"
        f"<cap:severity>{told['severity']}</cap:severity><cap:status>{told['status']}</cap:status>"
        f"<cap:message_type>{told['message_type']}</cap:message_type>"
        f"<cap:identifier>{told['identifier']}</cap:identifier>"
        f'<link href="{told["detail"]}" type="application/cap+xml"/>'
        f"<title>{told['title']}</title></entry>"
    )


def feed(*entries: str) -> bytes:
    """Return a feed of these entries."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        f'xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">{"".join(entries)}</feed>'
    ).encode()


def info(language: str = "en-GB", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return the content of a CAP message as MeteoAlarm's JSON writes it."""
    return {
        "language": language,
        "event": "Official WARNING of STRONG HEAT",
        "severity": "Moderate",
        "onset": "2026-08-14T09:00:00+00:00",
        "effective": "2026-08-14T07:28:00+00:00",
        "expires": "2026-08-15T17:00:00+00:00",
        "senderName": "Deutscher Wetterdienst",
        "responseType": ["Prepare"],
        "parameter": [
            {"valueName": "awareness_type", "value": "5; high-temperature"},
            {"valueName": "awareness_level", "value": "3; orange; Severe"},
        ],
        "area": [
            {
                "areaDesc": "Stadt Frankfurt",
                "geocode": [{"valueName": "EMMA_ID", "value": "DE045"}],
            }
        ],
    } | changes


def alert(*infos: dict[str, Any], **changes: str) -> dict[str, Any]:
    """Return one alert of MeteoAlarm's JSON."""
    told = {"identifier": "2.49.0.0.276.0.DWD.1", "status": "Actual", "msgType": "Alert"}
    return told | changes | {"info": list(infos or (info(),))}


def as_json(*alerts: dict[str, Any]) -> bytes:
    """Return MeteoAlarm's JSON with these alerts."""
    return json.dumps({"warnings": [{"alert": each, "uuid": "x"} for each in alerts]}).encode()


def as_cap(told: dict[str, Any]) -> bytes:
    """Return an alert as a CAP message."""

    def pairs(tag: str, found: list[dict[str, str]]) -> str:
        return "".join(
            f"<{tag}><valueName>{each['valueName']}</valueName><value>{each['value']}</value></{tag}>"
            for each in found
        )

    infos = "".join(
        "<info>"
        + "".join(
            f"<{key}>{value}</{key}>" for key, value in each.items() if isinstance(value, str)
        )
        + "".join(f"<responseType>{kind}</responseType>" for kind in each["responseType"])
        + pairs("parameter", each["parameter"])
        + "".join(
            f"<area><areaDesc>{area['areaDesc']}</areaDesc>"
            f"{pairs('geocode', area['geocode'])}</area>"
            for area in each["area"]
        )
        + "</info>"
        for each in told["info"]
    )
    head = "".join(f"<{key}>{told[key]}</{key}>" for key in ("identifier", "status", "msgType"))
    return (f'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">{head}{infos}</alert>').encode()


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """Return the pretended web; it refuses whatever a test did not add."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def service() -> WarningService:
    """Return the service for Frankfurt."""
    return Meteoalarm("germany", "DE045", user_agent=AGENT)


# --------------------------------------------------------------------------- fetching


def test_feed_is_asked_first_and_then_who_warns(
    web: responses.RequestsMock, service: WarningService
) -> None:
    """The entry finds the warning, its message names the service; other areas cost nothing."""
    elsewhere = entry(area="Berlin").replace("DE045", "DE300").replace("DE712", "DE301")
    web.get(FEED, body=feed(elsewhere, entry(), entry()))
    web.get(DETAIL, body=as_cap(alert()))
    (warning,) = service.fetch(NOW)
    assert (warning.sender, warning.event) == (
        "Deutscher Wetterdienst",
        "Official WARNING of STRONG HEAT",
    )
    assert (warning.level, warning.area, warning.ends_at) == (WARNING, "Stadt Frankfurt", ENDS)
    assert service.name == "meteoalarm germany DE045"
    assert [call.request.url for call in web.calls] == [FEED, DETAIL]


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 500},
        {"status": 404},
        {"body": b"<html>Welcome"},
        {"body": b"<!DOCTYPE x [<!ENTITY a 'b'>]><alert>&a;</alert>"},
    ],
)
def test_message_that_cannot_be_had_loses_no_warning(
    web: responses.RequestsMock, service: WarningService, reply: dict[str, Any]
) -> None:
    """The feed's entry is a warning all the same, in MeteoAlarm's name."""
    web.get(FEED, body=feed(entry()))
    web.get(DETAIL, **reply)
    (warning,) = service.fetch(NOW)
    assert (warning.sender, warning.event, warning.level) == ("MeteoAlarm", "strong heat", WARNING)


@pytest.mark.parametrize(
    "detail", ["https://elsewhere.example.org/one", "http://feeds.meteoalarm.org/one", "file:///x"]
)
def test_message_on_another_server_is_not_fetched(
    web: responses.RequestsMock, service: WarningService, detail: str
) -> None:
    """A feed cannot send the daemon elsewhere."""
    web.get(FEED, body=feed(entry(detail=detail)))
    (warning,) = service.fetch(NOW)
    assert warning.sender == "MeteoAlarm"
    assert len(web.calls) == 1


def test_message_that_takes_the_warning_back_counts(
    web: responses.RequestsMock, service: WarningService
) -> None:
    """An entry whose message says cancelled is nothing."""
    web.get(FEED, body=feed(entry()))
    web.get(DETAIL, body=as_cap(alert(msgType="Cancel")))
    assert service.fetch(NOW) == ()


def test_no_more_than_five_messages_are_fetched(
    web: responses.RequestsMock, service: WarningService
) -> None:
    """The rest of a long list stands as the feed tells it."""
    web.get(FEED, body=feed(*(entry(identifier=f"id-{number}") for number in range(9))))
    web.get(DETAIL, body=as_cap(alert()))
    assert len(service.fetch(NOW)) == 9
    assert len(web.calls) == 1 + 5


def test_feed_that_answers_in_json_is_read_too(
    web: responses.RequestsMock, service: WarningService
) -> None:
    """Should the old feed one day answer as the newer interface does, it is understood."""
    web.get(FEED, body=as_json(alert()))
    assert [warning.level for warning in service.fetch(NOW)] == [WARNING]


def test_large_feed_is_read_and_an_endless_one_refused(
    web: responses.RequestsMock, service: WarningService
) -> None:
    """A country's stormy day may be several MB; there is an end all the same."""
    web.get(FEED, body=feed("<entry><title>x</title></entry>" * 100_000))
    assert service.fetch(NOW) == ()
    web.get(FEED, body=b"<feed>" + b" " * (9 * 1024 * 1024))
    with pytest.raises(PayloadError, match="larger than 8 MB"):
        service.fetch(NOW)


def test_country_that_there_is_not_is_told(
    web: responses.RequestsMock, service: WarningService
) -> None:
    """A failing feed is one of our errors."""
    web.get(FEED, status=503)
    with pytest.raises(TransientError, match="HTTP 503"):
        service.fetch(NOW)


# --------------------------------------------------------------------------- what is a warning


@pytest.mark.parametrize(
    ("colour", "level"), [("Yellow", ADVISORY), ("Orange", WARNING), ("Red", EXTREME)]
)
def test_titles_colour_counts_whatever_the_severity(colour: str, level: WarningLevel) -> None:
    """Germany's yellow is Minor in CAP's words: the title is the same for all countries."""
    title = f"{colour} High-temperature Warning issued for Germany - Stadt Frankfurt"
    (found,) = parse_feed(feed(entry(title=title)), NOW)
    assert found.warning.level is level
    assert found.detail_url == DETAIL


@pytest.mark.parametrize(
    ("severity", "level"),
    [("Moderate", ADVISORY), ("Severe", WARNING), ("Extreme", EXTREME), ("Minor", None)],
)
def test_without_a_title_event_and_severity_count(
    severity: str, level: WarningLevel | None
) -> None:
    """An entry in other words is read by its event."""
    changed = entry(title="Warnung", event="Extreme heat", severity=severity)
    assert [each.warning.level for each in parse_feed(feed(changed), NOW)] == (
        [] if level is None else [level]
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Green High-temperature Warning issued for Germany - Stadt Frankfurt"},
        {"title": "Yellow Low-temperature Warning issued for Germany - x", "event": "heat"},
        {"title": "Orange Wind Warning issued for Germany - Stadt Frankfurt"},
        {"status": "Test"},
        {"status": "Exercise"},
        {"message_type": "Cancel"},
        {"expires": "2026-08-14T10:00:00+00:00"},
        {"title": "x", "event": "Wheat harvest"},
    ],
)
def test_entry_that_is_nothing(changes: dict[str, str]) -> None:
    """Green, other weather, tests, cancelled ones and what is over warn nobody."""
    assert parse_feed(feed(entry(**changes)), NOW) == ()


@pytest.mark.parametrize("area", ["DE045", "de712", "Stadt Frankfurt", "STADT FRANKFURT", None])
def test_area_is_known_by_each_of_its_codes_and_its_name(area: str | None) -> None:
    """EMMA code, NUTS code and name all mean the same place."""
    assert len(parse_warnings(feed(entry()), NOW, area)) == 1
    assert parse_warnings(feed(entry()), NOW, "Frankfurt") == ()


both_forms = pytest.mark.parametrize("write", [as_json, as_cap], ids=["json", "cap"])


@both_forms
def test_message_says_who_warns_in_english(write: Any) -> None:  # noqa: ANN401
    """Of several languages the English one is taken, else the first."""
    german = info("de-DE", event="Amtliche WARNUNG vor HITZE", senderName="DWD")
    (warning,) = parse_warnings(write(alert(german, info())), NOW)
    assert warning.sender == "Deutscher Wetterdienst"
    (warning,) = parse_warnings(write(alert(german)), NOW)
    assert warning.event == "Amtliche WARNUNG vor HITZE"


@both_forms
@pytest.mark.parametrize(
    ("kind", "colour", "level"),
    [
        ("5; high-temperature", "2; yellow; Moderate", ADVISORY),
        ("5; High-Temperature", "3; Orange; Severe", WARNING),
        ("5; high-temperature", "4; red; Extreme", EXTREME),
        ("5; high-temperature", "1; green; Minor", None),
        ("1; Wind", "4; red; Extreme", None),
        ("6; low-temperature", "3; orange; Severe", None),
    ],
)
def test_type_and_level_are_read_in_every_spelling(
    write: Any,  # noqa: ANN401
    kind: str,
    colour: str,
    level: WarningLevel | None,
) -> None:
    """Capitals differ from country to country; green comes as an alert and is none."""
    told = [
        {"valueName": "awareness_type", "value": kind},
        {"valueName": "awareness_level", "value": colour},
    ]
    found = parse_warnings(write(alert(info(parameter=told))), NOW)
    assert [warning.level for warning in found] == ([] if level is None else [level])


@both_forms
@pytest.mark.parametrize(
    "changed",
    [
        alert(status="Test"),
        alert(msgType="Cancel"),
        alert(info(responseType=["AllClear"])),
        alert(info(expires="2026-08-14T10:00:00+00:00")),
        alert(info(parameter=[], event="Strong wind")),
    ],
)
def test_message_that_is_nothing(write: Any, changed: dict[str, Any]) -> None:  # noqa: ANN401
    """Tests, cancelled and all-clear messages and what is over warn nobody."""
    assert parse_warnings(write(changed), NOW) == ()


@both_forms
def test_message_without_parameters_is_read_by_its_event(write: Any) -> None:  # noqa: ANN401
    """A service that tells no awareness type still warns of heat in words."""
    (warning,) = parse_warnings(write(alert(info(parameter=[]))), NOW)
    assert warning.level is ADVISORY


def test_replaced_message_does_not_count_beside_its_update() -> None:
    """What a newer message refers to is history."""
    update = alert(identifier="new", msgType="Update")
    update["references"] = "dwd@example.org,2.49.0.0.276.0.DWD.1,2026-08-14T07:00:00+00:00"
    found = parse_warnings(as_json(alert(), update), NOW)
    assert [warning.warning_id for warning in found] == ["new"]


# --------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"<html>Welcome", "login page"),
        (b"<!DOCTYPE html><html>", "login page"),
        (b"<rss/>", "login page|not a feed of MeteoAlarm"),
        (b'<?xml version="1.0"?><rss/>', "is a rss, not a feed of MeteoAlarm"),
        (b'<?xml version="1.0"?><feed>', "not XML"),
        (b'<?xml version="1.0" encoding="klingon"?><feed/>', "not XML"),
        (b'<?xml version="1.0"?><!DOCTYPE feed><feed/>', "declares a document type"),
        (
            b'<?xml version="1.0"?><!DOCTYPE f [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><f>&b;</f>',
            "declares a document type",
        ),
        (
            b'<?xml version="1.0"?><!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><f>&x;</f>',
            "declares a document type",
        ),
        (b'<?xml version="1.0"?>' + b"<a>" * 50, "nested too deeply"),
        (b"{}", "'warnings' is missing: not a feed of MeteoAlarm"),
        (b'{"warnings": [{}]}', "'alert' is missing"),
        (b"", "not JSON"),
    ],
)
def test_what_is_no_feed_is_refused_in_words(body: bytes, complaint: str) -> None:
    """Login pages, other documents, and XML's ways to read files or laugh by the billion."""
    with pytest.raises(PayloadError, match=complaint):
        parse_warnings(body, NOW)


def test_heat_warning_that_cannot_be_read_is_not_swallowed() -> None:
    """A warning of heat without an end is an error to be told, not nothing."""
    with pytest.raises(PayloadError, match="expires holds soon"):
        parse_feed(feed(entry(expires="soon")), NOW)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(info())), anything), anything)
def test_any_json_is_read_or_refused(changes: dict[str, Any], status: object) -> None:
    """Whatever a message holds, it is a warning, nothing, or a PayloadError."""
    told = alert(info() | changes) | ({} if status is None else {"status": status})
    try:
        found = parse_warnings(as_json(told), NOW)
    except PayloadError:
        return
    assert all(warning.ends_at > NOW for warning in found)


@given(st.binary(max_size=100).map(lambda tail: b"<feed" + tail))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Any bytes at all raise nothing but PayloadError."""
    try:
        assert parse_warnings(body, NOW) == ()
    except PayloadError as error:
        assert str(error)  # noqa: PT017 - either outcome is fine


def test_recorded_feeds_are_read(shared_data: Path) -> None:
    """Real feeds of winter days hold no heat, and their entries are understood."""
    folder = shared_data / "fixtures" / "meteoalarm"
    for path in sorted(folder.iterdir()):
        assert parse_warnings(path.read_bytes(), datetime(2022, 1, 1, tzinfo=UTC)) == (), path.name


def test_recorded_feed_of_a_heat_wave_would_be_heard(shared_data: Path) -> None:
    """The same real feed, with heat in place of snow, gives a warning for each of its areas."""
    body = (shared_data / "fixtures" / "meteoalarm" / "uk_sample.xml").read_bytes()
    hot = body.replace(b"Yellow Snow-ice", b"Orange High-temperature")
    found = parse_feed(hot, datetime(2022, 12, 7, tzinfo=UTC), "UK117")
    assert {entry.warning.area for entry in found} == {"Wales"}
    assert {entry.warning.level for entry in found} == {WARNING}
    assert all(
        (entry.detail_url or "").startswith("https://feeds.meteoalarm.org/") for entry in found
    )
