"""Hold the texts about drinks."""

from __future__ import annotations

from collections.abc import Mapping

from policies.texts_en.parts import Text

DRINK_TEXTS: Mapping[str, Text] = {
    "hydration_reminder": Text(
        ("Have a drink: {drunk} of {goal}", "Have a drink"),
        (("{portion} now is a good step. No need to catch up at once.",), ("{salt_caution}",)),
    ),
    "hydration_reminder_restricted": Text(
        ("Hot day: mind your drinks plan",), (("{plan}", "Follow your own plan."),)
    ),
    "hydration_plan": Text(("Drinks: follow your own plan",), (("{plan}", "Ask your care team."),)),
    "hydration_slow_down": Text(
        ("Pause drinking for now",),
        (
            ("You logged {drunk_last_hour} within an hour.", "You logged a lot within an hour."),
            ("That much can lower the salt in your blood.",),
            ("If you feel unwell, get help.",),
            ("{plan}",),
        ),
    ),
}
