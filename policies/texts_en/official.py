"""Hold the texts about official warnings: who warns, and until when."""

from __future__ import annotations

from collections.abc import Mapping

from policies.texts_en.parts import Text

_BODY = (
    ("{official}", "{sender} warns of heat."),
    ("I go on watching your rooms by your limits.",),
)

OFFICIAL_TEXTS: Mapping[str, Text] = {
    "official_warning": Text(("Plan for heat: official warning",), _BODY),
    "official_warning_extreme": Text(("Plan for extreme heat: official warning",), _BODY),
}
OFFICIAL_PHRASES: Mapping[str, str] = {
    "official.today": "{sender} warns of heat until {until} today.",
    "official.tomorrow": "{sender} warns of heat until {until} tomorrow.",
    "official.mon": "{sender} warns of heat until Monday {until}.",
    "official.tue": "{sender} warns of heat until Tuesday {until}.",
    "official.wed": "{sender} warns of heat until Wednesday {until}.",
    "official.thu": "{sender} warns of heat until Thursday {until}.",
    "official.fri": "{sender} warns of heat until Friday {until}.",
    "official.sat": "{sender} warns of heat until Saturday {until}.",
    "official.sun": "{sender} warns of heat until Sunday {until}.",
    "official.later": "{sender} warns of heat for more than a week.",
}
