"""Hold every English text that keepcool says, by id, as templates with named slots.

A text is one or more titles and the sentences of its body. `wording.render` takes the first title
whose slots are all known, and as many sentences as fit, in their order; a sentence with an unknown
slot is left out. A phrase is a sentence, or a part of one, that depends on a parameter's value
(`{cooling}` becomes `PHRASES["cooling.off"]`). Another language is another module of this shape.
"""

from __future__ import annotations

from collections.abc import Mapping

from policies.texts_en.answers import ANSWER_TEXTS
from policies.texts_en.brief import BRIEF_TEXTS
from policies.texts_en.carers import CARER_TEXTS
from policies.texts_en.cooling import COOLING_TEXTS
from policies.texts_en.drinks import DRINK_TEXTS
from policies.texts_en.entities import ENTITY_NAMES
from policies.texts_en.heat import HEAT_TEXTS
from policies.texts_en.modes import MODE_TEXTS
from policies.texts_en.official import OFFICIAL_TEXTS
from policies.texts_en.parts import Text
from policies.texts_en.phrases import COMMON_WORDS, PHRASES
from policies.texts_en.pictures import PICTURE_WORDS
from policies.texts_en.safety import (
    ONE_OF_SEVERAL,
    SAFETY_CARD,
    SAFETY_SHORT,
    SAFETY_SHORT_FOR_CARER,
)
from policies.texts_en.trouble import TROUBLE_TEXTS

__all__ = [
    "BUTTONS",
    "BUTTON_DRANK",
    "BUTTON_DRANK_WITHOUT_VOLUME",
    "COMMON_WORDS",
    "ENTITY_NAMES",
    "FALLBACK",
    "ONE_OF_SEVERAL",
    "PHRASES",
    "PICTURE_WORDS",
    "PRESS_AND_HOLD",
    "SAFETY_CARD",
    "SAFETY_SHORT",
    "SAFETY_SHORT_FOR_CARER",
    "TEXTS",
    "Text",
]

PRESS_AND_HOLD = "Press and hold to answer."
BUTTONS: Mapping[str, str] = {
    "on_it": "I'm on it",
    "snooze": "Snooze 1 h",
    "out": "I'm out",
    "cool": "Cool now",
}
BUTTON_DRANK = "Drank {portion}"
BUTTON_DRANK_WITHOUT_VOLUME = "I had a drink"

TEXTS: Mapping[str, Text] = {
    **HEAT_TEXTS,
    **DRINK_TEXTS,
    **TROUBLE_TEXTS,
    **OFFICIAL_TEXTS,
    **COOLING_TEXTS,
    **ANSWER_TEXTS,
    **CARER_TEXTS,
    **MODE_TEXTS,
    **BRIEF_TEXTS,
}

# What is said when an id is unknown or its slots are: better a plain word than silence.
FALLBACK = Text(("A message from keepcool",), (("Please look at keepcool's dashboard.",),))
