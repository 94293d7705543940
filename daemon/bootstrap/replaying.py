"""Build the daemon for a replay: the same loop, state and policies; recorders for adapters."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from config.home import build_carers, build_home, build_people, build_rooms
from daemon import __version__
from daemon.bootstrap.learning import learned_rooms, place
from daemon.clock import Instant
from daemon.commands import CommandParser
from daemon.delivery import InlineWorker
from daemon.faces import Topics
from daemon.foresight import Foresight
from daemon.inbox import Inbox
from daemon.loop import Daemon
from daemon.parts import Parts
from daemon.poller import Poller
from daemon.replay.player import Progress, Stage, parse_sample, play, topic_of
from daemon.replay.recorders import (
    Notebook,
    RecordedHome,
    RecordedPlugs,
    SilentBroker,
    StoreWithoutPast,
)
from daemon.replay.recording import RecordedWeather
from daemon.replay.resident import Resident
from daemon.replay.shared_learner import SharedLearner
from daemon.replay.summary import Household, Outcome, sum_up
from daemon.room_learner import MOST_ROOMS, Learner
from daemon.sensor_track import Sensor
from daemon.state import HomeState
from daemon.stepping import SteppedClock
from policies.arbitrate import decide
from policies.model import DeviceKind
from policies.plausibility import INDOORS

if TYPE_CHECKING:
    from config.settings import Settings
    from daemon.replay.recording import Recording

JUDGED_EVERY: Final = timedelta(minutes=10)
"""How often the whole home is judged, where the live daemon does so up to once a second, and at
once when a room's level rises: times are right to ten minutes. What an answer or a command brings
about is judged at once."""

LONG_ROOM_DAYS: Final = 60  # from so many days of rooms on a second process is worth its start

STATES_READ_EVERY: Final = timedelta(hours=1)
"""No device changes by itself here."""

NO_ROAD: Final = Path("/nonexistent")


def replay(
    settings: Settings,
    recording: Recording,
    weather: RecordedWeather | None,
    *,
    is_answered: bool = True,
    may_have_help: bool = True,
    tell: Progress = lambda _share: None,
) -> Outcome:
    """Let the household of these settings live through a recording, and judge what came of it.

    Args:
        settings: the household's.
        recording: of its rooms; those without one are left out.
        weather: what it was outdoors, which stands for the forecast; `None`: there is none.
        is_answered: whether somebody presses buttons.
        may_have_help: whether a long recording may take a second core.
        tell: hears what share is done, once a day of the recording.
    """
    stage = build_stage(
        settings, recording, weather, is_answered=is_answered, may_have_help=may_have_help
    )
    play(stage, recording, tell)
    state, notebook = stage.daemon.state, stage.notebook
    names = {
        channel: reader.name
        for reader in state.readers.values()
        for channel in (*(phone.service for phone in reader.phones), *reader.second_roads)
    }
    household = Household(
        state.home.name,
        tuple(record.person for record in state.people.values()),
        tuple(track.room for track in state.sensing.rooms.values()),
        names,
        ZoneInfo(settings.home.time_zone),
    )
    crashes = [f"{policy}: {detail}" for policy, detail in notebook.crashes.items()]
    if stage.helper is not None and stage.helper.has_failed:
        crashes.append("the learner: its second process has ended")
    if stage.daemon.errors:
        crashes.append(f"the loop: {stage.daemon.errors} errors, see the log above")
    return sum_up(household, recording, notebook.messages, notebook.switched, crashes)


def build_stage(
    settings: Settings,
    recording: Recording,
    weather: RecordedWeather | None,
    *,
    is_answered: bool = True,
    may_have_help: bool = False,
) -> Stage:
    """Wire a daemon that starts when the recording does; rooms without one are left out."""
    clock, inbox = SteppedClock(recording.start), Inbox()
    notebook, has_weather = Notebook(clock), weather is not None
    state = _build_state(settings, recording, clock.now(), has_weather=has_weather)
    store = StoreWithoutPast()
    learner = _build_learner(state, recording, may_have_help=may_have_help)
    state.foresight = Foresight(learner)
    state.foresight.believe_clock()
    rooms = [track.room for track in state.sensing.rooms.values()]
    people = [record.person for record in state.people.values()]
    devices = [device for room in rooms for device in room.devices]
    plugs = [device for device in devices if device.kind is DeviceKind.PLUG]
    entities = [device for device in devices if device.kind is not DeviceKind.PLUG]
    topics = Topics(settings.mqtt.base_topic, state.home.home_id)
    is_home_assistant = settings.home_assistant is not None
    interval = timedelta(seconds=settings.thresholds.decision_interval_s)
    daemon = Daemon(
        Parts(
            clock=clock,
            store=store,
            inbox=inbox,
            state=state,
            topics=topics,
            commands=CommandParser(topics, people, rooms, state.zone, state.carers),
            mqtt=SilentBroker(inbox.post),
            weather=[] if weather is None else [weather],
            phone=notebook if is_home_assistant else None,
            home_assistant=RecordedHome(entities, notebook, clock) if is_home_assistant else None,
            events=None,
            status_path=NO_ROAD,
            decide=notebook.watch(decide),
            tick_interval=JUDGED_EVERY,
            states_interval=STATES_READ_EVERY,
            decision_interval=max(interval, JUDGED_EVERY),
            plugs=RecordedPlugs(plugs, notebook, inbox.post) if plugs else None,
            second_road=notebook if settings.second_roads else None,
            announcer=notebook if is_home_assistant else None,
            hire=InlineWorker,
            is_watched=False,
            version=__version__,
        )
    )
    resident = Resident(inbox.post, state.readers.values(), state.zone) if is_answered else None
    helper = learner if isinstance(learner, SharedLearner) else None
    return Stage(daemon, clock, notebook, resident, helper)


def _build_learner(state: HomeState, recording: Recording, *, may_have_help: bool) -> Learner:
    """Build the learner of the rooms; for a long recording it takes a second core to help."""
    rooms = learned_rooms(state)[:MOST_ROOMS]
    days = (recording.end - recording.start) / timedelta(days=1)
    is_worth_it = len(rooms) > 1 and days * len(rooms) >= LONG_ROOM_DAYS
    if may_have_help and is_worth_it and len(os.sched_getaffinity(0)) > 1:
        return SharedLearner(rooms, *place(state))
    return Learner(rooms, *place(state))


def _build_state(
    settings: Settings, recording: Recording, now: Instant, *, has_weather: bool
) -> HomeState:
    home = build_home(settings)
    bounds = replace(INDOORS, maximum_step_c_per_min=home.tuning.maximum_step_c_per_min)
    sensors = [
        Sensor(each.sensor_id, each.room_id, topic_of(each), parse_sample, bounds=bounds)
        for each in recording.sensors
    ]
    interval = timedelta(seconds=settings.weather.poll_interval_s)
    poller = Poller(interval, [RecordedWeather.name] if has_weather else [])
    state = HomeState(
        home,
        [room for room in build_rooms(settings) if room.room_id in recording.room_ids],
        build_people(settings),
        sensors,
        ZoneInfo(settings.home.time_zone),
        poller,
        now,
        build_carers(settings),
    )
    state.sensing.believe_clock()
    return state
