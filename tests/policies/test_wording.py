"""Wording: every text fits a phone and keeps to the words that we may use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import texts_en
from policies.alert import Message, Verb
from policies.blindness import BLIND_OR_POWERLESS
from policies.model import Flag, Person, PhoneKind
from policies.texts_en import TEXTS
from policies.wording import (
    SAFETY_CARD,
    SAFETY_SHORT,
    SAFETY_SHORT_FOR_CARER,
    button_title,
    carries_safety_text,
    plain_text,
    render,
    safety_card,
    safety_short,
)
from tests.builders import a_home, a_person, a_phone

ROOT = Path(__file__).resolve().parents[2]

# EVIDENCE 6, and DESIGN "Words we may use".
FORBIDDEN = re.compile(
    r"\b(treat\w*|prevent\w*|reduce\w* (cramps|relapses)|diagnos\w+|detect\w*|monitor\w*|safe\w*"
    r"|medical|clinical\w*|proven|risk|score|relapse\w*|danger\w*|cure\w*|therap\w+"
    r"|body temperature|core temperature|dehydrat\w+)\b",
    re.IGNORECASE,
)
VOLUME = re.compile(r"\d[\d,. ]*\s*(ml|l|litres?|liters?|cups?|glass(es)?)\b", re.IGNORECASE)

HOT: dict[str, Any] = {
    "since_day": "9 Jun",
    "room": "living room",
    "temperature_c": 29.2,
    "effective_temperature_c": 30.4,
    "relative_humidity_pct": 60.0,
    "limit_c": 29.0,
    "target_c": 24.0,
    "cooling": "off",
    "device": "AC",
    "fan": None,
    "expected_at_local": "15:00",
    "expected_temperature_c": 31.2,
    "since_local": "14:05",
    "until_local": "17:10",
    "sensor": "bedroom sensor",
    "reason": "stuck",
    "policy": "cooling",
    "drunk_ml": 600,
    "goal_ml": 1_800,
    "portion_ml": 200,
    "drunk_last_hour_ml": 1_500,
    "plan": "restricted",
    "has_salt_caution": False,
    "is_wanted_on": True,
    "detail": None,
    "age_hours": 14,
    "sender": "KNMI Royal Netherlands Meteorological Institute",
    "until_day": "sat",
    "forecast_maximum_c": 33.4,
    "forecast_maximum_at_local": "16:00",
    "outdoors": None,
    "last_seen_local": None,
    "forecast_until_local": None,
    "person": "Anna",
    "who": "Ben",
    "people": "Anna and Cleo",
    "summary": "Anna: living room 33°. Cleo: bedroom 34°.",
    "trouble": "trouble_room_blind",
    "blinds_at_local": "08:30",
    "close_at_local": "09:00",
    "expected_range_local": "14:00-17:00",
    "over_room": "living room",
    "over_at_local": "15:00",
    "over_range_local": "14:00-17:00",
    "hottest_room": "living room",
    "warmest_room": "living room",
    "expected_low_c": 30.4,
    "expected_high_c": 32.3,
}
CHOICES: dict[str, list[Any]] = {
    "cooling": [
        *("running", "starting", "off", "failed", "none", "fan_only"),
        *("resting", "cold_outdoors", "later"),
    ],
    "fan": [None, "ok", "wet_skin", "no_help"],
    "reason": ["stuck", "conflict", "rejected", "clock_skew"],
    "doubt": [None, "stuck", "conflict", "rejected"],
    "plan": [None, "restricted", "salt_loss", "prescriber"],
    "policy": ["heat_sensitivity", "hydration", "data_quality", "cooling"],
    "has_salt_caution": [False, True],
    "until_day": [None, "today", "tomorrow", "wed", "later"],
    "is_wanted_on": [False, True],
    "outdoors": [None, "cooler_now", "cooler_at_night", "warmer"],
    "last_seen_local": [None, "13:40"],
    "forecast_until_local": [None, "19:00"],
    "detail": [None, "not authorised"],
    "trouble": [None, *sorted(BLIND_OR_POWERLESS)],
    "blinds_at_local": [None, "08:30"],
    "expected_range_local": [None, "14:00-17:00"],
}
IPHONE = a_person(phones=(a_phone(kind=PhoneKind.IPHONE),))
RESTRICTED = a_person(flags=frozenset({Flag.FLUID_RESTRICTED}))

names = st.text(max_size=60) | st.sampled_from(["living room", "Anna's room", "AC", "x" * 200])
numbers = st.floats(-50, 80) | st.floats() | st.none() | st.integers(-(10**12), 10**12)
times = st.sampled_from(["15:00", "9:05", "14:05", "tomorrow at noon", None])


def variants() -> Iterator[dict[str, Any]]:
    """Yield the parameters with every phrase that they can choose; cooling and fan go together."""
    for cooling, fan in product(CHOICES["cooling"], CHOICES["fan"]):
        yield HOT | {"cooling": cooling, "fan": fan}
    for plan, has_salt_caution in product(CHOICES["plan"], CHOICES["has_salt_caution"]):
        yield HOT | {"plan": plan, "has_salt_caution": has_salt_caution}
    for key in set(CHOICES) - {"cooling", "fan", "plan", "has_salt_caution"}:
        for value in CHOICES[key]:
            yield HOT | {key: value}


def words_of(message_id: str, parameters: dict[str, Any], **person: Any) -> tuple[str, str]:  # noqa: ANN401
    """Return title and body for an iPhone's owner."""
    someone = a_person(phones=IPHONE.phones, **person)
    words = render(Message(message_id, parameters), someone, a_home(), (Verb.ON_IT,))
    return words.title, words.body


def test_safety_texts_are_word_for_word() -> None:
    """The two safety texts are as agreed, to the letter, with only the number to fill in."""
    assert SAFETY_SHORT == (
        "If you feel confused, faint, or worse than is usual for you, and 30 minutes of cooling "
        "has not helped, call {number}."
    )
    assert SAFETY_CARD == (
        "Call {number} now if any of this is new or worse than is usual for you: confusion or "
        "slurred speech; fainting, or being hard to wake; a seizure; very hot skin, fast breathing "
        "or a racing heart; a temperature of 40 °C or more; or if you are still unwell after 30 "
        "minutes of resting somewhere cool. While waiting: move to the coolest place, loosen "
        "clothing, wet the skin and fan it. Do not give drinks to someone who is confused or "
        "drowsy. Heat can make MS symptoms worse for a while; they should settle within a day of "
        "cooling down. New or worse symptoms for more than 24 hours, a fever, or burning when "
        "passing water: contact your MS team or a doctor. Do not stop or change medicines because "
        "of keepcool."
    )


def test_safety_texts_name_the_home_s_emergency_number() -> None:
    """Only the emergency number is filled in."""
    home = a_home(emergency_number="999")
    assert safety_short(home).endswith("has not helped, call 999.")
    assert safety_card(home).startswith("Call 999 now if any of this")
    assert "{" not in safety_short(home) + safety_card(home)


@pytest.mark.parametrize("message_id", sorted(TEXTS))
def test_safety_text_goes_with_level_3_and_above(message_id: str) -> None:
    """Levels 3 and 4 and their unanswered form carry the short text, nothing else does."""
    is_high = message_id in {
        *("heat_level_3", "heat_level_4", "heat_critical_unanswered", "heat_critical_repeated"),
        *("carer_heat", "carer_several_heat", "answered_heat"),
    }
    message = Message(message_id, HOT)
    assert carries_safety_text(message) is is_high
    safety_text = render(message, a_person(), a_home()).safety_text
    is_carers = message_id in {"carer_heat", "carer_several_heat"}
    text = SAFETY_SHORT_FOR_CARER if is_carers else SAFETY_SHORT
    assert safety_text == (text.format(number="112", whoever="Anna") if is_high else None)


def test_carers_safety_text_says_the_same_of_somebody_else() -> None:
    """A carer reads the fixed text, word for word, of whoever they are asked to call."""
    turned = SAFETY_SHORT_FOR_CARER.replace("{whoever} feels", "you feel")
    assert turned.replace("for them", "for you") == SAFETY_SHORT
    several = Message("carer_several_heat", {"people": "Anna and Cleo", "is_several": True})
    text = render(several, a_person(), a_home()).safety_text
    assert text is not None
    assert text.startswith("If one of them feels confused, faint")
    nobody = render(Message("carer_heat", {}), a_person(), a_home()).safety_text
    assert nobody == text


@pytest.mark.parametrize("message_id", sorted(key for key in TEXTS if key.startswith("heat_")))
def test_no_drink_prompt_in_any_heat_message(message_id: str) -> None:
    """A heat message never asks to drink: it may carry the safety text."""
    for parameters in variants():
        title, body = words_of(message_id, parameters)
        assert not re.search(r"drink|drank|water|sip", f"{title} {body}", re.IGNORECASE)


@pytest.mark.parametrize("message_id", sorted(TEXTS))
def test_every_text_fits_and_keeps_to_the_words_we_may_use(message_id: str) -> None:
    """With any phrases a text fits, says something, and avoids the forbidden words."""
    for parameters in variants():
        title, body = words_of(message_id, parameters)
        assert 0 < len(title) <= 40
        assert len(body) <= 110
        assert body.removesuffix(texts_en.PRESS_AND_HOLD)
        assert body.endswith(texts_en.PRESS_AND_HOLD)
        assert not FORBIDDEN.search(f"{title} {body}")
        assert "{" not in title + body


@given(
    message_id=st.sampled_from(sorted(TEXTS)) | st.text(max_size=20),
    parameters=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("room", "device", "sensor", "policy"), names)
        | dict.fromkeys(("since_local", "until_local", "expected_at_local"), times)
        | {key: st.sampled_from(values) | names for key, values in CHOICES.items()}
        | {key: numbers for key in HOT if key.endswith(("_c", "_ml"))},
    ),
    person=st.sampled_from([a_person(), IPHONE, RESTRICTED]),
    verbs=st.sampled_from([(), (Verb.ON_IT,), (Verb.ON_IT, Verb.DRANK)]),
)
def test_any_parameters_render_within_the_lengths(
    message_id: str, parameters: dict[str, Any], person: Person, verbs: tuple[Verb, ...]
) -> None:
    """Whatever the parameters, and for an unknown id, there are words on one line that fit."""
    words = render(Message(message_id, parameters), person, a_home(), verbs)
    assert 0 < len(words.title) <= 40
    assert len(words.body) <= 110
    assert words.title.isprintable()
    assert words.body.isprintable()
    if verbs and person is IPHONE:
        assert words.body.endswith("Press and hold to answer.")


@given(
    message_id=st.sampled_from(sorted(TEXTS)),
    volumes=st.fixed_dictionaries({key: st.integers(0, 9_999) for key in HOT if "_ml" in key}),
    plan=st.sampled_from(CHOICES["plan"]),
)
def test_restricted_fluids_never_read_a_volume(
    message_id: str, volumes: dict[str, Any], plan: str | None
) -> None:
    """No text names a volume to someone on restricted fluids, even if a policy asked for it."""
    message = Message(message_id, HOT | volumes | {"plan": plan, "has_salt_caution": True})
    words = render(message, RESTRICTED, a_home(), (Verb.DRANK,))
    assert not VOLUME.search(f"{words.title} {words.body}")


def test_restricted_fluids_read_whose_plan_counts() -> None:
    """Any text about drinking refers someone whose fluids are restricted to their care team."""
    for message_id in (key for key in TEXTS if key.startswith("hydration_")):
        words = render(Message(message_id, HOT | {"plan": None}), RESTRICTED, a_home())
        if message_id != "hydration_slow_down":
            assert words.body == "Follow the plan from your care team."
        assert "good step" not in words.body


def test_button_titles() -> None:
    """Buttons say what they do, and name no volume to someone whose fluids are restricted."""
    assert button_title(Verb.ON_IT, a_person()) == "I'm on it"
    assert button_title(Verb.DRANK, a_person()) == "Drank 200 ml"
    assert button_title(Verb.DRANK, a_person(portion_ml=150)) == "Drank 150 ml"
    assert button_title(Verb.DRANK, RESTRICTED) == "I had a drink"


EXPECTED_WORDS: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "heat_level_2",
        {"cooling": "none", "temperature_c": 29.2, "effective_temperature_c": 29.2},
        "Cool down now: living room 29°",
        "A cooler place or a wet cloth can help. Air 29.2°. Your limit: 29°.",
    ),
    (
        "heat_level_3",
        {"cooling": "failed"},
        "Cool down at once: living room 30°",
        (
            "AC did not respond: please switch it on by hand. Air 29.2°, feels like 30.4°. "
            "Your limit: 29°."
        ),
    ),
    (
        "heat_expected",
        {"cooling": "running"},
        "Cool early: living room 31° by 15:00",
        (
            "AC is already cooling. The forecast is 14 hours old. Air 29.2°, feels like 30.4°. "
            "Your limit: 29°."
        ),
    ),
    (
        "heat_expected",
        {"age_hours": None, "cooling": "running"},
        "Cool early: living room 31° by 15:00",
        "AC is already cooling. Air 29.2°, feels like 30.4°. Your limit: 29°.",
    ),
    (
        "heat_expected",
        {"age_hours": None, "cooling": "none", "forecast_until_local": "19:00"},
        "Cool early: living room 31° by 15:00",
        (
            "Blinds closed in the sun keep it cooler. Forecast until 19:00 only. "
            "Air 29.2°, feels like 30.4°."
        ),
    ),
    (
        "heat_expected",
        {"age_hours": None, "cooling": "off", "outdoors": "cooler_at_night"},
        "Cool early: living room 31° by 15:00",
        (
            "Please switch AC on before then. Windows closed until the night air is cooler. "
            "Air 29.2°, feels like 30.4°."
        ),
    ),
    (
        "heat_level_2",
        {"cooling": "off", "effective_temperature_c": None, "last_seen_local": "13:40"},
        "Cool down now: living room 29°",
        ("AC is off: please switch it on. Last seen at 13:40. Air 29.2°. Your limit: 29°."),
    ),
    (
        "hydration_reminder",
        {},
        "Have a drink: 600 of 1,800 ml",
        "200 ml now is a good step. No need to catch up at once.",
    ),
    (
        "trouble_room_blind",
        {"room": "bedroom"},
        "Check the sensor: bedroom",
        (
            "I cannot see the bedroom since 14:05. "
            "Until it is back I cannot warn you about heat there."
        ),
    ),
    (
        "trouble_device_failed",
        {},
        "Switch on by hand: AC, living room",
        "AC did not respond: please switch it on by hand.",
    ),
    (
        "trouble_device_failed",
        {"is_wanted_on": False},
        "Switch off by hand: AC, living room",
        "AC did not respond: please switch it off by hand.",
    ),
    (
        "trouble_plug_low_power",
        {},
        "Check AC: living room",
        "The plug is on but the AC is not running: press its button or empty the tank.",
    ),
    (
        "cooling_over_limit",
        {},
        "Cooling the living room",
        "Cooling: near or over your limit of 29°. Aim: 24°.",
    ),
]


@pytest.mark.parametrize(("message_id", "changes", "title", "body"), EXPECTED_WORDS)
def test_words_as_they_read(
    message_id: str, changes: dict[str, Any], title: str, body: str
) -> None:
    """What a person reads on an Android phone, in full."""
    words = render(Message(message_id, HOT | changes), a_person(), a_home(), (Verb.ON_IT,))
    assert (words.title, words.body) == (title, body)


@pytest.mark.parametrize(
    ("room", "title"),
    [
        ("Conservatory on the south side", "Cool down now: Conservatory on the… 29°"),
        ("bed\nroom\x1b[31m\u202e\x00", "Cool down now: bed room[31m 29°"),
        ("", "Cool down now: room 29°"),
    ],
)
def test_room_names_are_shortened_and_cleaned(room: str, title: str) -> None:
    """A long name ends in an ellipsis, and control characters never reach a phone."""
    parameters: dict[str, Any] = {"room": room, "temperature_c": 29.0}
    assert render(Message("heat_level_2", parameters), a_person(), a_home()).title == title


def test_every_id_that_the_product_uses_has_its_text() -> None:
    """No message id in the source is without words; who says a wrong id would get the fallback."""
    sources = [
        path for package in ("policies", "daemon") for path in (ROOT / package).rglob("*.py")
    ]
    used = {
        message_id
        for path in sources
        for message_id in re.findall(
            r'"((?:hydration|trouble|cooling|advice)_[a-z0-9_]+|heat_(?:level|expected|critical)\w+)"'
            r"(?=\s*[,):\]}]|\s*$|\s+(?:if|else))",
            path.read_text(encoding="utf-8"),
        )
    } - {"heat_sensitivity", "cooling_ahead"}
    used |= set(re.findall(r'Message\("(\w+)"', "".join(p.read_text("utf-8") for p in sources)))
    assert len(used) > 20
    assert used <= set(TEXTS)


def test_names_keep_their_own_article() -> None:
    """A room that belongs to somebody gets no article."""
    _, body = words_of("trouble_room_blind", HOT | {"room": "Anna's room"})
    assert body.startswith("I cannot see Anna's room since 14:05.")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Living room", "the living room"),
        ("Bedroom", "the bedroom"),
        ("Guest Room 2", "the guest room 2"),
        ("Florence", "the Florence"),
        ("AC room", "the AC room"),
    ],
)
def test_common_names_are_written_small_within_a_sentence(name: str, said: str) -> None:
    """Settings say "Living room", a sentence says "the living room"; names of others stay."""
    _, body = words_of("trouble_room_blind", HOT | {"room": name})
    assert body.startswith(f"I cannot see {said} since 14:05.")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("clock_skew", "I still believe its readings, but not the times it gives."),
        ("stuck", "I still believe it when it says hot, not when it says cool."),
    ],
)
def test_a_wrong_clock_makes_no_reading_doubtful(reason: str, words: str) -> None:
    """What is said of belief fits the suspicion."""
    said = render(Message("trouble_sensor_suspect", HOT | {"reason": reason}), a_person(), a_home())
    assert said.body.endswith(words)


@given(st.text(), st.integers(1, 50))
def test_plain_text_is_one_printable_line(text: str, longest: int) -> None:
    """Plain text has no control characters, no double blanks, and at most the wanted length."""
    cleaned = plain_text(text, longest)
    assert len(cleaned) <= longest
    assert cleaned.isprintable()
    assert "  " not in cleaned


@pytest.mark.parametrize("message_id", sorted(TEXTS))
def test_every_slot_can_be_filled(message_id: str) -> None:
    """With everything known a text uses its first title, so no slot is without its filling."""
    text = TEXTS[message_id]
    start = re.split(r"\{", text.titles[0])[0]
    words = render(Message(message_id, HOT), a_person(), a_home())
    assert words.title.startswith(start)
    assert not text.body or words.body
