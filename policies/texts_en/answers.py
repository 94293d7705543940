"""Hold the texts that answer a person, and tests."""

from __future__ import annotations

from collections.abc import Mapping

from policies.texts_en.parts import Text

ANSWER_TEXTS: Mapping[str, Text] = {
    "already_over": Text(
        ("Already over",), (("That message is out of date. There is nothing to do.",),)
    ),
    "test_alert": Text(
        ("Test: keepcool can reach you",),
        (("Nothing is wrong.",), ("Please answer, so that we both know it works.",)),
    ),
    "test_alert_loud": Text(
        ("Test: so loud is keepcool's alarm",),
        (("Nothing is wrong.",), ("Please answer, so that we both know it is heard.",)),
    ),
    "self_test": Text(
        ("Test message: please press the button",),
        (("Nothing is wrong.",), ("Once a month this shows that we reach each other.",)),
    ),
    "self_test_again": Text(
        ("Test once more: please press the button",),
        (("Nothing is wrong.",), ("Without an answer I ask somebody to look at this phone.",)),
    ),
    "test_setup": Text(
        ("Test: keepcool can reach you",),
        (("Nothing is wrong.",), ("keepcool is being set up, and this is its first message.",)),
    ),
    "test_second_road": Text(
        ("Test: keepcool's second road works",),
        (("Nothing is wrong.",), ("This road is taken when your phone does not answer.",)),
    ),
}
