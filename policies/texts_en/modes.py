"""Hold the texts about what people told keepcool of their day, and the digest."""

from __future__ import annotations

from collections.abc import Mapping

from policies.texts_en.parts import Text

MODE_TEXTS: Mapping[str, Text] = {
    "snooze_reminder": Text(
        ("Snoozed until {until}: {room} {temperature}", "Snoozed until {until}: {room} is warm"),
        (
            ("You asked for peace, and it has got warm.",),
            ("End the snooze to hear of it.",),
            ("What is critical I say anyway.",),
        ),
    ),
    "holiday_over": Text(
        ("Holiday mode is over",),
        (("{holiday_end}",), ("Reminders, warnings and cooling are back.",)),
    ),
    "digest": Text(
        ("{count} things to look at", "Things to look at"),
        (("{things}", "See keepcool's dashboard."),),
    ),
    "digest_one": Text(
        ("One thing to look at",),
        (("{things}", "See keepcool's dashboard."),),
    ),
}
