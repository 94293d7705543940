"""Make snapshots of any kind for property tests: plausible, broken and contradictory ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

from hypothesis import strategies as st

from policies.alert import Alert, AlertKey, AlertPhase, Finding, HeatLevel, Message, Severity, Verb
from policies.model import (
    CoolingRole,
    DeviceConditions,
    DeviceKind,
    DeviceState,
    Flag,
    Forecast,
    Freshness,
    Lease,
    LevelMemory,
    LinkConditions,
    OfficialWarning,
    Person,
    PersonConditions,
    PhoneKind,
    Room,
    RoomConditions,
    SensorReading,
    Snapshot,
    SunPosition,
    WarningLevel,
    Window,
)
from policies.room_forecast import RoomForecast
from policies.texts_en import TEXTS
from tests.builders import (
    AFTERNOON,
    a_bedroom,
    a_device,
    a_fan,
    a_finding,
    a_forecast,
    a_link,
    a_person,
    a_phone,
    a_reading,
    a_room,
    a_snapshot,
    an_ahead,
    an_alert,
    device_conditions,
    hours,
    local,
    person_conditions,
    room_conditions,
)

PERSON_IDS = ("anna", "ben")
BLIND = a_device(
    device_id="blind",
    room_id="bedroom",
    entity_id="cover.bedroom",
    kind=DeviceKind.COVER,
    role=CoolingRole.BLIND,
    window=Window(90.0),
)
DRYER = a_device(
    device_id="dryer",
    room_id="bedroom",
    entity_id="humidifier.bedroom",
    kind=DeviceKind.HUMIDIFIER,
    role=CoolingRole.DEHUMIDIFIER,
)
VENT = a_fan(device_id="vent", room_id="bedroom", entity_id="fan.bedroom", role=CoolingRole.VENT)
ROOMS = (a_room(devices=(a_device(), a_fan())), a_bedroom(devices=(BLIND, DRYER, VENT)))

durations = st.integers(0, 3 * 24 * 60).map(lambda count: timedelta(minutes=count))
maybe_durations = st.none() | durations
levels = st.sampled_from(list(HeatLevel))
severities = st.sampled_from(list(Severity))
temperatures_c = st.floats(-20, 55) | st.none() | st.just(float("nan"))
moments = st.builds(local, st.integers(0, 23), st.integers(0, 59))


def people() -> st.SearchStrategy[Person]:
    """Make persons of any flags, hours and phone."""
    return st.builds(
        a_person,
        rooms=st.sampled_from([("living",), ("living", "bedroom"), ("attic",), ()]),
        flags=st.frozensets(st.sampled_from(list(Flag)), max_size=3),
        offset_c=st.floats(-3, 2),
        wake_at=st.times(),
        bed_at=st.times(),
        drinks_goal_ml=st.none() | st.integers(1_000, 3_000),
        phones=st.sampled_from([(), (a_phone(),), (a_phone(kind=PhoneKind.IPHONE),)]),
    )


@st.composite
def everybody(draw: st.DrawFn) -> tuple[PersonConditions, ...]:
    """Make up to two people with any counters."""
    ids = draw(st.sampled_from([(), PERSON_IDS[:1], PERSON_IDS]))
    conditions = st.builds(
        person_conditions,
        drunk_today_ml=st.integers(0, 5_000),
        drunk_last_hour_ml=st.integers(0, 2_000),
        since_last_drink=maybe_durations,
        nudges_today=st.integers(0, 8),
        pushes_today=st.integers(0, 25),
        since_last_nudge=maybe_durations,
        nudges_ignored=st.integers(0, 5),
        peak_level_today=levels,
        since_sign_of_life=maybe_durations,
    )
    return tuple(
        replace(draw(conditions), person=replace(draw(people()), person_id=person_id))
        for person_id in ids
    )


def devices(room: Room) -> st.SearchStrategy[tuple[DeviceConditions, ...]]:
    """Make the room's devices in any condition."""
    states = st.builds(
        DeviceState,
        is_on=st.booleans(),
        hvac_mode=st.sampled_from([None, "off", "cool", "heat", "fan_only"]),
        target_temperature_c=st.none() | st.floats(16, 30),
        position_pct=st.none() | st.integers(0, 100),
        target_humidity_pct=st.none() | st.integers(30, 80),
        mode=st.sampled_from([None, "auto", "dry"]),
    )
    leases = st.builds(
        Lease,
        desired=states,
        state_before=st.none() | states,
        running_for=durations,
        remaining=durations,
        blind_for=durations,
    )
    return st.tuples(
        *(
            st.builds(
                device_conditions,
                device=st.just(device),
                observed=st.none() | states,
                is_available=st.booleans(),
                lease=st.none() | leases,
                override_remaining=maybe_durations,
                since_switched_on=maybe_durations,
                since_switched_off=maybe_durations,
                has_failed=st.booleans(),
                low_power_for=maybe_durations,
                room_cooled_by_c=st.none() | st.floats(-10, 10),
                uncooled_c=st.none() | st.floats(10, 45),
                falls_k=st.none() | st.floats(0.3, 8.0),
            )
            for device in room.devices
        )
    )


def rooms(room: Room) -> st.SearchStrategy[RoomConditions]:
    """Make one room with any temperature, age and devices, contradictions included."""
    readings = st.builds(
        a_reading,
        temperatures_c,
        freshness=st.sampled_from(list(Freshness)),
        age=maybe_durations,
        is_suspect=st.booleans(),
        suspect_reason=st.sampled_from([None, "stuck", "conflict", "rejected"]),
        is_battery_low=st.booleans(),
    )

    def named(made: list[SensorReading]) -> tuple[SensorReading, ...]:
        return tuple(
            replace(reading, sensor_id=f"{room.room_id}-{number}")
            for number, reading in enumerate(made)
        )

    return st.builds(
        room_conditions,
        temperatures_c,
        st.just(room),
        readings=st.lists(readings, max_size=2).map(named),
        freshness=st.sampled_from(list(Freshness)),
        blind_for=maybe_durations,
        trend_c_per_h=st.none() | st.floats(-5, 5),
        mean_10_min_c=temperatures_c,
        mean_30_min_c=temperatures_c,
        devices=devices(room),
        ahead=st.none() | st.builds(ahead_to, st.floats(10, 45), st.floats(0, 3)),
    )


def ahead_to(peak_c: float, band_k: float) -> RoomForecast:
    """Return what is expected of a room that comes to so much in the evening and stays."""
    return an_ahead(
        AFTERNOON.astimezone(UTC),
        lambda at: peak_c if at > AFTERNOON + hours(3) else 24.0,
        band_k=band_k,
    )


def forecasts() -> st.SearchStrategy[Forecast | None]:
    """Make no forecast, or a short or long one."""
    hourly = st.lists(st.floats(-10, 45), max_size=48).map(tuple)
    return st.none() | hourly.map(a_forecast)


def links() -> st.SearchStrategy[LinkConditions]:
    """Make a road out of the house, up or down."""
    return st.builds(
        a_link,
        st.sampled_from(["mqtt", "home_assistant", "events", "weather"]),
        is_up=st.booleans(),
        down_for=maybe_durations,
    )


def official_warnings() -> st.SearchStrategy[OfficialWarning]:
    """Make official warnings of any kind, coming, in force or over."""
    return st.builds(
        OfficialWarning,
        warning_id=st.sampled_from(["one", "two", "three"]),
        service=st.sampled_from(["nws", "meteoalarm"]),
        sender=st.sampled_from(
            ["NWS Phoenix AZ", "KNMI Royal Netherlands Meteorological Institute"]
        ),
        event=st.sampled_from(["Excessive Heat Warning", "Orange heat"]),
        level=st.sampled_from(list(WarningLevel)),
        area=st.sampled_from(["Central Phoenix", "Drenthe"]),
        starts_at=official_moments,
        ends_at=official_moments,
    )


official_moments = st.integers(-48, 240).map(lambda count: AFTERNOON.astimezone(UTC) + hours(count))
keys = st.builds(
    AlertKey,
    st.sampled_from(["heat", "hydration", "trouble", "advice", "official"]),
    st.sampled_from(["anna", "ben", "room_blind:living", "device:ac", "nws"]),
    st.integers(1, 3),
)
messages = st.builds(
    Message,
    st.sampled_from(sorted(TEXTS)),
    st.just({"room": "living room", "temperature_c": 29.0, "device": "AC"}),
)
recipients = st.sampled_from([(), ("anna",), ("anna", "ben"), ("nobody",)])


def findings() -> st.SearchStrategy[Finding]:
    """Make findings that no real policy would, of any loudness and about anything."""
    return st.builds(
        a_finding,
        policy=st.sampled_from(["heat", "hydration", "trouble", "advice"]),
        subject=st.sampled_from(["anna", "ben", "room_blind:living", "device:ac"]),
        severity=severities,
        level=levels,
        person_ids=recipients,
        message=messages,
        is_expected=st.booleans(),
        may_resolve=st.booleans(),
        carries_safety_text=st.booleans(),
        verbs=st.sampled_from([(), (Verb.ON_IT,), (Verb.ON_IT, Verb.DRANK)]),
    )


def alerts() -> st.SearchStrategy[Alert]:
    """Make alerts in any phase of their life."""
    return st.builds(
        an_alert,
        key=keys,
        phase=st.sampled_from(list(AlertPhase)),
        severity=severities,
        level=levels,
        person_ids=recipients,
        message=messages,
        firing_for=durations,
        told_severity=severities,
        told_level=levels,
        since_told=maybe_durations,
        since_answered=maybe_durations,
        is_expected=st.booleans(),
        clearing_for=maybe_durations,
    )


suns = st.lists(
    st.builds(
        SunPosition,
        at=moments.map(lambda at: at.astimezone(UTC)),
        azimuth_deg=st.floats(0, 360),
        elevation_deg=st.floats(-90, 90),
    ),
    max_size=4,
).map(tuple)


def snapshots() -> st.SearchStrategy[Snapshot]:
    """Make any snapshot at all."""
    memories = st.dictionaries(
        st.tuples(st.sampled_from(PERSON_IDS), st.sampled_from(["living", "bedroom"])),
        st.builds(LevelMemory, levels, maybe_durations),
        max_size=3,
    )
    return st.builds(
        a_snapshot,
        moments | st.just(AFTERNOON),
        is_clock_synchronised=st.booleans(),
        since_last_decision=durations,
        since_start=durations,
        rooms=st.tuples(*(rooms(room) for room in ROOMS)),
        people=everybody(),
        forecast=forecasts(),
        forecast_age=maybe_durations,
        sun=suns,
        warnings=st.lists(official_warnings(), max_size=3).map(tuple),
        links=st.lists(links(), max_size=3).map(tuple),
        alerts=st.lists(alerts(), max_size=4, unique_by=lambda alert: alert.key).map(tuple),
        level_memory=memories,
        last_episode=st.dictionaries(
            st.tuples(st.sampled_from(["heat", "hydration"]), st.sampled_from(PERSON_IDS)),
            st.integers(1, 9),
            max_size=2,
        ),
    )
