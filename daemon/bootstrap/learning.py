"""Build the learner of the rooms."""

from __future__ import annotations

import functools

from daemon.foresight import Foresight
from daemon.room_learner import LearnedRoom, Learner
from daemon.state import HomeState
from daemon.store import IN_MEMORY, Store, open_read_only


def let_learn(state: HomeState, store: Store) -> None:
    """Have the rooms learned, those that people use first, from what the store kept."""
    open_past = None if store.path == IN_MEMORY else functools.partial(open_read_only, store.path)
    learner = Learner(learned_rooms(state), *place(state), open_past)
    state.foresight = Foresight(learner)


def place(state: HomeState) -> tuple[float, float]:
    """Return the home's latitude and longitude, in degrees."""
    return state.home.latitude_deg, state.home.longitude_deg


def learned_rooms(state: HomeState) -> list[LearnedRoom]:
    """Return the rooms that have a sensor, those that people use first."""
    used = state.users_by_room()
    rooms = [track.room for track in state.sensing.rooms.values()]
    by_room: dict[str, list[str]] = {}
    for track in state.sensing.tracks.values():
        by_room.setdefault(track.sensor.room_id, []).append(track.sensor.sensor_id)
    return [
        LearnedRoom(room.room_id, tuple(by_room.get(room.room_id, ())))
        for room in sorted(rooms, key=lambda room: room.room_id not in used)
        if room.room_id in by_room
    ]
