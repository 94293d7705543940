"""Hold phrases that depend on a parameter's value, and words that are written small."""

from __future__ import annotations

from collections.abc import Mapping

from policies.texts_en.official import OFFICIAL_PHRASES

PHRASES: Mapping[str, str] = {
    **OFFICIAL_PHRASES,  # who warns of heat, and until when: {official}
    # what the cooling does about the heat: {cooling}
    "cooling.running": "{device} is running.",
    "cooling.starting": "I am switching {device} on.",
    "cooling.resting": "{device} has to rest for a few minutes, then I switch it on.",
    "cooling.waiting": "I cannot cool both rooms at once: a cooler place or a wet cloth can help.",
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
    "cooling_ahead.waiting": "I cannot cool both rooms at once: the other one comes first.",
    "cooling_ahead.cold_outdoors": "Please turn any heating down.",
    "cooling_ahead.off": "Please switch {device} on before then.",
    "cooling_ahead.failed": "{device} did not respond: please switch it on by hand.",
    "cooling_ahead.none": "Blinds closed in the sun keep it cooler.",
    "cooling_ahead.fan_only": "Blinds closed in the sun keep it cooler.",
    # the same, for somebody who is elsewhere: {carers_cooling}
    "carers_cooling.running": "{device} is running.",
    "carers_cooling.starting": "{device} is being switched on.",
    "carers_cooling.resting": "{device} rests for a few minutes, then it is switched on.",
    "carers_cooling.waiting": "{device} waits: both rooms at once would draw too much.",
    "carers_cooling.cold_outdoors": "It is cool outside: a window helps.",
    "carers_cooling.off": "{device} is off: please see that it is switched on.",
    "carers_cooling.failed": "{device} did not respond: please see that it is switched on by hand.",
    "carers_cooling.none": "A cooler place or a wet cloth can help.",
    "carers_cooling.fan_only": "A fan is running.",
    # what leaves keepcool blind or powerless, and what mends it: {trouble}, {cure}
    "trouble.trouble_room_blind": "I cannot see {the_room}",
    "trouble.trouble_person_blind": "I see no room",
    "trouble.trouble_mqtt_down": "I hear no sensor",
    "trouble.trouble_mqtt_refused": "the MQTT broker refuses me",
    "trouble.trouble_token_refused": "Home Assistant refuses me",
    "trouble.trouble_home_assistant_down": "Home Assistant is down",
    "trouble.trouble_policy_crashed": "a part of keepcool failed",
    "trouble.trouble_device_failed": "{device} does not respond",
    "trouble.trouble_plug_low_power": "{device} does not run",
    "trouble.trouble_no_cooling_effect": "{device} does not cool",
    "trouble.trouble_blind_cooling_ended": "I stopped cooling",
    "trouble.trouble_phone": "no message reaches the phone",
    "cure.trouble_phone": "Is it a new phone, or is the Home Assistant app signed out?",
    "trouble.trouble_phone_unproved": "try the phone",
    "cure.trouble_phone_unproved": "No button on it was pressed since {since_day}: does it ring?",
    "cure.trouble_room_blind": "Is the sensor in its place, and its battery full?",
    "cure.trouble_person_blind": "Are the sensors in their place, and their hub on?",
    "cure.trouble_mqtt_down": "Is the MQTT broker running?",
    "cure.trouble_mqtt_refused": "`keepcool status` says which right or name is wrong.",
    "cure.trouble_token_refused": "keepcool needs a new access token.",
    "cure.trouble_home_assistant_down": "Cooling has to be switched by hand until then.",
    "cure.trouble_policy_crashed": "keepcool's log says why.",
    "cure.trouble_device_failed": "Please see that it is switched {on_or_off} by hand.",
    "cure.trouble_plug_low_power": "Its button must be pressed, or its tank emptied.",
    "cure.trouble_no_cooling_effect": "Is a door or window open there?",
    "cure.trouble_blind_cooling_ended": "I have not seen {the_room} for too long.",
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
    # why the readings of a message's room are not believed: {doubt}
    "doubt.stuck": "The reading there has not changed for hours.",
    "doubt.conflict": "The readings there disagree.",
    "doubt.rejected": "The last readings there cannot be right.",
    # which part failed: {part}
    "part.heat_sensitivity": "The part that judges heat",
    "part.data_quality": "The part that checks the sensors",
    "part.hydration": "The part that counts drinks",
    "part.brief": "The part that writes the morning brief",
    "part.cooling": "The part that plans cooling",
    "part.self_test": "The part that tries the phones",
    "part.official_warnings": "The part that passes on official warnings",
    # what ended the holiday mode: {holiday_end}
    "holiday_end.switch": "It was switched off.",
    "holiday_end.date": "The day of coming back is here.",
    "holiday_end.presence": "Somebody came home.",
    "holiday_end.drink": "Somebody logged a drink at home.",
    "holiday_end.device": "Somebody switched a device by hand.",
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
