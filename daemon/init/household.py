"""Read what Home Assistant knows of a home from the answers of its registries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from daemon.init.names import fitting_name

COOLING_DOMAINS = ("climate", "fan", "cover", "switch", "humidifier")
_WITHOUT_VALUE = frozenset({"unavailable", "unknown", ""})
_PHONE = re.compile(r"mobile_app_[a-z0-9_]+")
_OFF = "off"
_HOURLY = 2  # Source: Home Assistant, WeatherEntityFeature.FORECAST_HOURLY
_APPLE = ("iphone", "ipad", "apple")


@dataclass(frozen=True, slots=True)
class Entity:
    """Hold one entity: its state at this moment, where it is, and who provides it."""

    entity_id: str
    name: str
    state: str
    attributes: Mapping[str, object]
    area: str | None = None  # the area's name
    device_id: str | None = None
    platform: str | None = None  # "mqtt", "zha"
    unique_id: str | None = None
    is_background: bool = False  # hidden, or only about the device itself

    @property
    def domain(self) -> str:
        """Return what stands before the dot."""
        return self.entity_id.partition(".")[0]

    @property
    def kind(self) -> str:
        """Return the device class; empty when there is none."""
        return self.text("device_class")

    @property
    def is_known(self) -> bool:
        """Return whether it has a state now."""
        return self.state not in _WITHOUT_VALUE

    def text(self, attribute: str) -> str:
        """Return an attribute that is text, else an empty one."""
        value = self.attributes.get(attribute)
        return value if isinstance(value, str) else ""

    @property
    def can_cool(self) -> bool:
        """Return whether a climate entity offers cooling; a radiator's valve does not."""
        modes = self.attributes.get("hvac_modes")
        return isinstance(modes, list) and "cool" in modes

    @property
    def is_hourly_weather(self) -> bool:
        """Return whether a weather entity tells an hourly forecast."""
        features = self.attributes.get("supported_features")
        return self.domain == "weather" and isinstance(features, int) and bool(features & _HOURLY)


@dataclass(frozen=True, slots=True)
class PhoneFound:
    """Hold one phone with the companion app; `kind` is guessed from what it is."""

    service: str  # "notify.mobile_app_annas_phone"
    kind: str  # "android" or "iphone"


@dataclass(frozen=True, slots=True)
class Place:
    """Hold where the home is; what Home Assistant does not tell is `None`."""

    name: str | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    time_zone: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Household:
    """Hold everything that is used of a Home Assistant."""

    version: str = ""
    is_administrator: bool = True
    place: Place = field(default_factory=Place)
    areas: tuple[str, ...] = ()
    entities: tuple[Entity, ...] = ()
    phones: tuple[PhoneFound, ...] = ()

    def in_domain(self, *domains: str) -> tuple[Entity, ...]:
        """Return the entities of some domains that are meant for people, by name."""
        found = [
            each for each in self.entities if each.domain in domains and not each.is_background
        ]
        return tuple(sorted(found, key=lambda each: (each.area or "~", each.entity_id)))


def read_household(answers: Mapping[str, object]) -> Household:
    """Read the answers of `fetch_registries`; what is missing or malformed is left out."""
    areas = dict(_named(answers.get("areas"), "area_id"))
    devices = {str(device.get("id")): device for device in _objects(answers.get("devices"))}
    entries = {str(entry.get("entity_id")): entry for entry in _objects(answers.get("entities"))}
    entities = tuple(_read_entities(answers.get("states"), entries, devices, areas))
    config = answers.get("config")
    user = answers.get("user")
    version = config.get("version") if isinstance(config, dict) else None
    return Household(
        version=version if isinstance(version, str) else "",
        is_administrator=not (isinstance(user, dict) and user.get("is_admin") is False),
        place=_read_place(config if isinstance(config, dict) else {}),
        areas=tuple(sorted(areas.values())),
        entities=entities,
        phones=tuple(_read_phones(answers.get("services"), devices)),
    )


def _objects(answer: object) -> Iterator[Mapping[str, object]]:
    for row in answer if isinstance(answer, list) else ():
        if isinstance(row, dict):
            yield row


def _named(answer: object, key: str) -> Iterator[tuple[str, str]]:
    for row in _objects(answer):
        match row.get(key), row.get("name"):
            case str(row_id), str(name) if name.strip():
                yield row_id, fitting_name(name) or row_id


def _read_entities(
    states: object,
    entries: Mapping[str, Mapping[str, object]],
    devices: Mapping[str, Mapping[str, object]],
    areas: Mapping[str, str],
) -> Iterator[Entity]:
    for row in _objects(states):
        match row:
            case {"entity_id": str(entity_id), "state": str(state), "attributes": dict(attributes)}:
                pass
            case _:
                continue
        entry = entries.get(entity_id, {})
        device_id = entry.get("device_id")
        device = devices.get(str(device_id), {})
        area_id = entry.get("area_id") or device.get("area_id")
        platform, unique_id = entry.get("platform"), entry.get("unique_id")
        if platform == "mqtt" and str(unique_id).startswith("keepcool_"):
            continue  # our own
        name = attributes.get("friendly_name")
        yield Entity(
            entity_id=entity_id,
            name=(fitting_name(name) if isinstance(name, str) else "") or entity_id,
            state=state,
            attributes=attributes,
            area=areas.get(str(area_id)),
            device_id=device_id if isinstance(device_id, str) else None,
            platform=platform if isinstance(platform, str) else None,
            unique_id=unique_id if isinstance(unique_id, str) else None,
            is_background=bool(entry.get("hidden_by") or entry.get("entity_category")),
        )


def _read_place(config: Mapping[str, object]) -> Place:
    name, zone, country = (config.get(key) for key in ("location_name", "time_zone", "country"))
    latitude, longitude = config.get("latitude"), config.get("longitude")
    # Home Assistant's own example place stands there until somebody moves it: 0, 0 is nowhere.
    is_set = bool(latitude or longitude)
    return Place(
        name=name if isinstance(name, str) and name.strip() else None,
        latitude_deg=_degrees(latitude) if is_set else None,
        longitude_deg=_degrees(longitude) if is_set else None,
        time_zone=zone if isinstance(zone, str) and zone else None,
        country=country if isinstance(country, str) and country else None,
    )


def _degrees(value: object) -> float | None:
    """Return a coordinate to about a kilometre, which is what a forecast needs."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return round(float(value), 2)


def _read_phones(
    services: object, devices: Mapping[str, Mapping[str, object]]
) -> Iterator[PhoneFound]:
    """Yield the phones; which kind each is tells the device with the same name."""
    notify = services.get("notify") if isinstance(services, dict) else None
    makers = {
        _slug(str(device.get("name"))): f"{device.get('manufacturer')} {device.get('model')}"
        for device in devices.values()
        if "mobile_app" in str(device.get("identifiers"))
    }
    for name in sorted(notify if isinstance(notify, dict) else ()):
        if _PHONE.fullmatch(name):
            slug = name.removeprefix("mobile_app_")
            told = f"{slug} {makers.get(slug, '')}".lower()
            is_apple = any(word in told for word in _APPLE)
            yield PhoneFound(f"notify.{name}", "iphone" if is_apple else "android")


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
