"""Show what was found, in lines that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from daemon.init.connect import Connected
from daemon.init.household import Household
from daemon.init.propose import CoolingFound, Proposal
from daemon.init.sensors import SensorFound

_LONGEST = 100


def describe_value(sensor: SensorFound) -> str:
    """Return a sensor's present values, or that nothing came yet."""
    if sensor.temperature_c is None:
        return "waiting: not heard yet"
    text = f"{sensor.temperature_c:.1f} °C"
    if sensor.relative_humidity_pct is not None:
        text += f", {sensor.relative_humidity_pct:.0f} %"
    return f"{text} (it speaks Fahrenheit)" if sensor.unit == "F" else text


def describe_sensor(sensor: SensorFound) -> str:
    """Return a sensor with where it is heard and what it says."""
    return printable(f"{sensor.key}: {describe_value(sensor)}")


def describe_cooling(found: CoolingFound) -> str:
    """Return a device with its room and what it does now."""
    entity = found.entity
    where = f" in {entity.area}" if entity.area else ""
    kind = entity.domain
    if entity.domain == "climate" and not entity.can_cool:
        kind = "climate that only heats"
    return printable(f"{entity.name}{where} ({entity.entity_id}; {kind}, now {entity.state})")


def list_findings(
    sensors: Sequence[SensorFound], proposal: Proposal, found: Connected
) -> Iterator[str]:
    """Yield everything that was found, so that nobody wonders what was overlooked."""
    if found.broker is not None and found.broker.refusal:
        yield printable(
            f"Careful, the broker does not let us hear everything: {found.broker.refusal}"
        )
    placed = [*(s for room in proposal.rooms for s in room.sensors), *proposal.unplaced]
    waiting = sum(not sensor.is_heard for sensor in sensors)
    tail = f", {waiting} of them not heard yet" if waiting else ""
    yield f"Found {_count(len(sensors), 'temperature sensor')}{tail}."
    for sensor in placed:
        yield f"  {describe_sensor(sensor)}"
    for title, left_out in (
        ("Outdoors, so not watched as a room:", proposal.outdoors),
        ("Not a room's air, so left out:", proposal.others),
    ):
        if left_out:
            yield title
            for sensor in left_out:
                yield printable(f"  {describe_sensor(sensor)} ({sensor.why})")
    if found.household is not None:
        yield from _list_household(found.household, proposal)


def _list_household(household: Household, proposal: Proposal) -> Iterator[str]:
    if household.areas:
        yield printable(f"Areas in Home Assistant: {', '.join(household.areas)}")
    kinds = (
        ("Climate", "climate"),
        ("Fans", "fan"),
        ("Blinds", "cover"),
        ("Switches", "switch"),
        ("Humidifiers", "humidifier"),
        ("Weather", "weather"),
    )
    for title, domain in kinds:
        names = [entity.entity_id for entity in household.in_domain(domain)]
        if names:
            yield printable(f"{title}: {_few(names)}")
    phones = [phone.service for phone in proposal.phones]
    yield printable(f"Phones: {_few(phones)}" if phones else "Phones: none with the app yet")


def _few(names: Sequence[str], most: int = 8) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def printable(text: str) -> str:
    """Return a text from outside without what a terminal would act on, and not too long."""
    plain = "".join(sign if sign.isprintable() else "?" for sign in text)
    return plain if len(plain) <= _LONGEST * 2 else f"{plain[: _LONGEST * 2 - 3]}..."
