"""Report for `keepcool check --online` whether each entity of Home Assistant tells what it must."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from daemon.check_rows import CheckRow, Status
from integrations.messages import DeviceObserved


class EntityUse(enum.StrEnum):
    """Say what keepcool wants of an entity; the words stand in the report."""

    DEVICE = "device"  # commanded
    POWER = "power"
    TEMPERATURE = "temperature"
    HUMIDITY = "humidity"
    MOTION = "motion"
    PRESENCE = "presence"
    ANNOUNCER = "announcer"
    VOICE = "voice"


_MAY_BE_UNKNOWN = (EntityUse.ANNOUNCER, EntityUse.VOICE)  # a voice is, until it first speaks


@dataclass(frozen=True, slots=True)
class EntitySubject:
    """Name an entity, what it is for, and whose it is: a room's or a person's name."""

    entity_id: str
    use: EntityUse
    owner: str = ""


def entity_rows(
    entities: Sequence[EntitySubject], states: Mapping[str, DeviceObserved]
) -> Iterator[CheckRow]:
    """Yield one row per entity; a red one says what to do."""
    for entity in entities:
        whose = f" ({entity.owner})" if entity.owner else ""
        is_named = entity.use not in (EntityUse.DEVICE, EntityUse.POWER)
        name = f"{entity.use} {entity.entity_id}{whose}" if is_named else entity.entity_id
        seen = states.get(entity.entity_id)
        if seen is None or seen.is_missing:
            fix = "compare with Home Assistant: Settings > Devices & services > Entities"
            yield CheckRow(name, Status.RED, "Home Assistant does not know this entity", fix)
        elif not seen.is_available and not _is_unused(entity.use, seen):
            fix = "see that the device has power and is in the network"
            yield CheckRow(name, Status.RED, f"Home Assistant says {seen.raw_state}", fix)
        elif (wrong := _wrong(entity.use, seen)) is not None:
            yield CheckRow(name, Status.RED, *wrong)
        else:
            yield CheckRow(name, Status.OK, _told(seen))


def _is_unused(use: EntityUse, seen: DeviceObserved) -> bool:
    return use in _MAY_BE_UNKNOWN and seen.raw_state == "unknown"


def _told(seen: DeviceObserved) -> str:
    return f"{seen.raw_state} {seen.unit}" if seen.unit else seen.raw_state


def _wrong(use: EntityUse, seen: DeviceObserved) -> tuple[str, str] | None:
    """Return what is wrong with a state and what to do, `None` when it is what it should be."""
    measured = seen.measured
    if use is EntityUse.MOTION and seen.raw_state not in ("on", "off"):
        return f"says {seen.raw_state}, neither on nor off", "name a motion or occupancy sensor"
    if use not in (EntityUse.TEMPERATURE, EntityUse.HUMIDITY) or measured is None:
        return None
    is_temperature = use is EntityUse.TEMPERATURE
    value = measured.temperature_c if is_temperature else measured.relative_humidity_pct
    if value is not None:
        return None
    if measured.rejected is not None and seen.numeric_value is None:
        fix = "look at it in Home Assistant: Developer tools > States"
        return f"says {seen.raw_state!r}, which is no number", fix
    units = "°C or °F" if is_temperature else "%"
    unit = f"the unit {seen.unit}" if seen.unit else "no unit"
    return f"has {unit}, so it is no {use}", f"name an entity whose unit is {units}"
