"""Hold the names of what Home Assistant shows, by kind of device and key of entity."""

from __future__ import annotations

from collections.abc import Mapping

ENTITY_NAMES: Mapping[str, str] = {
    "room.heat_level": "Heat level",
    "room.feels_like": "Feels like",
    "room.temperature": "Temperature",
    "room.humidity": "Humidity",
    "room.expected_heat_level": "Expected heat level",
    "room.expected_at": "Expected at",
    "room.too_hot_expected": "Too hot soon",
    "room.limit": "Limit",
    "room.reason": "Reason",
    "room.unseen": "Cannot see the room",
    "room.automatic_cooling": "Automatic cooling",
    "person.heat_level": "Heat level",
    "person.drinks_today": "Drinks today",
    "person.drinks_goal": "Drinks goal",
    "person.next_drink": "Next drink",
    "person.drink": "Had a drink",
    "person.snooze": "Snooze",
    "person.snoozed_until": "Snoozed until",
    "person.out": "I'm out",
    "person.out_until": "Out until",
    "person.alert": "Alert",
    "person.test_alert": "Test alert",
    "home.running": "Running",
    "home.trouble": "Trouble",
    "home.alerts": "Alerts",
    "home.holiday": "Holiday",
    "home.holiday_until": "Holiday until",
    "home.official_warning": "Official heat warning",
    "home.forecast_source": "Forecast source",
    "home.forecast_at": "Forecast fetched",
    "home.messages_waiting": "Messages waiting",
    "home.version": "Version",
    "home.check": "Check",
    "home.check_result": "Check result",
    "home.checked_at": "Last check",
}
