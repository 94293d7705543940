"""Build snapshots and their parts for tests: a plausible home; each test names what matters to it.

Every builder takes the fields of what it builds as overrides; what is not named is an ordinary
summer afternoon with one person, one living room and nothing wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from policies.alert import (
    Alert,
    AlertKey,
    AlertPhase,
    Finding,
    HeatLevel,
    Message,
    Severity,
)
from policies.model import (
    CoolingDevice,
    CoolingRole,
    DeviceConditions,
    DeviceKind,
    DeviceState,
    Forecast,
    Freshness,
    Home,
    HourlyForecast,
    LinkConditions,
    OfficialWarning,
    Person,
    PersonConditions,
    Phone,
    PhoneKind,
    Room,
    RoomConditions,
    SensorReading,
    Snapshot,
    WarningLevel,
)
from policies.psychrometrics import effective_temperature_c
from policies.room_features import KNOTS_H
from policies.room_forecast import HourAhead, Predictor, RoomForecast

ZONE = ZoneInfo("Europe/Berlin")
AFTERNOON = datetime(2026, 7, 14, 15, 0, tzinfo=ZONE)


def local(hour: int, minute: int = 0, *, day: int = 14) -> datetime:
    """Return a moment of July 2026 in the home's zone."""
    return datetime(2026, 7, day, hour, minute, tzinfo=ZONE)


def minutes(count: float) -> timedelta:
    """Return so many minutes."""
    return timedelta(minutes=count)


def hours(count: float) -> timedelta:
    """Return so many hours."""
    return timedelta(hours=count)


def a_phone(**overrides: Any) -> Phone:  # noqa: ANN401 - the fields of what is built
    """Return Anna's Android phone."""
    phone = Phone(channel_id="anna-phone", service="mobile_app_anna", kind=PhoneKind.ANDROID)
    return replace(phone, **overrides)


def a_person(**overrides: Any) -> Person:  # noqa: ANN401 - the fields of what is built
    """Return Anna, who lives in the living room, with every default of the product."""
    person = Person(person_id="anna", name="Anna", rooms=("living",), phones=(a_phone(),))
    return replace(person, **overrides)


def person_conditions(
    person: Person | None = None,
    **overrides: Any,  # noqa: ANN401 - the fields of what is built
) -> PersonConditions:
    """Return what is known of a person who has drunk nothing yet and was told nothing."""
    return replace(PersonConditions(person=person or a_person()), **overrides)


def a_device(**overrides: Any) -> CoolingDevice:  # noqa: ANN401 - the fields of what is built
    """Return the living room's air conditioner."""
    device = CoolingDevice(
        device_id="ac",
        room_id="living",
        entity_id="climate.living_room",
        kind=DeviceKind.CLIMATE,
        role=CoolingRole.AIR_CONDITIONER,
    )
    return replace(device, **overrides)


def a_fan(**overrides: Any) -> CoolingDevice:  # noqa: ANN401 - the fields of what is built
    """Return the living room's fan."""
    fan = CoolingDevice(
        device_id="fan",
        room_id="living",
        entity_id="fan.living_room",
        kind=DeviceKind.FAN,
        role=CoolingRole.FAN,
        name="Fan",
        minimum_on=timedelta(minutes=2),
        minimum_off=timedelta(minutes=2),
    )
    return replace(fan, **overrides)


def device_conditions(
    device: CoolingDevice | None = None,
    **overrides: Any,  # noqa: ANN401 - the fields of what is built
) -> DeviceConditions:
    """Return a device that is reachable and off."""
    conditions = DeviceConditions(
        device=device or a_device(), observed=DeviceState(is_on=False), is_available=True
    )
    return replace(conditions, **overrides)


def a_room(**overrides: Any) -> Room:  # noqa: ANN401 - the fields of what is built
    """Return the living room, without devices."""
    return replace(Room(room_id="living", name="living room"), **overrides)


def a_bedroom(**overrides: Any) -> Room:  # noqa: ANN401 - the fields of what is built
    """Return the bedroom, without devices."""
    return replace(Room(room_id="bedroom", name="bedroom", is_bedroom=True), **overrides)


def a_reading(temperature_c: float | None = 22.0, **overrides: Any) -> SensorReading:  # noqa: ANN401
    """Return a fresh reading, half a minute old, of a sensor of the living room."""
    reading = SensorReading(
        sensor_id="living-sensor",
        temperature_c=temperature_c,
        relative_humidity_pct=45.0,
        age=timedelta(seconds=30),
        freshness=Freshness.FRESH,
    )
    return replace(reading, **overrides)


def room_conditions(
    temperature_c: float | None = 22.0,
    room: Room | None = None,
    **overrides: Any,  # noqa: ANN401 - the fields of what is built
) -> RoomConditions:
    """Return a room seen half a minute ago, as warm for the whole last half hour.

    Its devices are reachable and off unless `devices` is named. A temperature of `None` is a room
    that keepcool has not seen for three hours.
    """
    room = room or a_room()
    humidity = overrides.get("relative_humidity_pct", 45.0)
    effective = effective_temperature_c(temperature_c, humidity)
    is_seen = temperature_c is not None
    reading = a_reading(temperature_c, sensor_id=f"{room.room_id}-sensor")
    if not is_seen:
        reading = replace(reading, freshness=Freshness.STALE, age=hours(3))
    conditions = RoomConditions(
        room=room,
        readings=(reading,),
        freshness=Freshness.FRESH if is_seen else Freshness.STALE,
        temperature_c=temperature_c,
        relative_humidity_pct=humidity if is_seen else None,
        effective_temperature_c=effective,
        mean_10_min_c=effective,
        mean_30_min_c=effective,
        age=reading.age,
        last_seen_at=AFTERNOON.astimezone(UTC) - (reading.age or timedelta(0)),
        blind_for=None if is_seen else minutes(50),
        trend_c_per_h=0.0 if is_seen else None,
        devices=tuple(device_conditions(device) for device in room.devices),
    )
    return replace(conditions, **overrides)


def a_forecast(temperatures_c: tuple[float, ...], **overrides: Any) -> Forecast:  # noqa: ANN401
    """Return an hourly forecast that starts at the afternoon's full hour, at 45 % humidity."""
    start = AFTERNOON.astimezone(UTC)
    hourly = tuple(
        HourlyForecast(at=start + hours(index), temperature_c=value, relative_humidity_pct=45.0)
        for index, value in enumerate(temperatures_c)
    )
    return replace(Forecast(source="open_meteo", fetched_at=start, hours=hourly), **overrides)


def a_warning(**overrides: Any) -> OfficialWarning:  # noqa: ANN401 - the fields of what is built
    """Return an orange heat warning that holds from noon to tomorrow evening."""
    noon = AFTERNOON.astimezone(UTC) - hours(3)
    warning = OfficialWarning(
        warning_id="warning-1",
        service="meteoalarm",
        sender="Deutscher Wetterdienst",
        event="strong heat",
        level=WarningLevel.WARNING,
        area="Berlin",
        starts_at=noon,
        ends_at=noon + hours(31),
    )
    return replace(warning, **overrides)


def a_link(link: str = "mqtt", **overrides: Any) -> LinkConditions:  # noqa: ANN401
    """Return a road out of the house that works."""
    return replace(LinkConditions(link=link, is_up=True), **overrides)


def a_home(**overrides: Any) -> Home:  # noqa: ANN401 - the fields of what is built
    """Return a home in Berlin with the default policy constants."""
    home = Home(home_id="home", name="Home", latitude_deg=52.52, longitude_deg=13.40)
    return replace(home, **overrides)


def a_snapshot(at: datetime = AFTERNOON, **overrides: Any) -> Snapshot:  # noqa: ANN401
    """Return a snapshot of an ordinary afternoon; `at` is local and sets both clocks."""
    snapshot = Snapshot(
        home=a_home(),
        now_utc=at.astimezone(UTC),
        now_local=at,
        is_clock_synchronised=True,
        since_last_decision=timedelta(minutes=1),
        since_start=timedelta(hours=6),
        rooms=() if "rooms" in overrides else (room_conditions(),),  # properties build thousands
        people=() if "people" in overrides else (person_conditions(),),
    )
    return replace(snapshot, **overrides)


def a_finding(**overrides: Any) -> Finding:  # noqa: ANN401 - the fields of what is built
    """Return the finding that Anna's living room is at level 2."""
    finding = Finding(
        policy="heat",
        subject="anna",
        severity=Severity.WARNING,
        person_ids=("anna",),
        message=Message("heat_level_2", {"room": "living room", "temperature_c": 29.4}),
        reason="living room 29.4 °C, level 2 from 29.0 °C",
        level=HeatLevel.WARNING,
    )
    return replace(finding, **overrides)


def an_alert(**overrides: Any) -> Alert:  # noqa: ANN401 - the fields of what is built
    """Return the alert that Anna's living room reached level 2, told five minutes ago."""
    finding = a_finding()
    alert = Alert(
        key=AlertKey("heat", "anna", 1),
        phase=AlertPhase.FIRING,
        severity=finding.severity,
        level=finding.level,
        person_ids=finding.person_ids,
        message=finding.message,
        reason=finding.reason,
        raised_at=AFTERNOON.astimezone(UTC) - minutes(5),
        firing_for=minutes(5),
        told_severity=finding.severity,
        told_level=finding.level,
        since_told=minutes(5),
    )
    return replace(alert, **overrides)


def an_ahead(
    now_utc: datetime,
    middle_c: Callable[[datetime], float],
    *,
    band_k: float = 0.8,
    early_k: float = 0.0,
) -> RoomForecast:
    """Return a room's forecast that was made at the end of the last full hour.

    `middle_c` says what is expected of a local hour; one in ten is `band_k` lower, one higher.
    """
    hour = int(now_utc.timestamp()) // 3600 - 1
    coming = range(hour + 1, hour + 49)
    middles = [middle_c(datetime.fromtimestamp(each * 3600, ZONE)) for each in coming]
    top_c = max(middles[:24])
    return RoomForecast(
        hour,
        tuple(
            HourAhead(each, value - band_k, value, value + band_k)
            for each, value in zip(coming, middles, strict=True)
        ),
        {knot: {Predictor.ROOM_MODEL: 1.0} for knot in KNOTS_H},
        top_c,
        top_c + early_k,
        top_c + early_k,
    )
