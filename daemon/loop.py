"""Run the daemon: one thread, one inbox, sole owner of state; SQLite is written beside it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping

import structlog

from daemon import sdnotify
from daemon.actuation import (
    AskPlugs,
    EndTimer,
    NoteFailure,
    NoteOverride,
    ReadBack,
    SendCommand,
)
from daemon.announcing import Announcer
from daemon.clock import Instant
from daemon.decision_log import log_decision
from daemon.desk import Desk
from daemon.dispatch import Dispatcher
from daemon.events import Event
from daemon.face_payloads import heat_alert, plans_in_words
from daemon.faces import Faces
from daemon.journal import Journal
from daemon.modes import home_modes, person_modes, settle
from daemon.outbox import Outbox
from daemon.parts import Parts
from daemon.plug_road import PlugRoad
from daemon.queueing import queue_messages
from daemon.reactions import Attention, Core, Reactions
from daemon.records import Changes
from daemon.status import build_status, home_state
from daemon.supervisor import Supervisor
from daemon.wall_clock import WallClock
from policies import heat_sensitivity
from policies.alert import Alert, AlertKey
from policies.heat_limits import is_motion_recent
from policies.model import Decision, Freshness, RoomAssessment, Snapshot

log = structlog.get_logger()

ALWAYS_THERE = ("zone.home",)  # read to see whether Home Assistant answers where nothing else is
MUST_WORK = frozenset({"mqtt", "home_assistant"})  # of settings that are worth keeping
HISTORY_INTERVAL_S = 2 * 3600.0  # source: docs/decisions.md
LOSSES_INTERVAL_S = 60.0  # one log line a minute; source: FAULTS 19
PRUNE_INTERVAL_S = 24 * 3600.0
PRUNE_AFTER_STEP_S = 3600.0  # a clock that was set wrong may be put right meanwhile
FIRST_PRUNE_S = 1000.0  # soon, or a daemon that is restarted daily would never prune


class Daemon:
    """Own the loop. `run` returns after a `StopRequested`; a stepped run drives `turn` itself."""

    def __init__(self, parts: Parts) -> None:
        """Restore what earlier runs kept; nothing runs before `start`."""
        self.parts = parts
        self.state = parts.state
        self.clock = parts.clock
        now = self.clock.now()
        remembered = parts.store.load_memory()
        self.wall_clock, changes = WallClock(remembered), Changes()
        self._restore(now, changes)
        self.journal = Journal(parts.store, self.state.set_link, parts.spare_path, parts.writer)
        for link, trouble in parts.start_trouble.items():
            self.state.set_link(link, now, is_up=False, detail=trouble)
        self.outbox = Outbox(parts.store.load_outbox())
        # From here on the database is the writer's.
        changes.outbox.extend(self.outbox.supersede_outdated(now))
        self.journal.commit(changes, now)
        self.faces = Faces(parts.topics, parts.mqtt.publish, parts.status_path)
        self.desk = Desk(parts.commands, parts.topics, parts.mqtt.publish)
        self.dispatcher = Dispatcher(parts)
        announcer = Announcer(parts.announce, remembered, self._state_topics(), parts.mqtt.publish)
        self.plug_road = PlugRoad(parts.plugs, parts.inbox.post)
        self.supervisor = Supervisor(self._thread_checks())
        self.snapshot: Snapshot | None = None
        self.decision = Decision()
        self._shown: dict[str, RoomAssessment] = {}
        self._bedrooms = self.state.bedrooms()
        self._users = self.state.users_by_room()
        self._has_one_person = len(self.state.people) == 1
        self.errors = 0
        self.attention = Attention()
        self.reactions = Reactions(
            Core(
                parts,
                self.journal,
                self.outbox,
                self.faces,
                self.desk,
                self.dispatcher,
                announcer,
                self.plug_road,
                self.attention,
            )
        )
        self._next_tick_s = self._next_decision_s = now.boot_s
        self._look_again_s = math.inf  # when an unanswered alert may climb further
        self._next_history_s = now.boot_s + HISTORY_INTERVAL_S
        self._next_prune_s = now.boot_s + FIRST_PRUNE_S
        self._next_losses_s = now.boot_s
        self._unusable = 0  # messages that were said to be none
        parts.inbox.allow_coalescing(self.state.sensing.coalescible_topics)

    def _restore(self, now: Instant, changes: Changes) -> None:
        """Take over what earlier runs kept; the clock may have been set since the last one."""
        step = self.wall_clock.look(now, changes)
        if step is not None:
            self.parts.store.restamp(step, now.boot_id, changes.memory)
        is_set = self.clock.is_synchronised()
        self.state.restore(self.parts.store, now, is_clock_synchronised=is_set)

    def _thread_checks(self) -> dict[str, Callable[[], bool]]:
        checks: dict[str, Callable[[], bool]] = {
            "mqtt": self.parts.mqtt.is_thread_alive,
            "writer": self.parts.writer.is_alive,  # a card that hangs is told: no restart mends it
        }
        if self.parts.events is not None:
            checks["events"] = self.parts.events.is_thread_alive
        return checks | dict(self.dispatcher.thread_checks())

    def _state_topics(self) -> frozenset[str]:
        topics = self.parts.topics
        rooms = map(topics.room_state, self.state.sensing.rooms)
        forecasts = map(topics.room_forecast, self.state.sensing.rooms)
        pictures = map(topics.room_picture, self.state.pictures.rooms)
        devices = map(topics.device_state, self.state.actuation.devices())
        people = map(topics.person_state, self.state.people)
        return frozenset(rooms).union(forecasts, pictures, devices, people)

    # ----------------------------------------------------------------- life

    def start(self) -> None:
        """Start every thread; an absent broker or Home Assistant is normal."""
        self.dispatcher.start()
        self.parts.mqtt.start()
        if self.parts.events is not None:
            self.parts.events.start()
        sdnotify.notify("READY=1")
        log.info("daemon.started", version=self.parts.version, home_id=self.state.home.home_id)

    def run(self) -> None:
        """Turn until asked to stop, then write everything and stop the threads."""
        self.start()
        while not self.is_stopping:
            wait_s = max(0.0, min(self.next_due_boot_s() - self.clock.boot_s(), 60.0))
            self.turn(wait_s)
        self.stop()

    @property
    def is_stopping(self) -> bool:
        """Return whether somebody asked the daemon to stop."""
        return self.reactions.is_stopping

    def stop(self) -> None:
        """Stop within 10 s, everything on disk if it takes it, and the status topic offline."""
        sdnotify.notify("STOPPING=1")
        self.dispatcher.finish()
        if self.parts.events is not None:
            self._guarded(self.parts.events.stop)
        self.dispatcher.stop()
        now = self.clock.now()
        for event in self.parts.inbox.take(0.0, limit=10_000):  # answers, and what had just ended
            self.handle(event, now)
        self._guarded(lambda: self.journal.commit(self.state.last_changes(), now))
        self._guarded(lambda: self._write_history(now))
        self._guarded(self._say_losses)
        self._guarded(self.parts.mqtt.stop)
        self._write_status(now)
        self._guarded(lambda: self.journal.close(now))
        self.parts.start.note_stopped()
        log.info("daemon.stopped")

    # ----------------------------------------------------------------- one turn

    def turn(self, wait_s: float) -> bool:
        """Handle what waits, then do what is due; return whether anything happened."""
        events = self.parts.inbox.take(wait_s)
        now = self.clock.now()
        self._guarded(lambda: self._mind_steps(now))
        self.hear(events, now)
        is_tick = now.boot_s >= self._next_tick_s
        if self._is_decision_due(now) or is_tick:
            has_decided = self._guarded(lambda: self.decide(now))
            if is_tick:
                self._tick(now, is_well=has_decided)
        self._guarded(lambda: self._act(now))
        return bool(events) or is_tick

    def hear(self, events: Iterable[Event], now: Instant) -> None:
        """Handle events: all that a turn does where nothing is due, see `next_due_boot_s`."""
        for event in events:
            self.handle(event, now)
        self._guarded(lambda: self._assess_touched(now))

    def _mind_steps(self, now: Instant) -> None:
        """Take that the wall clock was set: what this boot wrote by the old time is corrected."""
        changes = Changes()
        step = self.wall_clock.look(now, changes)
        if step is not None:
            log.warning("clock.stepped", by_s=round(step.by.total_seconds()))
            self._next_prune_s = max(self._next_prune_s, now.boot_s + PRUNE_AFTER_STEP_S)
            self.journal.restamp(step, now, changes.memory)
            self.state.restamp(step, now, changes)
            self.attention.want_now()
        self.journal.commit(changes, now)

    def handle(self, event: Event, now: Instant) -> None:
        """Handle one event; whatever it does wrong must not stop the next one."""
        self._guarded(lambda: self.reactions.handle(event, now))

    def _guarded(self, action: Callable[[], object]) -> bool:
        try:
            action()
        except MemoryError:
            raise  # at the memory limit only a new process helps: systemd starts one
        except Exception:
            self.errors += 1
            log.exception("loop.action_crashed", errors=self.errors)
            return False
        return True

    def next_due_boot_s(self) -> float:
        """Return when the loop has something to do without any event."""
        due = [self._next_tick_s, self._look_again_s]
        if self.attention.is_wanted:
            due.append(0.0 if self.attention.is_urgent else self._next_decision_s)
        outside_s = self.dispatcher.next_due_boot_s(
            self.outbox, self.state.poller, self.state.official
        )
        if outside_s is not None:
            due.append(outside_s)
        now = self.clock.now()
        device_wait = self.state.actuation.next_due(now)
        if device_wait is not None:
            due.append(now.boot_s + device_wait.total_seconds())
        return min(due)

    def _is_decision_due(self, now: Instant) -> bool:
        is_wanted = self.attention.is_wanted and (
            self.attention.is_urgent or now.boot_s >= self._next_decision_s
        )
        return is_wanted or now.boot_s >= self._look_again_s

    def _tick(self, now: Instant, *, is_well: bool) -> None:
        self._next_tick_s = now.boot_s + self.parts.tick_interval.total_seconds()
        self._guarded(lambda: self._note_hours(now))
        if now.boot_s >= self._next_history_s:
            self._next_history_s = now.boot_s + HISTORY_INTERVAL_S
            self._guarded(lambda: self._write_history(now))
        if now.boot_s >= self._next_losses_s:
            self._next_losses_s = now.boot_s + LOSSES_INTERVAL_S
            self._guarded(self._say_losses)
        self._guarded(lambda: self.reactions.tick(now))
        if now.boot_s >= self._next_prune_s:
            self._next_prune_s = now.boot_s + PRUNE_INTERVAL_S
            if self.clock.is_synchronised():  # by a wrong clock everything may look old
                self._guarded(lambda: self.journal.prune(now))
            self._guarded(lambda: self.journal.back_up(now))
        self._write_status(now)
        self._guarded(lambda: self.dispatcher.draw_if_due(self.state, self.snapshot, now))
        if not is_well:
            return  # a daemon that cannot decide is no better than one that hangs
        # They would be a lie while a thread hangs, or while nobody can be told what is urgent.
        if self.supervisor.on_tick_finished() and not self.decision.unheard:
            self.dispatcher.beat_if_due(now)
        self._guarded(lambda: self._note_lasting(now))

    def _write_status(self, now: Instant) -> None:
        if self.parts.is_watched:
            self._guarded(lambda: self.faces.write_status(build_status(self, now)))

    def _note_hours(self, now: Instant) -> None:
        """Have the hours of rooms and weather counted, of which the rooms are learned."""
        rooms = self.state.sensing.rooms.items()
        self.state.foresight.note(
            now,
            {room_id: track.effective_c for room_id, track in rooms},
            () if self.snapshot is None else self.snapshot.rooms,
            self.state.poller.forecast,
            is_clock_synchronised=self.clock.is_synchronised(),
        )

    def _note_lasting(self, now: Instant) -> None:
        """Note how long the run has lasted, and whether these settings let it see the home."""
        seen = [] if self.snapshot is None else self.snapshot.rooms
        links = () if self.snapshot is None else self.snapshot.links
        is_reached = all(link.is_up for link in links if link.link in MUST_WORK)
        is_seeing = is_reached and any(room.freshness is Freshness.FRESH for room in seen)
        self.parts.start.note_tick(self.state.since_start(now), is_seeing=is_seeing)

    # ----------------------------------------------------------------- judging

    def _assess_touched(self, now: Instant) -> None:
        touched = self.state.sensing.take_touched(now, self.state.since_start(now))
        for room_id in touched if self.parts.is_watched else ():
            self._guarded(functools.partial(self._assess_room, room_id, now))
        self.attention.want(is_wanted=bool(touched))

    def _assess_room(self, room_id: str, now: Instant) -> None:
        """Publish a room's level at once: an observation does not wait for the disk."""
        track = self.state.sensing.rooms[room_id]
        conditions = track.conditions(
            now,
            self.state.since_start(now),
            has_past=False,
            since_motion=self.state.whereabouts.since_motion(room_id, now),
            ahead=self.state.foresight.ahead(
                room_id, now.utc, is_clock_synchronised=self.clock.is_synchronised()
            ),
        )
        shown = self._shown.get(room_id)
        assessed = heat_sensitivity.assess_for_display(
            conditions,
            self._users.get(room_id, ()),
            self.state.level_memory,
            self.state.local(now.utc),
            tuning=self.state.home.tuning,
            bedrooms=self._bedrooms,
            shown=shown,
            is_occupied=self._has_one_person and is_motion_recent(conditions.since_motion),
        )
        is_automatic = self.state.is_automatic(room_id)
        self.faces.publish_room(assessed, conditions, is_automatic=is_automatic)
        if shown is None or assessed.level > shown.level:
            self.attention.want(is_wanted=False, is_urgent=True)

    def decide(self, now: Instant) -> None:
        """Judge the whole home, make the result durable, then act on it."""
        self.attention.clear()
        self._next_decision_s = now.boot_s + self.parts.decision_interval.total_seconds()
        self.state.sensing.refresh(now, self.state.since_start(now))
        self.state.actuation.tick(now)
        changes = Changes()
        settle(self.state, now, changes)
        if self.clock.is_synchronised():
            self.state.proofs.meet(now, changes)
        self.snapshot = snapshot = self.state.snapshot(
            now, is_clock_synchronised=self.clock.is_synchronised()
        )
        decision = self.parts.decide(snapshot)
        log_decision(self.decision, decision)
        self.decision = decision
        wait = decision.look_again_in
        # A little later than the limit, in whole milliseconds, for ages are rounded.
        self._look_again_s = math.inf
        if wait is not None:
            self._look_again_s = math.ceil((now.boot_s + wait.total_seconds()) * 1000 + 1) / 1000
        self._shown = {room.room_id: room for room in decision.rooms}
        before = dict(self.state.alerts)
        self.state.adopt(self._queue_messages(decision, now, changes), now, changes)
        self.state.actuation.apply_plan(decision.cooling, now)
        changes.leases.update(self.state.actuation.leases_to_store(None if changes else now))
        self.state.paces.ride_along(changes)
        self.journal.commit(changes, now)
        self._publish(snapshot, before, now)
        if self.state.pictures.hurry(decision):  # the warnings themselves do not wait for it
            self.dispatcher.draw_if_due(self.state, snapshot, now)

    def _publish(self, snapshot: Snapshot, before: Mapping[AlertKey, Alert], now: Instant) -> None:
        if not self.parts.is_watched:
            return
        decision, state, faces = self.decision, self.state, self.faces
        for room in snapshot.rooms:
            room_id = room.room.room_id
            if room_id in self._shown:
                faces.publish_room(
                    self._shown[room_id], room, is_automatic=state.is_automatic(room_id)
                )
        faces.publish_forecasts(snapshot.rooms)
        unseen = state.unseen_people(decision)
        home = home_state(self, snapshot) | home_modes(state)
        more = person_modes(state, now)
        names = {reader_id: reader.name for reader_id, reader in state.readers.items()}
        for found in snapshot.people:
            person_id = found.person.person_id
            more[person_id]["is_at_home"] = found.is_at_home
            more[person_id] |= heat_alert(decision.alerts, person_id, names)
        faces.publish_decision(decision, home, unseen, now.utc, more)
        people = [record.person for record in state.people.values()]
        faces.publish_alerts(before, decision.alerts, people, state.home, now.utc)
        limits_c = {room.room_id: room.limit_c for room in decision.rooms}
        devices = [device for room in snapshot.rooms for device in room.devices]
        plans = plans_in_words(decision.cooling, state.home)
        faces.publish_devices(devices, state.actuation.rows(), plans)
        faces.publish_leases(state.actuation.rows(), state.actuation.devices(), limits_c)

    def _queue_messages(self, decision: Decision, now: Instant, changes: Changes) -> Decision:
        told = queue_messages(decision, self.state, self.outbox, now, changes)
        changes.outbox.extend(self.outbox.expire(now))
        return told

    def _write_history(self, now: Instant) -> None:
        rows, records = self.state.sensing.take_history()
        self.journal.write_history(rows, records, now, self.state.foresight.take_batch())

    def _say_losses(self) -> None:
        """Say what a flood cost: readings that newer ones overtook, messages that are none."""
        coalesced = self.parts.inbox.take_coalesced()
        if coalesced:
            log.warning("inbox.readings_coalesced", readings=coalesced)
        unusable = self.parts.mqtt.dropped_messages - self._unusable
        self._unusable += unusable
        dropped = unusable + self.parts.inbox.take_dropped()
        if dropped:
            log.warning("mqtt.messages_dropped", messages=dropped)

    # ----------------------------------------------------------------- acting

    def _check_if_wanted(self, now: Instant) -> None:
        if self.desk.take_check():
            # The check reads there when each sensor was heard.
            self._write_status(now)
            if not self.dispatcher.check():
                log.warning("check.refused", cause="one is under way")

    def _act(self, now: Instant) -> None:
        """Do what is due; leases that changed since the decision are written first."""
        self._check_if_wanted(now)
        actuation = self.state.actuation
        actuation.tick(now)
        self.journal.commit(Changes(leases=actuation.leases_to_store(now)), now)
        for action in actuation.take_actions():
            match action:
                case SendCommand() if actuation.is_plug(action.device_id):
                    self.plug_road.command(action, is_broker_up=actuation.is_broker_up)
                case SendCommand():
                    self.dispatcher.command(action)
                case AskPlugs():
                    self.plug_road.ask(action)
                case EndTimer():
                    self.plug_road.end_timer(action)
                case ReadBack():
                    self.dispatcher.read(action)
                case NoteOverride():
                    self.reactions.note_override(action, now)
                case NoteFailure():
                    log.warning("device.failed", device_id=action.device_id, error=action.error)
                    self.attention.want_now()
        self.dispatcher.send_pushes(self.outbox, self.state, now)
        entity_ids = (*self.state.entity_ids(), *self.parts.power_entities)
        self.dispatcher.read_all_if_due(entity_ids or ALWAYS_THERE, now)
        self.dispatcher.fetch_forecast_if_due(self.state.poller, now)
        self.dispatcher.fetch_warnings_if_due(self.state.official, now)
        self.dispatcher.learn(self.state.foresight, now)
