"""A push says on each kind of phone what its severity means, and nothing about it is left over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import TransientError
from integrations.messages import PhoneButton, PhoneMessage
from integrations.mobile_app import LONGEST_TAG_BYTES, MobileApp, build_payload, fitting_tag
from policies.alert import Severity
from policies.model import PhoneKind


def message(kind: PhoneKind, severity: int, **changes: Any) -> PhoneMessage:  # noqa: ANN401
    """Return a push with two buttons."""
    values = {
        "service": "mobile_app_annas_phone",
        "kind": kind,
        "tag": "heat:anna:1",
        "title": "Cool down now: living room 29°",
        "body": "Over the limit you set.",
        "severity": severity,
        "buttons": (PhoneButton("A", "I'm on it"), PhoneButton("B", "Drank 200 ml")),
    }
    return PhoneMessage(**{**values, **changes})


def data(kind: PhoneKind, severity: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the phone's part of the payload, without tag and buttons."""
    payload = build_payload(message(kind, severity, **changes))["data"]
    assert isinstance(payload, dict)
    return {key: value for key, value in payload.items() if key not in {"tag", "actions"}}


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (Severity.NUDGE, {"channel": "keepcool nudges", "importance": "low", "alert_once": True}),
        (
            Severity.WARNING,
            {"channel": "keepcool warnings", "importance": "default", "ttl": 0, "priority": "high"},
        ),
        (
            Severity.LOUD_WARNING,
            {
                "channel": "keepcool loud warnings",
                "importance": "high",
                "ttl": 0,
                "priority": "high",
            },
        ),
        (
            Severity.CRITICAL,
            {
                "channel": "alarm_stream",
                "importance": "high",
                "ttl": 0,
                "priority": "high",
                "confirmation": True,  # the phone is asked to say that it got it
            },
        ),
    ],
)
def test_android(severity: Severity, expected: dict[str, object]) -> None:
    """A nudge is silent, a warning wakes the phone, a critical plays with the alarm's sound."""
    assert data(PhoneKind.ANDROID, severity) == expected


@pytest.mark.parametrize(
    ("severity", "sound", "level"),
    [
        (Severity.NUDGE, "none", "passive"),
        (Severity.WARNING, "default", "active"),
        (Severity.LOUD_WARNING, "default", "time-sensitive"),
        (Severity.CRITICAL, {"name": "default", "critical": 1, "volume": 1.0}, "critical"),
    ],
)
def test_iphone(severity: Severity, sound: object, level: str) -> None:
    """A nudge is passive, a loud warning passes focus, a critical passes the mute switch."""
    assert data(PhoneKind.IPHONE, severity) == {
        "push": {"sound": sound, "interruption-level": level}
    }


@pytest.mark.parametrize("kind", PhoneKind)
def test_words_tag_and_buttons(kind: PhoneKind) -> None:
    """Title, body, tag and buttons go out as they are."""
    payload = build_payload(message(kind, Severity.WARNING))
    assert payload["title"] == "Cool down now: living room 29°"
    assert payload["message"] == "Over the limit you set."
    phone_data = payload["data"]
    assert isinstance(phone_data, dict)
    assert phone_data["tag"] == "heat:anna:1"
    assert phone_data["actions"] == [
        {"action": "A", "title": "I'm on it"},
        {"action": "B", "title": "Drank 200 ml"},
    ]


@pytest.mark.parametrize(("given_buttons", "shown"), [(0, None), (3, 3), (4, 3)])
def test_at_most_three_buttons(given_buttons: int, shown: int | None) -> None:
    """A phone gets no more buttons than it can show, and no empty list."""
    buttons = tuple(PhoneButton(f"A{number}", "x") for number in range(given_buttons))
    payload = build_payload(message(PhoneKind.ANDROID, Severity.WARNING, buttons=buttons))
    phone_data = payload["data"]
    assert isinstance(phone_data, dict)
    assert (len(phone_data["actions"]) if "actions" in phone_data else None) == shown


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (PhoneKind.ANDROID, {"tag": "heat:anna:1", "ttl": 0, "priority": "high"}),
        (PhoneKind.IPHONE, {"tag": "heat:anna:1"}),
    ],
)
def test_clear_takes_the_tag_off(kind: PhoneKind, expected: dict[str, object]) -> None:
    """A clear carries the tag and no words, and wakes an Android phone to be carried out."""
    payload = build_payload(message(kind, Severity.CRITICAL, is_clear=True))
    assert payload == {"message": "clear_notification", "data": expected}


@pytest.mark.parametrize("severity", [-3, 0, 9])
def test_severity_outside_the_scale_is_refused_or_held(severity: int) -> None:
    """A severity for the display becomes a nudge; one that does not exist is a mistake of ours."""
    if severity == 0:
        assert data(PhoneKind.ANDROID, severity)["channel"] == "keepcool nudges"
    else:
        with pytest.raises(ValueError, match="Severity"):
            build_payload(message(PhoneKind.ANDROID, severity))


def test_push_goes_to_the_phones_service() -> None:
    """The service called is the phone's own, and a failure comes through as it is."""
    called: list[tuple[str, str, Mapping[str, object]]] = []
    warning = message(PhoneKind.ANDROID, Severity.WARNING)
    MobileApp(lambda *call: called.append(call)).send(warning)
    assert called == [("notify", "mobile_app_annas_phone", build_payload(warning))]

    def fail(*_call: object) -> None:
        raise TransientError("away")

    with pytest.raises(TransientError, match="away"):
        MobileApp(fail).send(warning)


@given(first=st.text(max_size=200), second=st.text(max_size=200))
def test_any_tag_fits_a_phone(first: str, second: str) -> None:
    """Every tag fits into 64 bytes, the same one always alike, and different ones differ."""
    assert len(fitting_tag(first).encode()) <= LONGEST_TAG_BYTES
    assert fitting_tag(first) == fitting_tag(first)
    assert (fitting_tag(first) == fitting_tag(second)) is (first == second)


def test_short_tag_stays_as_it_is() -> None:
    """A tag of 64 bytes is untouched, one of 65 is shortened."""
    assert fitting_tag("x" * 64) == "x" * 64
    assert fitting_tag("x" * 65) != "x" * 65


@pytest.mark.parametrize("kind", list(PhoneKind))
def test_a_picture_is_named_by_its_path(kind: PhoneKind) -> None:
    """Both apps read `image` and fetch it from Home Assistant; without one nothing is said."""
    path = "/api/image_proxy/image.keepcool_living_next_24_hours"
    assert data(kind, Severity.WARNING, image=path)["image"] == path
    assert "image" not in data(kind, Severity.WARNING)
    cleared = build_payload(message(kind, Severity.WARNING, image=path, is_clear=True))["data"]
    assert isinstance(cleared, dict)
    assert "image" not in cleared
