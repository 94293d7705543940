"""Hold the texts that say why a device runs or does not; for display."""

from __future__ import annotations

from collections.abc import Mapping

from policies.texts_en.parts import Text

COOLING_TEXTS: Mapping[str, Text] = {
    "cooling_over_limit": Text(
        ("Cooling the {room}",),
        (
            (
                "Cooling: near or over your limit of {limit}.",
                "Cooling: the room is near its limit.",
            ),
            ("Aim: {target}.",),
        ),
    ),
    "cooling_ahead": Text(
        ("Cooling the {room} early",),
        (
            (
                "Cooling early: {expected_temperature} expected by {expected_at}.",
                "Cooling early: the room will soon be over its limit.",
            ),
            ("Aim: {target}.",),
        ),
    ),
    "cooling_early": Text(
        ("Cooling the {room} early",),
        (
            (
                "Cooling early: over your limit of {limit} expected at {expected_at}.",
                "Cooling early: the room would pass your limit later.",
            ),
            ("Aim: {target}.",),
        ),
    ),
    "cooling_held": Text(
        ("Keeping {the_room} cool",),
        (
            ("Keeping the room cool: without it the room would soon be near its limit.",),
            ("Aim: {target}.",),
        ),
    ),
    "cooling_before_dear": Text(
        ("Cooling the {room} early",),
        (
            (
                "Cooling before electricity is dear, from {expected_at}.",
                "Cooling before electricity is dear.",
            ),
            ("Aim: {target}.",),
        ),
    ),
    "cooling_fan": Text(("Fan on: {room}",), (("{fan}", "The fan is running."),)),
    "cooling_blind": Text(
        ("Cooling goes on: {room}",),
        (("I cannot see {the_room}, so the cooling stays on for a while.",),),
    ),
    "cooling_unseen": Text(
        ("Not cooling unseen: {room}",),
        (("I cannot see {the_room}, so I start no cooling there.",),),
    ),
    "cooling_automatic_off": Text(
        ("Automatic cooling is off: {room}",),
        (("Automatic cooling of {device} is off, so I leave it alone.",),),
    ),
    "cooling_reached_target": Text(
        ("Cool enough: {room}",),
        (("The room is cool enough, so {device} goes back to how it was.",),),
    ),
    "cooling_released_no_need": Text(
        ("No cooling needed: {room}",), (("No cooling is needed now.",),)
    ),
    "cooling_nobody_there": Text(
        ("Nobody there: {room}",),
        (("Nobody is in {the_room} now or soon, so it is not cooled.",),),
    ),
    "cooling_rest_after_longest_run": Text(
        ("Pause for {device}: {room}",),
        (("{device} has run as long as is allowed and pauses for a few minutes.",),),
    ),
    "cooling_manual_override": Text(
        ("Set by hand: {device}, {room}",),
        (
            (
                "{device} was set by hand, so I leave it alone until {until}.",
                "{device} was set by hand, so I leave it alone for now.",
            ),
        ),
    ),
    "cooling_outdoor_cold": Text(
        ("No cooling: cold outside",),
        (("It is cold outside, so the cooling stays off.",),),
    ),
    "cooling_holiday": Text(
        ("Nobody home: {room} is not cooled",),
        (("Holiday mode is on, so the cooling stays off.",),),
    ),
    "cooling_minimum_time": Text(
        ("Waiting to switch {device}: {room}",),
        (("{device} was switched a moment ago and needs a few minutes.",),),
    ),
    "cooling_power_cap": Text(
        ("Waiting for its turn: {room}",),
        (
            (
                "I cannot cool both at once, so {over_room} comes first.",
                "Together they would draw too much, so this one waits.",
            ),
        ),
    ),
    "shade_sun_coming": Text(
        ("Blind down: {room}",), (("Down before the sun is on the window.",),)
    ),
    "shade_is_down": Text(("Blind is down: {room}",), (("It keeps the sun out already.",),)),
    "shade_no_sun": Text(("Blind stays: {room}",), (("No sun on this window now.",),)),
    "shade_not_worth_it": Text(
        ("Blind stays: {room}",), (("It is not warm enough for shade to be worth it.",),)
    ),
    "shade_asleep": Text(("Blind stays: {room}",), (("Somebody may still be asleep there.",),)),
    "drying_feels_cooler": Text(
        ("Drying the air: {room}",), (("Drier air feels cooler there now.",),)
    ),
    "drying_dry_enough": Text(
        ("Dry enough: {room}",), (("Drying more would only warm the room.",),)
    ),
    "drying_no_help": Text(
        ("Not drying: {room}",), (("Drying would warm the room more than it helps.",),)
    ),
    "vent_outdoor_air": Text(
        ("Airing: {room}",), (("Outdoor air makes it feel cooler there now.",),)
    ),
    "vent_no_help": Text(
        ("Not airing: {room}",), (("Outdoor air would not make it feel cooler.",),)
    ),
    "vent_beside_cooling": Text(
        ("Not airing: {room}",), (("Not while the air conditioner cools the room.",),)
    ),
    "vent_no_weather": Text(("Not airing: {room}",), (("I do not know how warm it is outside.",),)),
}
