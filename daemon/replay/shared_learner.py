"""Learn half of the rooms in a second process, at the same time: a replay waits for its learner."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection

from daemon.events import LearnerAdvanced
from daemon.hours import HourBatch, OutdoorHour
from daemon.room_learner import HourOver, LearnedRoom, Learner
from daemon.wall_clock import Step

_STOP_S = 5.0
Asked = HourOver | tuple[OutdoorHour, ...] | Step


class SharedLearner(Learner):
    """Be a learner that finishes what it is asked before it answers; `close` ends its helper.

    What it finds is what a `Learner` of all rooms finds, slice by slice.
    """

    def __init__(
        self, rooms: Sequence[LearnedRoom], latitude_deg: float, longitude_deg: float
    ) -> None:
        """Start the second process; nothing is known of the past."""
        super().__init__(rooms[::2], latitude_deg, longitude_deg)
        self.has_failed = False
        self._all_ids = tuple(room.room_id for room in rooms)
        context = get_context("spawn")
        self._helper, theirs = context.Pipe()
        arguments = (theirs, rooms[1::2], latitude_deg, longitude_deg)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()

    @property
    def room_ids(self) -> tuple[str, ...]:
        """Return the rooms that are learned."""
        return self._all_ids

    def take(self, over: HourOver) -> LearnerAdvanced:
        """Take that an hour is over, learn and foretell every room."""
        return self._share(over)

    def take_past(self, weather: tuple[OutdoorHour, ...]) -> LearnerAdvanced:
        """Take the weather of hours that it was not known of, learn and foretell every room."""
        return self._share(weather)

    def restamp(self, step: Step) -> LearnerAdvanced:
        """Move the hours that were counted by a clock that was set since."""
        return self._share(step)

    def close(self) -> None:
        """End the second process."""
        self._helper.close()
        self._process.join(_STOP_S)

    def _share(self, asked: Asked) -> LearnerAdvanced:
        """Do both halves; without the second process nothing is foretold any more."""
        if self.has_failed:
            return LearnerAdvanced()
        try:
            self._helper.send(asked)
            try:
                mine = _finish(self, asked)
            finally:  # an answer that nobody took would be taken for the next one
                theirs: LearnerAdvanced = self._helper.recv()
        except (EOFError, OSError):
            self.has_failed = True
            return LearnerAdvanced()
        batch = HourBatch() if theirs.batch is None else theirs.batch
        without_weather = HourBatch(batch.rooms, [], batch.forecasts)  # both were told the same
        return _followed(mine, theirs, without_weather)


def _serve(
    helper: Connection, rooms: Sequence[LearnedRoom], latitude_deg: float, longitude_deg: float
) -> None:
    """Answer in the second process until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to both; the first closes
    learner = Learner(rooms, latitude_deg, longitude_deg)
    while True:
        try:
            asked = helper.recv()
        except EOFError:
            return
        found = _finish(learner, asked)
        try:
            helper.send(found)
        except OSError:  # nobody listens any more
            return


def _finish(learner: Learner, asked: Asked) -> LearnerAdvanced:
    """Have a learner do all of its work on what it is asked."""
    match asked:
        case HourOver():
            found = Learner.take(learner, asked)
        case Step():
            found = Learner.restamp(learner, asked)
        case _:
            found = Learner.take_past(learner, asked)
    while found.has_more:
        more = learner.advance()
        found = _followed(found, more, more.batch or HourBatch())
    return found


def _followed(found: LearnerAdvanced, more: LearnerAdvanced, batch: HourBatch) -> LearnerAdvanced:
    both = (found.batch or HourBatch()).followed_by(batch)
    return LearnerAdvanced(
        {**found.forecasts, **more.forecasts},
        {**found.bases, **more.bases},
        both or None,
        has_more=more.has_more,
        wants_past=found.wants_past or more.wants_past,
        error=found.error or more.error,
    )
