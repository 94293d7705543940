"""Hold the entities of a pretended Home Assistant and do to them what its services do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_TURNED = {"turn_on": "on", "turn_off": "off"}
_SWITCHED_DOMAINS = ("switch", "input_boolean", "light")
_FAN_FEATURES = 1 | 16 | 32  # set speed, turn off, turn on
_COVER_FEATURES = 1 | 2 | 4 | 8  # open, close, set position, stop


class RefusedCallError(Exception):
    """Report a call that Home Assistant answers with a bare 400 (unknown) or 500 (out of range)."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Entity:
    """Hold one entity's state at one moment, as Home Assistant stores it."""

    entity_id: str
    state: str
    attributes: Mapping[str, object]
    last_changed: datetime
    last_updated: datetime
    context: Mapping[str, str | None]

    def as_json(self) -> dict[str, object]:
        """Return the state object of the REST interface."""
        return {
            "entity_id": self.entity_id,
            "state": self.state,
            "attributes": dict(self.attributes),
            "last_changed": self.last_changed.isoformat(),
            "last_reported": self.last_updated.isoformat(),
            "last_updated": self.last_updated.isoformat(),
            "context": dict(self.context),
        }

    def compressed(self) -> dict[str, object]:
        """Return the short form in which `subscribe_entities` tells a new entity."""
        is_plain = self.context["parent_id"] is None and self.context["user_id"] is None
        short: dict[str, object] = {
            "s": self.state,
            "a": dict(self.attributes),
            "c": self.context["id"] if is_plain else dict(self.context),
            "lc": self.last_changed.timestamp(),
        }
        if self.last_updated != self.last_changed:
            short["lu"] = self.last_updated.timestamp()
        return short


def compressed_difference(old: Entity, new: Entity) -> dict[str, object]:
    """Return the short form in which `subscribe_entities` tells a change."""
    additions: dict[str, object] = {}
    if old.state != new.state:
        additions["s"] = new.state
    if old.last_changed != new.last_changed:
        additions["lc"] = new.last_changed.timestamp()
    elif old.last_updated != new.last_updated:
        additions["lu"] = new.last_updated.timestamp()
    changed_context = {
        key: value for key, value in new.context.items() if old.context[key] != value
    }
    if changed_context:
        is_only_id = set(changed_context) == {"id"}
        additions["c"] = changed_context["id"] if is_only_id else changed_context
    added = {
        key: value
        for key, value in new.attributes.items()
        if key not in old.attributes or old.attributes[key] != value
    }
    if added:
        additions["a"] = added
    difference: dict[str, object] = {"+": additions}
    if removed := [key for key in old.attributes if key not in new.attributes]:
        difference["-"] = {"a": removed}
    return difference


Change = tuple[Entity | None, Entity | None]  # before and after; None: did not, does not exist


@dataclass(slots=True)
class EntityBook:
    """Hold all entities; usable from several threads. Every moment told is later than the last."""

    clock: Callable[[], datetime]
    _entities: dict[str, Entity] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _reported: dict[str, datetime] = field(default_factory=dict)
    _contexts: int = 0
    _last_moment: datetime | None = None

    def new_context(self, user_id: str | None = None) -> dict[str, str | None]:
        """Return a context of its own, as every action gets one; 26 characters, in rising order."""
        with self._lock:
            self._contexts += 1
            return {"id": f"01FAKE{self._contexts:020d}", "parent_id": None, "user_id": user_id}

    def get(self, entity_id: str) -> Entity | None:
        """Return an entity, or `None`."""
        with self._lock:
            return self._entities.get(entity_id)

    def every(self) -> tuple[Entity, ...]:
        """Return all entities, in the order in which they came to be."""
        with self._lock:
            return tuple(self._entities.values())

    def put(
        self,
        entity_id: str,
        state: str | None = None,
        attributes: Mapping[str, object] | None = None,
        context: Mapping[str, str | None] | None = None,
    ) -> Change | None:
        """Change or add an entity; attributes are merged, `None` as a value takes one away.

        Returns:
            Before and after, or `None` when nothing changed, for then Home Assistant tells nobody;
            it notes the report all the same, see `since_reported`.
        """
        with self._lock:
            old = self._entities.get(entity_id)
            merged = {**(old.attributes if old else {}), **(attributes or {})}
            merged = {key: value for key, value in merged.items() if value is not None}
            new_state = state if state is not None else old.state if old else "unknown"
            self._reported[entity_id] = self.clock()
            if old and old.state == new_state and old.attributes == merged:
                return None
            now = self._next_moment()
            is_same_state = old is not None and old.state == new_state
            new = Entity(
                entity_id=entity_id,
                state=new_state,
                attributes=merged,
                last_changed=old.last_changed if old and is_same_state else now,
                last_updated=now,
                context=context or self.new_context(),
            )
            self._entities[entity_id] = new
            return old, new

    def since_reported(self, entity_id: str) -> timedelta | None:
        """Return how long ago an entity was last written, changed or not; `None`: it is missing.

        Home Assistant's templates know it; its state objects, once rendered, tell the moment of
        their first report for good.
        """
        with self._lock:
            at = self._reported.get(entity_id) if entity_id in self._entities else None
            return None if at is None else self.clock() - at

    def remove(self, entity_id: str) -> Change | None:
        """Take an entity away."""
        with self._lock:
            old = self._entities.pop(entity_id, None)
            return None if old is None else (old, None)

    def _next_moment(self) -> datetime:
        # The wall clock of a simulation stands still; the order of changes must show anyway.
        now = self.clock()
        if self._last_moment is not None and now <= self._last_moment:
            now = self._last_moment + timedelta(microseconds=1)
        self._last_moment = now
        return now


def air_conditioner(**attributes: object) -> dict[str, object]:
    """Return the attributes of an air conditioner that is off and set to 24 °C."""
    return {
        "hvac_modes": ["off", "cool", "fan_only"],
        "min_temp": 16,
        "max_temp": 30,
        "target_temp_step": 0.5,
        "temperature": 24.0,
        "supported_features": 385,
        **attributes,
    }


def fan(**attributes: object) -> dict[str, object]:
    """Return the attributes of a fan with four speeds that is off."""
    return {
        "percentage": 0,
        "percentage_step": 25.0,
        "supported_features": _FAN_FEATURES,
        **attributes,
    }


def cover(**attributes: object) -> dict[str, object]:
    """Return the attributes of a blind that is open and knows positions."""
    return {"current_position": 100, "supported_features": _COVER_FEATURES, **attributes}


def dehumidifier(**attributes: object) -> dict[str, object]:
    """Return the attributes of a dehumidifier that is off."""
    return {
        "device_class": "dehumidifier",
        "humidity": 60,
        "min_humidity": 30,
        "max_humidity": 80,
        "available_modes": ["auto", "dry"],
        "mode": "auto",
        "supported_features": 1,
        **attributes,
    }


SERVICES: Mapping[str, tuple[str, ...]] = {
    "climate": ("set_hvac_mode", "set_temperature", "turn_off", "turn_on"),
    "cover": ("close_cover", "open_cover", "set_cover_position", "stop_cover"),
    "fan": ("set_percentage", "turn_off", "turn_on"),
    "humidifier": ("set_humidity", "set_mode", "turn_off", "turn_on"),
    "tts": ("speak",),
    **dict.fromkeys(_SWITCHED_DOMAINS, ("turn_off", "turn_on")),
}


def carry_out(
    book: EntityBook, domain: str, service: str, data: Mapping[str, object], user_id: str | None
) -> list[Change]:
    """Do what a service of an entity does; missing and unavailable entities are passed over.

    Raises:
        RefusedCallError: 400 for an unknown service or a call without its data, 500 for a value
            that the entity does not offer.
    """
    if service not in SERVICES.get(domain, ()):
        raise RefusedCallError(400)
    context = book.new_context(user_id)
    changes = []
    for entity_id in _targets(data):
        entity = book.get(entity_id)
        if (
            entity is None
            or entity.state == "unavailable"
            or not entity_id.startswith(f"{domain}.")
        ):
            continue
        state, attributes = _EFFECTS[domain](entity, service, data)
        if change := book.put(entity_id, state, attributes, context):
            changes.append(change)
    return changes


Effect = tuple[str | None, dict[str, object]]  # the new state (None: as it was), attributes


def _targets(data: Mapping[str, object]) -> Iterable[str]:
    match data.get("entity_id"):
        case str(one):
            return [one]
        case list(several) if all(isinstance(each, str) for each in several):
            return several
    raise RefusedCallError(400)


def _climate_effect(entity: Entity, service: str, data: Mapping[str, object]) -> Effect:
    if service == "set_temperature":
        # A mode beside the temperature is ignored without a word, as Home Assistant 2025.4 does.
        temperature = _number(data.get("temperature"))
        lowest = _number(entity.attributes.get("min_temp", 7))
        highest = _number(entity.attributes.get("max_temp", 35))
        if not lowest <= temperature <= highest:
            raise RefusedCallError(500)
        return None, {"temperature": temperature}
    modes = entity.attributes.get("hvac_modes")
    offered = modes if isinstance(modes, list) else ["off"]
    if service == "turn_off":
        return "off", {}
    if service == "turn_on":
        return next((mode for mode in offered if mode != "off"), None), {}
    mode = data.get("hvac_mode")
    if not isinstance(mode, str):
        raise RefusedCallError(400)
    if mode not in offered:
        raise RefusedCallError(500)
    return mode, {}


def _fan_effect(entity: Entity, service: str, data: Mapping[str, object]) -> Effect:
    if service == "turn_off":
        return "off", {"percentage": 0}
    if "percentage" not in data:
        known = entity.attributes.get("percentage") or 100
        return "on", {"percentage": known}
    percentage = _number(data["percentage"])
    return ("on" if percentage > 0 else "off"), {"percentage": round(percentage)}


def _cover_effect(entity: Entity, service: str, data: Mapping[str, object]) -> Effect:
    """Move a blind at once; one that knows no position is open or closed."""
    if service == "stop_cover":
        return None, {}
    position = {"close_cover": 0.0, "open_cover": 100.0}.get(service)
    if position is None:
        position = _number(data.get("position"))
    if not 0 <= position <= 100:  # noqa: PLR2004 - percent
        raise RefusedCallError(400)
    knows_position = entity.attributes.get("current_position") is not None
    told: dict[str, object] = {"current_position": round(position)} if knows_position else {}
    return ("open" if position > 0 else "closed"), told


def _humidifier_effect(entity: Entity, service: str, data: Mapping[str, object]) -> Effect:
    if service in _TURNED:
        return _TURNED[service], {}
    if service == "set_humidity":
        humidity = _number(data.get("humidity"))
        lowest = _number(entity.attributes.get("min_humidity", 0))
        highest = _number(entity.attributes.get("max_humidity", 100))
        if not lowest <= humidity <= highest:
            raise RefusedCallError(500)
        return None, {"humidity": round(humidity)}
    mode, offered = data.get("mode"), entity.attributes.get("available_modes")
    if not isinstance(offered, list) or mode not in offered:
        raise RefusedCallError(500)
    return None, {"mode": mode}


def _switch_effect(_entity: Entity, service: str, _data: Mapping[str, object]) -> Effect:
    return _TURNED[service], {}


def _voice_effect(_entity: Entity, _service: str, data: Mapping[str, object]) -> Effect:
    if not isinstance(data.get("message"), str) or not data.get("media_player_entity_id"):
        raise RefusedCallError(400)
    return None, {}


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedCallError(400)
    return float(value)


_EFFECTS: Mapping[str, Callable[[Entity, str, Mapping[str, object]], Effect]] = {
    "climate": _climate_effect,
    "cover": _cover_effect,
    "fan": _fan_effect,
    "humidifier": _humidifier_effect,
    "tts": _voice_effect,
    **dict.fromkeys(_SWITCHED_DOMAINS, _switch_effect),
}
