"""Hold the text of the morning brief: what to do first, and as much as fits on a phone."""

from __future__ import annotations

from collections.abc import Mapping

from policies.texts_en.parts import Text

BRIEF_TEXTS: Mapping[str, Text] = {
    "brief": Text(
        (
            "Today: up to {forecast_maximum} at {forecast_maximum_at}",
            "Today: {room} {expected_temperature} at {expected_at}",
            "Your day ahead",
        ),
        (
            # First, for nothing else says it once it counts as told.
            (
                "{over_room} over your limit from about {over_at} ({over_range}).",
                "{over_room} over your limit from about {over_at}.",
                "{over_room} may pass your limit from about {maybe_at} ({over_range}).",
                "{over_room} may pass your limit from about {maybe_at}.",
            ),
            ("{official_event}.",),
            (
                "Windows closed {close_at} to {open_at}.",
                "Windows closed until {open_at}.",
                "Windows closed from {close_at}.",
            ),
            ("Blinds down by {blinds_at}.",),
            (
                "{warmest_room}: {expected_temperature} ({expected_span}) by {expected_at}.",
                "{warmest_room}: {expected_temperature} by {expected_at}.",
            ),
            ("Drinks: {goal}.", "{plan}"),
            (
                "{hottest_room}: {expected_temperature} ({expected_span}) by {expected_at}.",
                "{hottest_room}: {expected_temperature} by {expected_at}.",
            ),
            ("{cooling_ahead}",),
            ("To look at: {count}.",),
            ("Coolest for a walk: {walk_at}.",),
        ),
    ),
}
