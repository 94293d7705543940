"""Turn message ids and parameters into plain words for a tired, warm person.

The thing to do comes first and the numbers second. Parameters are plain text from settings and
sensors: control characters and line breaks are taken out before they reach a phone.
"""

from __future__ import annotations

import math
import string
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from policies import texts_en
from policies.alert import Message, Verb
from policies.model import Flag, Home, Person, PhoneKind
from policies.texts_en import (
    FALLBACK,
    PHRASES,
    SAFETY_CARD,
    SAFETY_SHORT,
    SAFETY_SHORT_FOR_CARER,
    TEXTS,
    Text,
)

__all__ = [
    "SAFETY_CARD",
    "SAFETY_SHORT",
    "SAFETY_SHORT_FOR_CARER",
    "Words",
    "button_title",
    "carries_safety_text",
    "full_text",
    "plain_text",
    "render",
    "safety_card",
    "safety_short",
    "summarise",
]

LONGEST_TITLE = 40  # Source: DESIGN "Alerts"
LONGEST_BODY = 110
LONGEST_FULL_TEXT = 1_000
LONGEST_EVENT = 40  # of an official warning, in its service's words
LONGEST_NAME = 24  # of a room, device or sensor inside a sentence
SHORTEST_NAME = 6  # a name cut shorter than this tells nothing
FELT_DIFFERENCE_C = 0.5  # smaller differences between felt and air temperature are not worth words
LARGEST_TEMPERATURE_C = 1000.0  # beyond these two a number is nonsense and is left out
LARGEST_VOLUME_ML = 100_000
APOSTROPHES = ("'", "\u2019")

Parameters = Mapping[str, str | int | float | bool | None]

# Slots filled with a name, a phrase, or a clock time: from which parameter.
_NAMES = {
    "room": "room",
    "over_room": "over_room",
    "hottest_room": "hottest_room",
    "warmest_room": "warmest_room",
    "sensor": "sensor",
    "device": "device",
    "policy": "policy",
    "person": "person",
    "people": "people",
    "who": "who",
    "detail": "detail",
    "other_road": "other_road",
    "sender": "sender",
    "since_day": "since_day",
}
_PHRASES = {
    "cooling": "cooling",
    "cooling_ahead": "cooling",
    "carers_cooling": "cooling",
    "trouble": "trouble",
    "cure": "trouble",
    "fan": "fan",
    "suspicion": "reason",
    "belief": "reason",
    "doubt": "doubt",
    "plan": "plan",
    "part": "policy",
    "airing": "outdoors",
    "official": "until_day",
    "holiday_end": "cause",
}
_TIMES = {
    "since": "since_local",
    "until": "until_local",
    "expected_at": "expected_at_local",
    "over_at": "over_at_local",
    "maybe_at": "maybe_at_local",
    "last_seen": "last_seen_local",
    "raised_at": "raised_at_local",
    "forecast_until": "forecast_until_local",
    "close_at": "close_at_local",
    "open_at": "open_at_local",
    "blinds_at": "blinds_at_local",
    "walk_at": "walk_at_local",
    "forecast_maximum_at": "forecast_maximum_at_local",
}
_SPANS = {  # like "14:00-17:00"
    "expected_range": "expected_range_local",
    "over_range": "over_range_local",
}
_VOLUMES = {
    "goal": "goal_ml",
    "portion": "portion_ml",
    "drunk_last_hour": "drunk_last_hour_ml",
}
# What a person whose fluids are restricted reads instead: no text of theirs names a volume.
_WITHOUT_VOLUMES = {"hydration_reminder": "hydration_reminder_restricted"}


@dataclass(frozen=True, slots=True)
class Words:
    """Carry a rendered message: title (at most 40 characters), body (110) and safety text."""

    title: str
    body: str
    safety_text: str | None = None


def render(message: Message, person: Person, home: Home, verbs: tuple[Verb, ...] = ()) -> Words:
    """Render a message for a person; never raises, whatever the parameters.

    `verbs` are the buttons that go with it: on an iPhone the body then says how to reach them.
    """
    is_restricted = Flag.FLUID_RESTRICTED in person.flags
    message_id = message.message_id
    if is_restricted:
        message_id = _WITHOUT_VOLUMES.get(message_id, message_id)
    text = TEXTS.get(message_id, FALLBACK)
    slots = _build_slots(message.parameters, home, is_restricted=is_restricted)
    has_hint = bool(verbs) and any(phone.kind is PhoneKind.IPHONE for phone in person.phones)
    return Words(
        title=_choose_title(text, slots),
        body=_join_body(text, slots, texts_en.PRESS_AND_HOLD if has_hint else ""),
        safety_text=_safety_text(text, message.parameters, slots, home),
    )


def summarise(parts: Iterable[tuple[str, Message]], home: Home) -> str:
    """Return what carers' messages about several matters say in one line, each behind its name.

    >>> heat = Message("carer_heat", {"room": "Bedroom", "temperature_c": 33.2})
    >>> summarise([("Anna", heat)], Home("home", "Home", 52.5, 13.4))
    'Anna: bedroom 33°.'
    """
    lines = []
    for name, message in parts:
        slots = _build_slots(message.parameters, home, is_restricted=False)
        room, temperature = slots["the_room"].removeprefix("the "), slots.get("temperature", "")
        said = slots.get("trouble") or f"{room} {temperature}".strip()
        lines.append(f"{plain_text(name, LONGEST_NAME)}: {said}.")
    return plain_text(" ".join(lines), LONGEST_BODY)


def full_text(message: Message, person: Person, home: Home) -> str:
    """Return everything that a message has to say, for places where there is room for it."""
    is_restricted = Flag.FLUID_RESTRICTED in person.flags
    slots = _build_slots(message.parameters, home, is_restricted=is_restricted)
    text = TEXTS.get(message.message_id, FALLBACK)
    return _join_body(text, slots, "", room_left=LONGEST_FULL_TEXT)


def carries_safety_text(message: Message) -> bool:
    """Return whether a message is at level 3 or above, and so carries the short safety text."""
    return TEXTS.get(message.message_id, FALLBACK).is_at_level_3


def safety_short(home: Home) -> str:
    """Return the short safety text with the home's emergency number. Source: EVIDENCE 5.1."""
    return _fill_number(SAFETY_SHORT, home)


def _safety_text(
    text: Text, parameters: Parameters, slots: Mapping[str, str], home: Home
) -> str | None:
    """Return the short safety text of a message at level 3; a carer's names who may feel unwell."""
    if not text.is_at_level_3:
        return None
    if not text.is_for_carer:
        return safety_short(home)
    name = "" if parameters.get("is_several") else slots.get("person", "")
    whoever = name or texts_en.ONE_OF_SEVERAL
    return _fill_number(SAFETY_SHORT_FOR_CARER, home).replace("{whoever}", whoever)


def safety_card(home: Home) -> str:
    """Return the long safety text with the home's emergency number. Source: EVIDENCE 5.1."""
    return _fill_number(SAFETY_CARD, home)


def button_title(verb: Verb, person: Person) -> str:
    """Return the words on a button; without a volume for someone whose fluids are restricted."""
    if verb in texts_en.BUTTONS:
        return texts_en.BUTTONS[verb]
    if Flag.FLUID_RESTRICTED in person.flags:
        return texts_en.BUTTON_DRANK_WITHOUT_VOLUME
    return texts_en.BUTTON_DRANK.format(portion=f"{person.portion_ml:,} ml")


def plain_text(value: object, longest: int | None = None) -> str:
    """Return a value as one line without control characters, shortened with an ellipsis."""
    printable = (
        " " if character.isspace() else character
        for character in str(value)
        if character.isspace() or not unicodedata.category(character).startswith("C")
    )
    text = " ".join("".join(printable).split())
    if longest is None or len(text) <= longest:
        return text
    return text[: longest - 1].rstrip() + "…"


# --------------------------------------------------------------------------- slots


def _build_slots(parameters: Parameters, home: Home, *, is_restricted: bool) -> dict[str, str]:
    """Return the words for every slot that the parameters can fill."""
    names = {slot: _name(parameters.get(key)) for slot, key in _NAMES.items()}
    room, device = names["room"] or "room", names["device"] or "cooling"
    slots = names | {
        "room": room,
        "device": device,
        "the_room": _with_article(room),
        "the_device": _with_article(device),
        "feels_like": "",
        "on_or_off": "off" if parameters.get("is_wanted_on") is False else "on",
        "unanswered": _minutes(home.tuning.unanswered_critical),
    }
    slots |= {slot: plain_text(parameters.get(key) or "", 5) for slot, key in _TIMES.items()}
    slots |= {slot: plain_text(parameters.get(key) or "", 11) for slot, key in _SPANS.items()}
    slots["summary"] = plain_text(parameters.get("summary") or "", LONGEST_BODY)
    slots["count"] = plain_text(parameters.get("count") or "", 4)
    slots["official_event"] = plain_text(parameters.get("official_event") or "", LONGEST_EVENT)
    slots["things"] = plain_text(parameters.get("things") or "", LONGEST_BODY)
    if not is_restricted:
        slots |= {slot: _volume(parameters.get(key)) for slot, key in _VOLUMES.items()}
        slots["drunk"] = _volume(parameters.get("drunk_ml")).removesuffix(" ml")
    slots["age"] = _hours(parameters.get("age_hours"))
    slots |= _temperature_slots(parameters)
    slots |= _phrase_slots(parameters, slots, is_restricted=is_restricted)
    return {slot: words for slot, words in slots.items() if words or slot == "feels_like"}


def _temperature_slots(parameters: Parameters) -> dict[str, str]:
    """Return the temperature slots: whole degrees that are compared with limits, air to a tenth."""
    air_c = _number(parameters.get("temperature_c"))
    effective_c = _number(parameters.get("effective_temperature_c"))
    felt_c = air_c if effective_c is None else effective_c
    expected_c = _number(parameters.get("expected_temperature_c"))
    forecast_c = _number(parameters.get("forecast_maximum_c"))
    low_c = _number(parameters.get("expected_low_c"))
    high_c = _number(parameters.get("expected_high_c"))
    slots = {
        "expected_span": "" if low_c is None or high_c is None else f"{low_c:.0f}-{high_c:.0f}°",
        "temperature": "" if felt_c is None else f"{felt_c:.0f}°",
        "air": "" if air_c is None else f"Air {air_c:.1f}°",
        "expected_temperature": "" if expected_c is None else f"{expected_c:.0f}°",
        "forecast_maximum": "" if forecast_c is None else f"{forecast_c:.0f}°",
        "limit": _short_degrees(_number(parameters.get("limit_c"))),
        "target": _short_degrees(_number(parameters.get("target_c"))),
    }
    is_felt_hotter = (
        air_c is not None and effective_c is not None and (effective_c - air_c >= FELT_DIFFERENCE_C)
    )
    if is_felt_hotter:
        slots["feels_like"] = f", feels like {effective_c:.1f}°"
    return slots


def _phrase_slots(
    parameters: Parameters, slots: Mapping[str, str], *, is_restricted: bool
) -> dict[str, str]:
    """Return the phrases that the parameters' values choose, with their own slots filled."""
    chosen: dict[str, str] = {}
    for slot, key in _PHRASES.items():
        phrase = PHRASES.get(f"{slot}.{parameters.get(key)}", "")
        chosen[slot] = _fill(phrase, slots) or ""
    if is_restricted:
        chosen["plan"] = PHRASES["plan.restricted"]
    if parameters.get("has_salt_caution"):
        chosen["salt_caution"] = PHRASES["plan.salt_loss"]
    return chosen


def _name(value: object) -> str:
    return "" if value is None else plain_text(value, LONGEST_NAME)


def _with_article(name: str) -> str:
    """Return "the living room" of "Living room", but "Anna's room" as it is."""
    is_proper = any(mark in name for mark in APOSTROPHES) or name.lower().startswith(
        ("the ", "my ")
    )
    words = name.split(" ")
    if words[0].lower() in texts_en.COMMON_WORDS:
        name = " ".join(w.lower() if w.lower() in texts_en.COMMON_WORDS else w for w in words)
    return name if is_proper else f"the {name}"


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) and abs(value) < LARGEST_TEMPERATURE_C else None


def _volume(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        return ""
    return f"{value:,} ml" if 0 <= value < LARGEST_VOLUME_ML else ""


def _short_degrees(value_c: float | None) -> str:
    return "" if value_c is None else f"{value_c:.1f}".removesuffix(".0") + "°"


def _hours(value: object) -> str:
    count = _number(value)
    return "" if count is None else f"{count:.0f} hours"


def _minutes(duration: timedelta) -> str:
    return f"{duration.total_seconds() / 60:.0f} minutes"


# --------------------------------------------------------------------------- composing


def _fill(template: str, slots: Mapping[str, str]) -> str | None:
    """Return the template filled and capitalised, or `None` when a slot is unknown."""
    wanted = {field for _, field, _, _ in string.Formatter().parse(template) if field}
    if not wanted <= slots.keys():
        return None
    words = template.format_map(slots)
    return words[:1].upper() + words[1:]


def _choose_title(text: Text, slots: Mapping[str, str]) -> str:
    """Return the first title that fits; names give way first, by being shortened."""
    for template in text.titles:
        for longest in range(LONGEST_NAME, SHORTEST_NAME - 1, -1):
            title = _fill(template, _shorten_names(slots, longest))
            if title is not None and len(title) <= LONGEST_TITLE:
                return title
    return plain_text(FALLBACK.titles[0], LONGEST_TITLE)


def _shorten_names(slots: Mapping[str, str], longest: int) -> dict[str, str]:
    return {
        slot: plain_text(words, longest) if slot in _NAMES else words
        for slot, words in slots.items()
    }


def _join_body(
    text: Text, slots: Mapping[str, str], hint: str, room_left: int = LONGEST_BODY
) -> str:
    """Return as many sentences as fit beside the hint, in their order."""
    room_left -= len(hint) + 1 if hint else 0
    sentences: list[str] = []
    for alternatives in text.body:
        filled = (_fill(template, slots) for template in alternatives)
        sentence = next((words for words in filled if words and len(words) <= room_left), None)
        if sentence is not None:
            sentences.append(sentence)
            room_left -= len(sentence) + 1
    return " ".join([*sentences, *([hint] if hint else [])])


def _fill_number(text: str, home: Home) -> str:
    return text.replace("{number}", plain_text(home.emergency_number, 20))
