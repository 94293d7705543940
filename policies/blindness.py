"""Name the trouble that leaves a person without keepcool's eyes or hands.

It speaks beside a critical alert, at night, and when the day's budget is used up; when it lasts it
goes to the carers. All other trouble waits.
"""

from __future__ import annotations

BLIND_OR_POWERLESS = frozenset(
    {
        "trouble_room_blind",
        "trouble_person_blind",
        "trouble_mqtt_down",
        "trouble_mqtt_refused",
        "trouble_home_assistant_down",
        "trouble_token_refused",
        "trouble_phone",
        "trouble_basic_mode",
        "trouble_policy_crashed",
        "trouble_device_failed",
        "trouble_plug_low_power",
        "trouble_no_cooling_effect",
        "trouble_blind_cooling_ended",
    }
)

# The carers can look after a phone that nobody answers; who holds it may never have heard.
CARERS_HEAR = BLIND_OR_POWERLESS | {"trouble_phone_unproved"}
