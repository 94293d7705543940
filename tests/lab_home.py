"""A home in Amsterdam as Home Assistant tells of it, for tests of what is proposed there."""

from __future__ import annotations

from typing import Final

from daemon.demo.fake_home_assistant import FakeHomeAssistant

PLACE: Final = {
    "location_name": "Lab",
    "latitude": 52.371,
    "longitude": 4.89,
    "time_zone": "Europe/Amsterdam",
    "country": "NL",
}
CELSIUS: Final = {"device_class": "temperature", "unit_of_measurement": "°C"}


def furnish(home_assistant: FakeHomeAssistant) -> None:
    """Give it a place, and a bedroom with a thermometer."""
    home_assistant.place = dict(PLACE)
    home_assistant.registries["area"] = [{"area_id": "bed", "name": "Bedroom"}]
    home_assistant.registries["entity"] = [{"entity_id": "sensor.t", "area_id": "bed"}]
    home_assistant.set_state("sensor.t", "21.5", CELSIUS)
