"""Fill a database as a daemon would leave it: hot days of a home with two rooms and two people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daemon.clock import Instant
from daemon.hours import HourBatch, KeptForecast, OutdoorHour, hour_of, pack_forecast
from daemon.lease import LeasePhase, LeaseRow
from daemon.outbox import OutboxRow, RowState
from daemon.records import Changes, Drink, HistoryRow, to_json
from daemon.sensor_track import SensorRecord
from daemon.store import DATABASE_NAME, Store
from integrations.messages import PhoneMessage
from policies.alert import Severity
from policies.model import DeviceState, Forecast, HourlyForecast, PhoneKind
from policies.room_features import KNOTS_H
from policies.room_forecast import HourAhead, Predictor, RoomForecast

FIRST = datetime(2026, 7, 12, 22, tzinfo=UTC)  # midnight in Berlin, before Monday the 13th
DAYS = 3
HOUR = timedelta(hours=1)
HOSTILE = "<b onload=alert(1)>&'\""

SETTINGS = """\
[home]
name = "{home}"
latitude_deg = 52.5
longitude_deg = 13.4
time_zone = "Europe/Berlin"
country = "DE"
[home_assistant]
url = "http://127.0.0.1:8123"
[storage]
state_directory = "{folder}"
[[person]]
id = "anna"
name = "{anna}"
rooms = ["living", "bedroom"]
[[person]]
id = "ben"
name = "Ben"
rooms = ["bedroom"]
fluid_restricted = true
[[room]]
id = "living"
name = "{living}"
[[room.sensor]]
id = "s1"
topic = "zigbee2mqtt/living"
[[room.sensor]]
id = "s2"
topic = "zigbee2mqtt/living2"
[[room.cooling]]
id = "ac"
name = "AC"
entity = "climate.living"
[[room]]
id = "bedroom"
name = "Bedroom"
bedroom = true
[[room.sensor]]
id = "s3"
topic = "zigbee2mqtt/bedroom"
"""


def write_settings(
    folder: Path, *, home: str = "Flat", anna: str = "Anna", living: str = "Living room"
) -> Path:
    """Write the home's settings beside its database."""
    path = folder / "keepcool.toml"
    quoted = {
        key: value.replace("\\", "\\\\").replace('"', '\\"')
        for key, value in {"home": home, "anna": anna, "living": living}.items()
    }
    path.write_text(SETTINGS.format(folder=folder, **quoted))
    path.chmod(0o600)
    return path


def air_c(at: datetime) -> float:
    """Return the living room: 24 °C in the morning, 30 °C at six in the evening, local time."""
    return 27.0 + 3.0 * math.sin(2 * math.pi * ((at - FIRST) / HOUR - 12) / 24)


def cooled_c(at: datetime) -> float:
    """Return what the AC took off the living room, from three to five in the afternoon on."""
    hours = (at - FIRST - 24 * HOUR) / HOUR - 15
    if hours <= 0:
        return 0.0
    return 1.8 * (1 - math.exp(-min(hours, 2.0) / 0.6)) * math.exp(-max(0.0, hours - 2.0) / 3)


def readings() -> Iterator[HistoryRow]:
    """Yield what the sensors said: every five minutes, the bedroom's not from noon on the 14th."""
    at = FIRST
    silent_from = FIRST + 36 * HOUR
    while at < FIRST + DAYS * 24 * HOUR:
        yield HistoryRow(at, "s1", air_c(at) - cooled_c(at) - 0.1, 45.0)
        yield HistoryRow(at, "s2", air_c(at) - cooled_c(at) + 0.1, 45.0)
        if not silent_from <= at < silent_from + 12 * HOUR:
            yield HistoryRow(at, "s3", 23.0 + (air_c(at) - 24) / 3, 45.0)
        at += timedelta(minutes=5)


def forecast() -> Forecast:
    """Return the weather of the three days and one more."""
    hours = tuple(
        HourlyForecast(FIRST + n * HOUR, 24 + 8 * math.sin(2 * math.pi * (n - 9) / 24))
        for n in range(24 * (DAYS + 1))
    )
    return Forecast("weather", FIRST + 24 * HOUR, hours)


def told(number: int, at: datetime, title: str, person_id: str, severity: Severity) -> OutboxRow:
    """Return a message that the phone took."""
    tag = f"keepcool-heat-{person_id}-{number}"
    message = PhoneMessage("phone", PhoneKind.ANDROID, tag, title, f"{title} now.", severity)
    now = Instant("boot", (at - FIRST).total_seconds(), at)
    name = f"r{number}"
    return OutboxRow(name, name, person_id, "phone", message, now, state=RowState.SENT)


def fill(folder: Path, title: str = "Cool down now") -> Store:
    """Write everything; return the open store, as the running daemon holds it."""
    store = Store(folder / DATABASE_NAME)
    noon = FIRST + 24 * HOUR + 12 * HOUR  # of Tuesday the 14th
    record = to_json(SensorRecord(Instant("", 0.0, FIRST), 24.0, 45.0, None, 0.0))
    records = dict.fromkeys(("s1", "s2", "s3"), record)
    store.write_history(readings(), records, forecasts=[forecast()])
    drinks = [Drink(f"d{n}", "anna", noon + (n - 2) * HOUR, 250, "log") for n in range(5)] + [
        Drink("d9", "ben", noon, 150, "button")
    ]
    rows = [
        told(1, noon - 2 * HOUR, "Have a drink", "anna", Severity.NUDGE),
        told(2, noon + 2 * HOUR, title, "anna", Severity.WARNING),
        told(3, noon + 2.1 * HOUR, "Ben's message", "ben", Severity.LOUD_WARNING),
    ]
    store.commit(Changes(drinks=drinks, outbox=rows), rows[0].created)
    write_run(store, noon + 3 * HOUR, noon + 5 * HOUR)
    write_hours(store)
    return store


def write_run(store: Store, start: datetime, end: datetime) -> None:
    """Have the AC run between two moments."""
    began, ended = (Instant("boot", (at - FIRST).total_seconds(), at) for at in (start, end))
    wanted = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=24.0)
    row = LeaseRow("ac", LeasePhase.RUNNING, wanted, is_confirmed=True, confirmed=began)
    store.commit(Changes(leases={"ac": to_json(row)}), began)
    store.commit(Changes(leases={"ac": to_json(row.idle())}), ended)


def write_hours(store: Store) -> None:
    """Keep the weather, and what the living room was foretold in the evening of the 13th."""
    batch = HourBatch(
        outdoor=[OutdoorHour.of(hour) for hour in forecast().hours[:60]],
        forecasts=[KeptForecast("living", made_h(), pack_forecast(living_ahead()))],
    )
    store.write_history((), {}, batch)


def made_h() -> int:
    """Return the hour in which the living room was foretold: the last one before midnight."""
    return hour_of(FIRST + 24 * HOUR) - 1


def living_ahead() -> RoomForecast:
    """Return a forecast that is half a degree too high, with a band that grows."""
    hours = []
    for n in range(1, 49):
        middle_c = air_c(FIRST + (23 + n) * HOUR + HOUR / 2) + 0.5
        hours.append(
            HourAhead(made_h() + n, middle_c - 0.5 - n / 40, middle_c, middle_c + 0.5 + n / 40)
        )
    shares = {knot: dict.fromkeys(Predictor, 1 / len(Predictor)) for knot in KNOTS_H}
    return RoomForecast(made_h(), tuple(hours), shares, 30.5, 31.0, 30.0)
