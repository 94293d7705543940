"""Tell what a topic's name says about the message on it."""

from __future__ import annotations

import enum
import functools
import re
from dataclasses import dataclass, replace
from typing import Final

from integrations.mqtt_payloads.values import Unit

_CACHED_TOPIC: Final = 256  # longer ones are not remembered: the cache stays small


class Quantity(enum.StrEnum):
    """Name what a bare number on a topic means."""

    TEMPERATURE = "temperature"
    HUMIDITY = "humidity"
    POWER = "power"
    BATTERY = "battery"
    BATTERY_OK = "battery_ok"  # rtl_433: 1 or 0
    CHIP = "chip"  # the temperature of a processor or relay
    OTHER = "other"  # something else, not for us
    UNTOLD = "untold"  # a sensor whose name does not tell
    UNKNOWN = "unknown"  # any topic: a bare number is degrees Celsius


@dataclass(frozen=True, slots=True)
class Topic:
    """Describe a topic."""

    quantity: Quantity = Quantity.UNKNOWN
    unit: Unit | None = None
    is_availability: bool = False
    is_status: bool = False  # availability when it says so, else anything
    is_ignored: bool = False
    is_tasmota: bool = False
    is_chip: bool = False  # every temperature in this topic's objects is a processor's

    @property
    def may_be_ours(self) -> bool:
        """Return whether a bare value on this topic is one that keepcool reads."""
        return not self.is_ignored and self.quantity is not Quantity.OTHER

    @property
    def is_told(self) -> bool:
        """Return whether the name says that temperature or humidity is here."""
        return self.quantity is Quantity.TEMPERATURE or self.quantity is Quantity.HUMIDITY

    def told(self, quantity: str | None, unit: Unit | None) -> Topic:
        """Return the same topic with what the settings say about it."""
        if quantity is not None:
            return Topic(Quantity(quantity), unit or self.unit)
        return replace(self, unit=unit or self.unit)


_IGNORED: Final = Topic(Quantity.OTHER, is_ignored=True)
_OTHER: Final = Topic(Quantity.OTHER)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HOME_ASSISTANT: Final = (["homeassistant"], ["hass"], ["ha"])  # its own birth and will
_COMMANDS: Final = frozenset({"set", "get", "cmnd", "command", "config", "debug", "announce"})
_AVAILABILITY: Final = frozenset(
    {"availability", "lwt", "online", "$state", "available", "alive", "connected", "connection"}
)
_PASSED_OVER: Final = frozenset({"state", "value", "raw", "current", "get_state"})
_ACTUATORS: Final = _words(
    "binary_sensor switch light text_sensor number select button fan cover lock update event"
    " input_number input_boolean input_text input_select automation script person device_tracker"
    " media_player camera sun scene zone text valve siren vacuum calendar timer counter weather"
)
_ATTRIBUTES: Final = _words(
    "unit_of_measurement friendly_name device_class state_class icon last_changed last_updated"
    " attribution options entity_picture assumed_state supported_features restored"
)

_TEMPERATURES: Final = _words(
    "temperature temp tem temperatur temperatura temperatuur lufttemperatur tempc tempf"
)
_HUMIDITIES: Final = _words(
    "humidity hum humi rh rhum feuchtigkeit luftfeuchtigkeit luftfeuchte feuchte umidita umidità"
    " humedad humidite humidité"
)
_POWERS: Final = _words("power apower watt watts leistung")
_BATTERIES: Final = _words("battery batt bat batterie batteria bateria")
_CHIPS: Final = _words("cpu chip internal soc mcu processor core board")
_VETOES: Final = _words(
    "dew dewpoint feels apparent index humidex setpoint target min max minimum maximum offset"
    " calibration correction alarm threshold limit absolute soil voltage volt volts energy rssi"
    " signal linkquality lqi co2 eco2 tvoc voc illuminance lux uptime factor reactive wifi ssid ip"
    " mac version frequency unit error status behavior behaviour outage delta trend rate seen"
    " pressure overtemperature setting mode reason reasons"
)
_OTHERS: Final = _words(
    "current light noise aqi gas resistance rain wind uv pm25 pm10 pm1 id channel time motion"
    " contact occupancy presence moisture altitude dimmer brightness position relay input energy"
    " returned uptime heap"
)


def topic_of(topic: str) -> Topic:
    """Return what a topic's name tells; remembered for the topics heard most recently."""
    return _classified(topic) if len(topic) <= _CACHED_TOPIC else _classify(topic)


@functools.lru_cache(maxsize=4096)
def _classified(topic: str) -> Topic:
    return _classify(topic)


def _classify(topic: str) -> Topic:
    names = topic.strip("/").split("/")
    parts = [name.lower() for name in names]
    special = _special(parts)
    if special is not None:
        return special
    entity = _entity(names, parts)
    if entity is not None:
        return entity
    return _family(names, parts)


def _special(parts: list[str]) -> Topic | None:
    """Recognise availability, commands and what a bridge says about itself."""
    last = parts[-1]
    is_bridge_state = parts[-2:] == ["bridge", "state"]
    is_about_bridge = parts[0].startswith("zigbee2mqtt") and parts[1:2] == ["bridge"]
    is_home_assistant = last == "status" and parts[:-1] in _HOME_ASSISTANT
    if is_bridge_state or last in _AVAILABILITY:
        return Topic(Quantity.OTHER, is_availability=True)
    if is_about_bridge or is_home_assistant or last in _COMMANDS or parts[0] in _COMMANDS:
        return _IGNORED
    if last == "status":
        return Topic(Quantity.OTHER, is_status=True)
    # OpenMQTTGateway about its own board
    return Topic(Quantity.OTHER, is_chip=True) if last == "systomqtt" else None


def _entity(names: list[str], parts: list[str]) -> Topic | None:
    """Recognise `<...>/<domain>/<name>/<attribute>`, as ESPHome and HA statestream publish it."""
    if len(parts) < _ENTITY_PARTS:
        return None
    domain, last, is_state = parts[-3], parts[-1], parts[-1] == "state"
    if is_state and parts[-4] in _CLIMATES:  # ESPHome: <...>/climate/<name>/<attribute>/state
        return _climate(parts[-2])
    if domain in _CLIMATES:
        return _climate(last)
    if (is_state and domain in _ACTUATORS) or (domain in _WITH_NUMBERS and last in _ATTRIBUTES):
        return _IGNORED
    if is_state and domain == "sensor":
        named = _named(names[-2])
        return Topic(Quantity.UNTOLD) if named.quantity is Quantity.UNKNOWN else named
    return None


_ENTITY_PARTS: Final = 4  # prefix, domain, name, attribute
_CLIMATES: Final = frozenset({"climate", "humidifier", "water_heater"})
_WITH_NUMBERS: Final = frozenset({"sensor", "weather"})


def _climate(attribute: str) -> Topic:
    """Tell the measured values of a thermostat from its wishes."""
    if attribute == "current_temperature":
        return Topic(Quantity.TEMPERATURE)
    return Topic(Quantity.HUMIDITY) if attribute == "current_humidity" else _IGNORED


def _family(names: list[str], parts: list[str]) -> Topic:
    """Read the name from the right end, and know where a family puts other things."""
    if parts[-1] in {"sensor", "status8", "status10"}:
        return Topic(_by_name(names, parts).quantity, is_tasmota=True)
    if parts[-1].startswith("bthomesensor"):
        return Topic(Quantity.UNTOLD)
    named = _by_name(names, parts)
    if parts[0] == "shellies" and not parts[3:] and named.quantity is Quantity.TEMPERATURE:
        return Topic(Quantity.CHIP)  # the relay's own; a room's is .../sensor/temperature
    is_attribute = (
        parts[0] == "shellies"
        or (parts[0].startswith("zigbee2mqtt") and bool(parts[2:]))
        or (parts[0].startswith("rtl_433") and "devices" in parts)
    )
    return _OTHER if is_attribute and named.quantity is Quantity.UNKNOWN else named


def _by_name(names: list[str], parts: list[str]) -> Topic:
    end = len(parts) - 1
    while end > 0 and (parts[end] in _PASSED_OVER or parts[end].isdigit()):
        end -= 1
    named = _named(names[end])
    if named.quantity is not Quantity.UNKNOWN or parts[0].startswith("rtl_433"):
        return named
    for part in reversed(parts[:end]):  # home/temperature/bedroom
        if part in _TEMPERATURES or part in _HUMIDITIES or part in _POWERS:
            return _named(part)
    return named


def _named(name: str) -> Topic:
    """Tell what a name such as `living_room_temperature` says; of several the last word counts."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
    words = [word for word in re.split(r"[\W_]+", spaced) if word]
    bare = [word.rstrip("0123456789") or word for word in words]
    if words == ["battery", "ok"]:
        return Topic(Quantity.BATTERY_OK)
    if not _VETOES.isdisjoint(words) or not _VETOES.isdisjoint(bare) or "ok" in words:
        return _OTHER
    for index in range(len(words) - 1, -1, -1):
        word = bare[index]
        if word in _TEMPERATURES:
            is_chip = not _CHIPS.isdisjoint(words) or words == ["device", "temperature"]
            return Topic(Quantity.CHIP if is_chip else Quantity.TEMPERATURE, _unit(words))
        for quantity, known in _NAMED:
            if word in known:
                return Topic(quantity)
    is_other = not _OTHERS.isdisjoint(words) or not _OTHERS.isdisjoint(bare)
    return _OTHER if is_other else Topic()


_NAMED: Final = (
    (Quantity.HUMIDITY, _HUMIDITIES),
    (Quantity.POWER, _POWERS),
    (Quantity.BATTERY, _BATTERIES),
)


def _unit(words: list[str]) -> Unit | None:
    if not {"f", "fahrenheit", "tempf"}.isdisjoint(words):
        return "f"
    return "c" if not {"c", "celsius", "tempc"}.isdisjoint(words) else None
