"""Report for `keepcool check --online` whether sensors and MQTT plugs were heard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from daemon.check_rows import PROBE_ERRORS, CheckRow, Status, words
from daemon.check_subjects import CheckSubjects, Probes, SensorSubject
from policies.freshness import UNLEARNED_LIMIT


def sensor_rows(subjects: CheckSubjects, probes: Probes) -> Iterator[CheckRow]:
    """Report when each sensor was last heard."""
    if not subjects.sensors:
        fix = "add a [[room.sensor]] to a [[room]]"
        yield CheckRow("sensors", Status.RED, "there are none: keepcool sees no room", fix)
        return
    try:
        ages = probes.read_sensor_ages()
    except PROBE_ERRORS as err:
        what = (
            "keepcool has not run here yet, so none was heard"
            if isinstance(err, FileNotFoundError)
            else f"the daemon's database cannot be read: {words(err)}"
        )
        fix = (
            "start it (keepcool run, or sudo systemctl start keepcool), wait a minute, check again"
        )
        yield CheckRow("sensors", Status.RED, what, fix)
        return
    running = probes.read_running()
    is_early = running is not None and running.since_start < UNLEARNED_LIMIT
    for sensor in subjects.sensors:
        name = f"sensor {sensor.sensor_id} ({sensor.room_name})"
        age = ages.get(sensor.sensor_id)
        if age is None and is_early:  # it may simply not have spoken yet
            fix = "many speak once an hour; keepcool status shows later whether it was heard"
            yield CheckRow(name, Status.WARNING, "not heard yet", fix)
        elif age is None:
            yield CheckRow(name, Status.RED, "never heard", _where_to_look(sensor))
        elif age > (sensor.stale_after or UNLEARNED_LIMIT):
            fix = "see to its battery and its distance from the hub"
            yield CheckRow(name, Status.RED, f"last heard {_ago(age)}", fix)
        else:
            yield CheckRow(name, Status.OK, f"last heard {_ago(age)}")


def _where_to_look(sensor: SensorSubject) -> str:
    if sensor.topic is None:
        return f"see {sensor.entity_id} in Home Assistant: Developer tools > States"
    return f"watch it: mosquitto_sub -v -t '{sensor.topic}'; is the topic the right one?"


def plug_rows(probes: Probes) -> Iterator[CheckRow]:
    """Report whether each MQTT plug was heard."""
    try:
        found = probes.hear_plugs()
    except PROBE_ERRORS as err:
        yield CheckRow("plugs", Status.RED, words(err), "see the broker's row above")
        return
    for plug in found:
        status = Status.RED if plug.fix else Status.OK
        yield CheckRow(f"plug {plug.device_id}", status, plug.what, plug.fix)


def _ago(age: timedelta) -> str:
    """Return an age in words."""
    minutes = int(age.total_seconds()) // 60
    if minutes < 1:
        return "just now"
    if minutes < 120:  # noqa: PLR2004 - two hours
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago"
