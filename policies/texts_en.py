"""Hold every English text that keepcool says, by id, as templates with named slots.

A text is one or more titles and the sentences of its body. `wording.render` takes the first title
whose slots are all known, and as many sentences as fit, in their order; a sentence with an unknown
slot is left out. A phrase is a sentence, or a part of one, that depends on a parameter's value
(`{cooling}` becomes `PHRASES["cooling.off"]`). Another language is another module of this shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SAFETY_SHORT = (
    "If you feel confused, faint, or worse than is usual for you, and 30 minutes of cooling has "
    "not helped, call {number}."
)
SAFETY_CARD = (
    "Call {number} now if any of this is new or worse than is usual for you: confusion or slurred "
    "speech; fainting, or being hard to wake; a seizure; very hot skin, fast breathing or a racing "
    "heart; a temperature of 40 °C or more; or if you are still unwell after 30 minutes of resting "
    "somewhere cool. While waiting: move to the coolest place, loosen clothing, wet the skin and "
    "fan it. Do not give drinks to someone who is confused or drowsy. Heat can make MS symptoms "
    "worse for a while; they should settle within a day of cooling down. New or worse symptoms for "
    "more than 24 hours, a fever, or burning when passing water: contact your MS team or a doctor. "
    "Do not stop or change medicines because of keepcool."
)
PRESS_AND_HOLD = "Press and hold to answer."
BUTTON_ON_IT = "I'm on it"
BUTTON_DRANK = "Drank {portion}"
BUTTON_DRANK_WITHOUT_VOLUME = "I had a drink"


@dataclass(frozen=True, slots=True)
class Text:
    """Carry one text: titles from most to least telling, and the body's sentences in order.

    Where several say the same with less, they stand together and the first whose slots are known
    counts. `is_at_level_3` marks a message that carries the short safety text, and hence no drink
    prompt.
    """

    titles: tuple[str, ...]
    body: tuple[tuple[str, ...], ...] = ()
    is_at_level_3: bool = False


PHRASES: Mapping[str, str] = {
    # what the cooling does about the heat: {cooling}
    "cooling.running": "{device} is running.",
    "cooling.starting": "I am switching {device} on.",
    "cooling.resting": "{device} has to rest for a few minutes, then I switch it on.",
    "cooling.cold_outdoors": "It is cool outside: let air in and turn any heating down.",
    "cooling.off": "{device} is off: please switch it on.",
    "cooling.failed": "{device} did not respond: please switch it on by hand.",
    "cooling.none": "A cooler place or a wet cloth can help.",
    "cooling.fan_only": "",  # the fan's own phrase says it
    # the same, ahead of time: {cooling_ahead}
    "cooling_ahead.running": "{device} is already cooling.",
    "cooling_ahead.starting": "I am switching {device} on.",
    "cooling_ahead.later": "I will switch {device} on in time.",
    "cooling_ahead.resting": "I will switch {device} on in a few minutes.",
    "cooling_ahead.cold_outdoors": "Please turn any heating down.",
    "cooling_ahead.off": "Please switch {device} on before then.",
    "cooling_ahead.failed": "{device} did not respond: please switch it on by hand.",
    "cooling_ahead.none": "Blinds closed in the sun keep it cooler.",
    "cooling_ahead.fan_only": "Blinds closed in the sun keep it cooler.",
    # what a fan is worth at this temperature: {fan}
    "fan.ok": "A fan helps at this temperature.",
    "fan.wet_skin": "A fan helps only with wet skin.",
    "fan.no_help": "Too hot for a fan to help: a cooler place is better.",
    # what open windows are worth: {airing}
    "airing.cooler_now": "Outside is cooler now: let air in, then close up.",
    "airing.cooler_at_night": "Windows closed until the night air is cooler.",
    "airing.warmer": "Windows closed while it is hotter outside.",
    # why a sensor is not believed: {suspicion}
    "suspicion.stuck": "Its reading has not changed for hours.",
    "suspicion.conflict": "Two devices seem to report as this one sensor.",
    "suspicion.rejected": "Its last three readings cannot be right.",
    "suspicion.clock_skew": "Its clock is wrong by more than 5 minutes.",
    # what becomes of the readings of such a sensor: {belief}
    "belief.stuck": "I still believe it when it says hot, not when it says cool.",
    "belief.conflict": "I still believe it when it says hot, not when it says cool.",
    "belief.rejected": "I still believe it when it says hot, not when it says cool.",
    "belief.clock_skew": "I still believe its readings, but not the times it gives.",
    # which part failed: {part}
    "part.heat_sensitivity": "The part that judges heat",
    "part.data_quality": "The part that checks the sensors",
    "part.hydration": "The part that counts drinks",
    "part.cooling": "The part that plans cooling",
    # whose advice counts for drinking: {plan}
    "plan.restricted": "Follow the plan from your care team.",
    "plan.salt_loss": "You may lose salt as well as water. Ask your care team how much to drink.",
    "plan.prescriber": "Ask your prescriber how to drink in hot weather.",
}

# Words of rooms and devices that are written small in the middle of a sentence.
COMMON_WORDS = frozenset(
    {
        *("living", "dining", "bed", "bath", "guest", "spare", "kids", "main", "master"),
        *("small", "big", "large", "upper", "lower", "front", "back", "room", "bedroom"),
        *("bathroom", "kitchen", "study", "office", "hall", "hallway", "attic", "lounge"),
        *("nursery", "basement", "fan", "ceiling", "table", "portable", "air", "cooler"),
    }
)

_NUMBERS = ("{air}{feels_like}. Your limit: {limit}.", "{air}{feels_like}.")
_LAST_SEEN = ("Last seen at {last_seen}.",)
_RAISED = ("First raised at {raised_at}.",)  # of a message that could not be handed over in time
_COOLING = ("{cooling}",)
_FAN = ("{fan}",)

TEXTS: Mapping[str, Text] = {
    # ------------------------------------------------------------------ heat
    "heat_level_1": Text(
        ("Getting warm: {room} {temperature}", "Getting warm: {room}"),
        (_NUMBERS, ("Blinds closed and a slower pace can help.",)),
    ),
    "heat_level_2": Text(
        ("Cool down now: {room} {temperature}", "Cool down now: {room}"),
        (_COOLING, _RAISED, _LAST_SEEN, _FAN, _NUMBERS),
    ),
    "heat_level_3": Text(
        ("Cool down at once: {room} {temperature}", "Cool down at once: {room}"),
        (_COOLING, _RAISED, _LAST_SEEN, _FAN, _NUMBERS),
        is_at_level_3=True,
    ),
    "heat_level_4": Text(
        ("Get out of the heat: {room} {temperature}", "Get out of the heat: {room}"),
        (_COOLING, _RAISED, _LAST_SEEN, _FAN, _NUMBERS),
        is_at_level_3=True,
    ),
    "heat_critical_unanswered": Text(
        ("Please answer: {room} {temperature}", "Please answer: {room}"),
        (("No answer for {unanswered}.",), _COOLING, _RAISED, _LAST_SEEN, _FAN, _NUMBERS),
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
            _RAISED,
            ("Forecast until {forecast_until} only.",),
            ("{airing}",),
            _NUMBERS,
        ),
    ),
    # ------------------------------------------------------------------ drinks
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
    # ------------------------------------------------------------------ trouble
    "trouble_room_blind": Text(
        ("Check the sensor: {room}",),
        (
            ("I cannot see {the_room} since {since}.", "I cannot see {the_room}."),
            ("Until it is back I cannot warn you about heat there.",),
        ),
    ),
    "trouble_person_blind": Text(
        ("Check the sensors: I see no room",),
        (
            ("I cannot see any of your rooms since {since}.", "I cannot see any of your rooms."),
            (
                "Only the forecast is left: up to {forecast_maximum} at {forecast_maximum_at}.",
                "Only the forecast is left to warn you by.",
            ),
        ),
    ),
    "trouble_sensor_suspect": Text(
        (
            "Check the sensor: {sensor}",
            "Check the sensor: {room}",
        ),
        (("{suspicion}",), ("{belief}",)),
    ),
    "trouble_sensor_silent": Text(
        ("Check the sensor: {sensor}", "Check the sensor: {room}"),
        (
            ("It has been silent since {since}.", "It is silent."),
            ("Other sensors still see {the_room}.",),
        ),
    ),
    "trouble_battery_low": Text(
        (
            "Change the battery: {sensor}",
            "Change the battery: {room}",
        ),
        (("Once it is empty I cannot see {the_room}.",),),
    ),
    "trouble_mqtt_down": Text(
        ("Check the MQTT broker",),
        (
            ("No sensor has reached me since {since}.", "No sensor reaches me."),
            ("I cannot warn you about heat in the rooms.",),
            ("Reason: {detail}.",),
        ),
    ),
    "trouble_home_assistant_down": Text(
        ("Check Home Assistant",),
        (
            ("I cannot reach it since {since}.", "I cannot reach it."),
            ("Please switch cooling by hand until it is back.",),
            ("Reason: {detail}.",),
        ),
    ),
    "trouble_forecast_old": Text(
        ("Check the internet: no forecast",),
        (
            ("No new forecast for {age}, so I cannot warn ahead.", "I cannot warn ahead."),
            ("Warnings from the room sensors go on.",),
        ),
    ),
    "trouble_policy_crashed": Text(
        ("Look at keepcool: a part has failed",),
        (
            ("{part} stopped with an error.", "{policy} stopped with an error."),
            ("The other parts go on.",),
            ("The log says why.",),
        ),
    ),
    "trouble_device_failed": Text(
        ("Switch {on_or_off} by hand: {device}, {room}",),
        (("{device} did not respond: please switch it {on_or_off} by hand.",),),
    ),
    "trouble_plug_low_power": Text(
        ("Check {device}: {room}",),
        (("The plug is on but {the_device} is not running: press its button or empty the tank.",),),
    ),
    "trouble_no_cooling_effect": Text(
        ("Check {device}: {room}",),
        (
            ("It has run for half an hour and {the_room} is no cooler.",),
            ("Is a door or window open?",),
        ),
    ),
    "trouble_blind_cooling_ended": Text(
        ("Check {device} and sensor: {room}",),
        (
            ("I have not seen {the_room} for too long, so I stopped cooling it.",),
            ("Please switch {device} by hand.",),
        ),
    ),
    "advice_heating_on": Text(
        ("Turn the heating down: {room}",),
        (("{the_room} is warm, but not from the weather, so the cooling stays off.",), _NUMBERS),
    ),
    # ------------------------------------------------------------------ cooling, for display
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
    "cooling_minimum_time": Text(
        ("Waiting to switch {device}: {room}",),
        (("{device} was switched a moment ago and needs a few minutes.",),),
    ),
    # ------------------------------------------------------------------ the rest
    "already_over": Text(
        ("Already over",), (("That message is out of date. There is nothing to do.",),)
    ),
    "test_alert": Text(
        ("Test: keepcool can reach you",),
        (("Nothing is wrong.",), ("Please answer, so that we both know it works.",)),
    ),
}

# What is said when an id is unknown or its slots are: better a plain word than silence.
FALLBACK = Text(("A message from keepcool",), (("Please look at keepcool's dashboard.",),))
