"""Hold the texts for carers, and those that say who answered."""

from __future__ import annotations

from collections.abc import Mapping

from policies.texts_en.parts import COOLING, DOUBT, FAN, NUMBERS, Text

CARER_TEXTS: Mapping[str, Text] = {
    "carer_heat": Text(
        ("Call {person}: {room} {temperature}", "Call {person}: {room}", "Call {person}"),
        (("No answer since {since}.",), ("{carers_cooling}",), DOUBT, ("{air}{feels_like}.",)),
        is_at_level_3=True,
        is_for_carer=True,
    ),
    "carer_trouble": Text(
        ("Call {person}: {trouble}", "Call {person}: keepcool needs help"),
        (("It lasts since {since}.",), ("{cure}",)),
    ),
    "carer_several_heat": Text(
        ("Call {people}", "Call several people"),
        (("{summary}", "Nobody has answered."),),
        is_at_level_3=True,
        is_for_carer=True,
    ),
    "carer_several": Text(
        ("Call {people}", "Call several people"), (("{summary}", "Nobody has answered."),)
    ),
    "carer_answered": Text(
        ("{who} is on it: {person}, {room}", "{who} is on it: {person}", "{who} is on it"),
        (("There is nothing to do for you now.",),),
    ),
    "carer_answered_by_person": Text(
        ("{person} has answered",), (("There is nothing to do for you now.",),)
    ),
    "answered_heat": Text(
        ("{who} is on it: {room} {temperature}", "{who} is on it"),
        (COOLING, DOUBT, FAN, NUMBERS),
        is_at_level_3=True,
    ),
    "answered_trouble": Text(
        ("{who} is on it",),
        (("{who} has seen it and looks after it.", "Somebody looks after it."),),
    ),
}
