"""Read the shapes of weather consoles and other bridges that keys alone do not tell."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.mqtt_payloads.fields import Field, Found, Role, build_message
from integrations.mqtt_payloads.values import unit_named
from policies.model import SensorMessage

_CELLS = 3  # name, number, unit


def read_console(groups: list[object]) -> SensorMessage | None:
    """Read titled lists of [name, number, unit]; the indoor group counts, else the first.

    `None` when the list is of another kind.
    """
    titled = [group for group in groups if isinstance(group, Mapping) and "list" in group]
    if not titled:
        return None
    indoors = [group for group in titled if str(group.get("title", "")).lower().startswith("in")]
    rows = (indoors or titled)[0]["list"]
    found: Found = {}
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, list) or len(row) != _CELLS:
            continue
        name, value, unit = row
        if name == "Temperature":
            found[Role.TEMPERATURE] = (Field(Role.TEMPERATURE, unit=unit_named(unit)), value)
        elif name == "Humidity":
            found[Role.HUMIDITY] = (Field(Role.HUMIDITY), value)
    return build_message(found, {})
