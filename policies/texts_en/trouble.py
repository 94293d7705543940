"""Hold the texts about what keepcool cannot see, reach or switch, and advice."""

from __future__ import annotations

from collections.abc import Mapping

from policies.texts_en.parts import NUMBERS, Text

TROUBLE_TEXTS: Mapping[str, Text] = {
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
            ("It is {age} old.",),
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
            (
                "Only sensors in {other_road} reach me since {since}.",
                "No sensor has reached me since {since}.",
                "No sensor reaches me.",
            ),
            (
                "I cannot see rooms without one in {other_road}.",
                "I cannot warn you about heat in the rooms.",
            ),
            ("Reason: {detail}.",),
        ),
    ),
    "trouble_mqtt_refused": Text(
        ("Check keepcool's MQTT settings",),
        (
            ("The broker is there, but sensors may not reach me.",),
            ("Reason: {detail}.",),
            ("`keepcool status` says more.",),
        ),
    ),
    "trouble_token_refused": Text(
        ("Give keepcool a new token",),
        (
            ("Home Assistant refuses it since {since}.", "Home Assistant refuses it."),
            ("Until then no push, and cooling by hand.",),
            ("`keepcool status` says more.",),
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
    "trouble_storage": Text(
        ("Check keepcool's memory card",),
        (
            ("Trouble since {since}.",),
            ("I go on from memory: warnings still come.",),
            ("Reason: {detail}.",),
        ),
    ),
    "trouble_database": Text(
        ("Check keepcool's memory card",),
        (
            ("Its database was broken: a backup or a new one is in use.",),
            ("The card may be failing: think of a new one.",),
        ),
    ),
    "trouble_basic_mode": Text(
        ("Look at keepcool: basic mode only",),
        (
            ("Warnings go on, but no cooling and no reminders.",),
            ("Please switch cooling by hand.",),
            ("`keepcool status` says why.",),
        ),
    ),
    "trouble_heartbeat": Text(
        ("Check the internet: no heartbeat",),
        (
            ("For a day nobody outside has heard that I work.",),
            ("Whoever is told of my silence may worry.",),
            ("Reason: {detail}.",),
        ),
    ),
    "trouble_second_road": Text(
        ("Check the second road of {who}",),
        (
            ("It took no message since {since}.", "It took no message."),
            ("A test alert shows whether it is back.",),
            ("Reason: {detail}.",),
        ),
    ),
    "trouble_phone": Text(
        ("Check the phone of {who}",),
        (
            ("Home Assistant hands it no message since {since}.", "It takes no message."),
            ("Is it a new phone, or the app signed out?",),
            ("Reason: {detail}.",),
        ),
    ),
    "trouble_carer_phone": Text(
        ("Tell {who}: no message reaches you",),
        (
            ("Home Assistant hands their phone none since {since}.", "Their phone takes none."),
            ("Is it a new phone, or the app signed out?",),
            ("Reason: {detail}.",),
        ),
    ),
    "trouble_phone_unproved": Text(
        ("Check the phone of {who}",),
        (
            ("No button of mine was pressed on it since {since_day}.",),
            ("Does a test alert arrive there, and ring?",),
        ),
    ),
    "trouble_carer_unproved": Text(
        ("Ask {who}: do my messages arrive?",),
        (
            (
                "No button of mine was pressed on their phone since {since_day}.",
                "No button of mine was pressed on their phone for long.",
            ),
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
    "trouble_blind_failed": Text(
        ("Close it by hand: {device}, {room}",),
        (
            ("{device} did not respond.",),
            ("Closed before the sun is on it, the room stays cooler.",),
        ),
    ),
    "trouble_dryer_failed": Text(
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
        (("{the_room} is warm, but not from the weather, so the cooling stays off.",), NUMBERS),
    ),
}
