"""Hold the texts about heat."""

from __future__ import annotations

from collections.abc import Mapping

from policies.texts_en.parts import COOLING, DOUBT, FAN, LAST_SEEN, NUMBERS, RAISED, Text

# By the room's own forecast; every title names the room.
_MEASURES = (
    ("{cooling_ahead}",),
    RAISED,
    ("The forecast is {age} old.",),
    ("Windows closed from {close_at}.",),
    ("Your limit: {limit}.",),
)
_AHEAD = (
    (
        "Over your limit from about {expected_at} ({expected_range}).",
        "Over your limit from about {expected_at}.",
    ),
    *_MEASURES,
)
_MAYBE = (
    (
        "May pass your limit from about {expected_at} ({expected_range}).",
        "May pass your limit from about {expected_at}.",
    ),
    *_MEASURES,
)

HEAT_TEXTS: Mapping[str, Text] = {
    "heat_level_1": Text(
        ("Getting warm: {room} {temperature}", "Getting warm: {room}"),
        (DOUBT, NUMBERS, ("Blinds closed and a slower pace can help.",)),
    ),
    "heat_level_2": Text(
        ("Cool down now: {room} {temperature}", "Cool down now: {room}"),
        (COOLING, DOUBT, RAISED, LAST_SEEN, FAN, NUMBERS),
    ),
    "heat_level_3": Text(
        ("Cool down at once: {room} {temperature}", "Cool down at once: {room}"),
        (COOLING, DOUBT, RAISED, LAST_SEEN, FAN, NUMBERS),
        is_at_level_3=True,
    ),
    "heat_level_4": Text(
        ("Get out of the heat: {room} {temperature}", "Get out of the heat: {room}"),
        (COOLING, DOUBT, RAISED, LAST_SEEN, FAN, NUMBERS),
        is_at_level_3=True,
    ),
    "heat_critical_unanswered": Text(
        ("Please answer: {room} {temperature}", "Please answer: {room}"),
        (("No answer for {unanswered}.",), COOLING, DOUBT, RAISED, LAST_SEEN, FAN, NUMBERS),
        is_at_level_3=True,
    ),
    "heat_critical_repeated": Text(
        ("Please answer: {room} {temperature}", "Please answer: {room}"),
        (("No answer since {since}.",), COOLING, DOUBT, RAISED, LAST_SEEN, FAN, NUMBERS),
        is_at_level_3=True,
    ),
    "heat_expected": Text(
        (
            "Cool early: {room} {expected_temperature} by {expected_at}",
            "Cool early: {room} warm by {expected_at}",
            "Cool early: {room} will get warm",
        ),
        (
            ("{cooling_ahead}",),
            RAISED,
            ("Forecast until {forecast_until} only.",),
            ("The forecast is {age} old.",),
            ("{airing}",),
            NUMBERS,
        ),
    ),
    "heat_ahead": Text(
        (
            "Blinds down by {blinds_at}: {room} {expected_temperature}",
            "Cool early: {room} {expected_temperature}",
            "Cool early: {room} will get warm",
        ),
        _AHEAD,
    ),
    "heat_ahead_tomorrow": Text(
        (
            "Blinds by {blinds_at} tomorrow: {room}",
            "Cool early tomorrow: {room} {expected_temperature}",
            "Cool early tomorrow: {room}",
        ),
        _AHEAD,
    ),
    "heat_maybe": Text(
        (
            "Blinds down by {blinds_at}: {room} {expected_temperature}",
            "May get too warm: {room} {expected_temperature}",
            "May get too warm: {room}",
        ),
        _MAYBE,
    ),
    "heat_maybe_tomorrow": Text(
        (
            "Blinds by {blinds_at} tomorrow: {room}",
            "Maybe too warm tomorrow: {room}",
        ),
        _MAYBE,
    ),
}
