"""Make the parts that the entities of rooms, people and the home have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policies.alert import HeatLevel


@dataclass(frozen=True, slots=True)
class Entity:
    """Describe one entity of a device; `options` are Home Assistant's own words.

    One of several alike is named by the text `text` with the name `about` in it.
    """

    key: str
    platform: str
    options: Mapping[str, Any]
    text: str = ""
    about: str = ""

    def name(self, kind: str, names: Mapping[str, str]) -> str:
        """Return what people read, of the `names` by kind of device and key."""
        return names[f"{kind}.{self.text or self.key}"].format(device=self.about)


DIAGNOSTIC, CONFIG = "diagnostic", "config"  # Home Assistant's words for where an entity stands
Build = Callable[..., Entity]


def on_topic(topic: str) -> tuple[Build, Build]:
    """Return what builds sensors, and binary sensors, that read one JSON topic."""

    def build(
        platform: str, key: str, options: Mapping[str, Any], attributes: str | None = None
    ) -> Entity:
        more: dict[str, Any] = {}
        if attributes is not None:
            more = {"json_attributes_topic": topic, "json_attributes_template": attributes}
        return Entity(key, platform, {"state_topic": topic, **options, **more})

    def sensor(key: str, options: Mapping[str, Any], attributes: str | None = None) -> Entity:
        return build("sensor", key, options, attributes)

    def binary(key: str, options: Mapping[str, Any], attributes: str | None = None) -> Entity:
        return build("binary_sensor", key, options, attributes)

    return sensor, binary


def button(key: str, topic: str, options: Mapping[str, Any]) -> Entity:
    """Describe a button; Home Assistant presses it by saying `PRESS` on the topic."""
    return Entity(key, "button", {"command_topic": topic, "payload_press": "PRESS", **options})


def switch(key: str, state: str, command: str, template: str, options: Mapping[str, Any]) -> Entity:
    """Describe a switch; Home Assistant says `ON` or `OFF` on the topic `command`."""
    topics = {"state_topic": state, "value_template": template, "command_topic": command}
    return Entity(key, "switch", {**topics, **options})


def value(name: str) -> str:
    """Return the template that reads one key."""
    return "{{ value_json." + name + " }}"


def flag(name: str) -> str:
    """Return the template that reads one key which is true, false or `null`."""
    key = f"value_json.{name}"
    return "{{ 'None' if " + key + " is none else 'ON' if " + key + " else 'OFF' }}"


def choice(name: str, options: list[str], icon: str) -> dict[str, Any]:
    """Describe a sensor that has one of a few words."""
    return {
        "value_template": value(name),
        "device_class": "enum",
        "options": options,
        "icon": icon,
    }


def heat_level(name: str) -> dict[str, Any]:
    """Describe a sensor that has a heat level in words."""
    return choice(name, [level.word for level in HeatLevel], "mdi:thermometer-alert")


def temperature(name: str) -> dict[str, Any]:
    """Describe a temperature in °C."""
    return measured(name, "temperature", "°C") | {"suggested_display_precision": 1}


def measured(name: str, device_class: str, unit: str) -> dict[str, Any]:
    """Describe a number that is measured."""
    return {
        "value_template": value(name),
        "device_class": device_class,
        "unit_of_measurement": unit,
        "state_class": "measurement",
    }


def volume(name: str) -> dict[str, Any]:
    """Describe a volume in ml."""
    unit = {"device_class": "volume", "unit_of_measurement": "mL"}
    return {"value_template": value(name), "suggested_display_precision": 0, **unit}


def timestamp(name: str) -> dict[str, Any]:
    """Describe a moment."""
    return {"value_template": value(name), "device_class": "timestamp"}
