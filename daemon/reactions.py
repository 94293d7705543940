"""React to what happens: one handler per kind of event, on the loop's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from daemon.actuation import NoteOverride
from daemon.announcing import Announcer
from daemon.clock import Instant
from daemon.desk import Desk
from daemon.dispatch import Dispatcher
from daemon.events import (
    ButtonPressed,
    CheckFinished,
    CommandFinished,
    DeliveryFinished,
    DeviceObserved,
    Event,
    ForecastFetched,
    HeartbeatFinished,
    LearnerAdvanced,
    LinkChanged,
    MessageReceived,
    PastFetched,
    PictureDrawn,
    PushReceived,
    StatesFetched,
    StopRequested,
    WarningsFetched,
)
from daemon.faces import Faces
from daemon.journal import Journal
from daemon.modes import note_at_home
from daemon.outbox import Outbox, OutboxRow
from daemon.parts import Parts
from daemon.plug_road import PlugRoad
from daemon.records import Changes
from daemon.status import PHONE, announcer_link, second_road_link
from policies.alert import Road, Severity
from policies.model import HolidayEnd

log = structlog.get_logger()

INTRODUCTIONS_APART_S = 10.0  # who floods the birth topic would have us flood the broker


@dataclass(slots=True)
class Attention:
    """Say whether the home must be judged again, and whether that may wait for its interval."""

    is_wanted: bool = True
    is_urgent: bool = False

    def want(self, *, is_wanted: bool = True, is_urgent: bool = False) -> None:
        """Have the home judged soon; what was wanted before stays wanted."""
        self.is_wanted = self.is_wanted or is_wanted
        self.is_urgent = self.is_urgent or is_urgent

    def want_now(self) -> None:
        """Have the home judged in this very turn."""
        self.is_wanted = self.is_urgent = True

    def clear(self) -> None:
        """Note that the home is being judged."""
        self.is_wanted = self.is_urgent = False


@dataclass(frozen=True, slots=True)
class Core:
    """Hold the loop's own parts, which its reactions work with."""

    parts: Parts
    journal: Journal
    outbox: Outbox
    faces: Faces
    desk: Desk
    dispatcher: Dispatcher
    announcer: Announcer
    plug_road: PlugRoad
    attention: Attention


class Reactions:
    """Handle each kind of event; runs on the loop's thread alone."""

    def __init__(self, core: Core) -> None:
        """Know a handler for every kind of event."""
        self._core = core
        self._parts = core.parts
        self._state = core.parts.state
        self._clock = core.parts.clock
        self._attention = core.attention
        self.is_stopping = False
        self._is_introduction_due = False
        self._next_introduction_s = 0.0
        self._handlers: dict[type, Callable[..., None]] = {
            MessageReceived: self._on_message,
            LinkChanged: self._on_link,
            DeviceObserved: self._on_observed,
            ButtonPressed: self._on_button,
            PushReceived: self._on_received,
            DeliveryFinished: self._on_delivered,
            CommandFinished: self._on_commanded,
            StatesFetched: self._on_states,
            ForecastFetched: self._on_forecast,
            CheckFinished: self._on_checked,
            HeartbeatFinished: self._on_beat,
            LearnerAdvanced: self._on_learned,
            PastFetched: self._on_past,
            PictureDrawn: self._on_picture,
            StopRequested: self._on_stop,
            WarningsFetched: self._on_warnings,
        }

    def handle(self, event: Event, now: Instant) -> None:
        """Handle one event."""
        self._handlers[type(event)](event, now)

    def note_override(self, action: NoteOverride, now: Instant) -> None:
        """Take a change by hand, under our eyes, as a sign of everybody who uses the room."""
        log.info(
            "device.overridden", device_id=action.device_id, until=action.until.utc.isoformat()
        )
        self._attention.want()
        if not action.is_sign:
            return
        changes = Changes()
        room_id = self._state.room_of_device(action.device_id)
        people = self._state.people.items()
        users = [person_id for person_id, record in people if room_id in record.person.rooms]
        for person_id in users:
            self._state.note_sign(person_id, now, changes)
        note_at_home(self._state, users, HolidayEnd.DEVICE, now, changes)
        self._core.journal.commit(changes, now)

    def _on_message(self, event: MessageReceived, now: Instant) -> None:
        if event.topic == self._parts.birth_topic:
            if event.payload == b"online" and not event.is_retained:
                self._is_introduction_due = True
                self.tick(now)
            return
        if self._parts.watchdogs.hear(event.topic, event.payload):
            return
        is_sensor = self._state.sensing.receive(
            event.topic,
            event.payload,
            now,
            is_retained=event.is_retained,
            is_clock_synchronised=self._clock.is_synchronised(),
        )
        told = self._core.plug_road.hear(event)
        for observed in told or ():
            self._on_observed(observed, now)
        is_motion = self._state.whereabouts.receive(
            event.topic, event.payload, now, is_retained=event.is_retained
        )
        self._attention.want(is_wanted=is_motion)
        metered = self._parts.power_topics.get(event.topic)
        if metered is not None:
            power_w = self._parts.parse_power(event.topic, event.payload)
            if power_w is not None and not event.is_retained:
                self._state.actuation.on_power(metered, power_w, now)
                self._attention.want()
        elif told is None and not (is_sensor or is_motion or event.is_retained):
            changes = Changes()
            reply = self._core.desk.handle_command(
                event, self._state, self._core.outbox, now, changes
            )
            is_durable = not changes or self._core.journal.commit(changes, now)
            self._core.desk.send(reply if is_durable or reply is None else reply.undone())
            self._attention.want(is_wanted=bool(changes))

    def tick(self, now: Instant) -> None:
        """Introduce the home to a Home Assistant that started, not more often than it can start."""
        if self._is_introduction_due and now.boot_s >= self._next_introduction_s:
            self._is_introduction_due = False
            self._next_introduction_s = now.boot_s + INTRODUCTIONS_APART_S
            self._introduce(now)

    def _introduce(self, now: Instant) -> None:
        """Tell Home Assistant what there is, then everything's state: it may know neither."""
        journal = self._core.journal
        self._core.announcer.announce(lambda changes: journal.commit(changes, now))
        self._core.faces.forget()
        self._state.pictures.forget()
        self._attention.want()

    def _on_link(self, event: LinkChanged, now: Instant) -> None:
        is_news = self._state.set_link(
            event.link,
            now,
            is_up=event.is_up,
            detail=event.detail,
            is_refused=event.is_refused,
        )
        if is_news or not event.is_up:
            log.info("link.changed", link=event.link, is_up=event.is_up, detail=event.detail)
        if event.link == "mqtt":
            self._state.actuation.on_broker(now, is_up=event.is_up)
            if event.is_up:
                self._introduce(now)
        if event.link == "events":
            if event.is_up:
                self._core.dispatcher.read_all_soon()
            else:
                self._state.actuation.on_away(now)
        self._attention.want()

    def _on_observed(self, event: DeviceObserved, now: Instant) -> None:
        device_id = self._parts.power_entities.get(event.entity_id)
        if device_id is not None:
            self._state.actuation.on_power(device_id, event.numeric_value, now)
        self._state.sensing.observe(event, now, is_clock_synchronised=self._clock.is_synchronised())
        self._state.whereabouts.observe(event, now)
        self._state.actuation.on_observed(event, now)
        self._attention.want()

    def _on_button(self, event: ButtonPressed, now: Instant) -> None:
        changes = Changes()
        self._core.desk.handle_button(
            event, self._state, self._core.journal, self._core.outbox, now, changes
        )
        self._core.journal.commit(changes, now)
        self._attention.want(is_wanted=bool(changes))

    def _on_delivered(self, event: DeliveryFinished, now: Instant) -> None:
        row = self._core.outbox.finish(
            event.outbox_id,
            now,
            error=event.error,
            is_permanent=event.is_permanent,
            retry_after_s=event.retry_after_s,
        )
        if row is None:
            return
        changes = Changes(outbox=[row])
        if self._core.desk.on_delivered(row, event):
            changes.outbox += self._core.outbox.discard(
                row.row_id, now
            )  # a late test would only puzzle
        if self._state.deliveries.note_finished(row, event, changes):
            self._attention.want_now()  # the ladder waits for it
        self._core.journal.commit(changes, now)
        self._note_roads(row, event.error, now)
        road, tag = row.road.value, row.message.tag
        if event.error is None:
            log.info("push.handed_over", tag=tag, road=road, attempts=row.attempts)
        elif row.attempts == 1:
            log.warning("push.failed", tag=tag, road=road, error=event.error)

    def _note_roads(self, row: OutboxRow, error: str | None, now: Instant) -> None:
        """Take what a push tells of the road that it took."""
        if row.road is Road.PHONE:
            self._note_phone(row, error, now)
        if row.road is Road.ANNOUNCER:
            self._note_road(announcer_link(row.channel_id), error, now)
        if row.road is Road.SECOND_ROAD:
            self._note_road(second_road_link(row.channel_id), error, now)
        elif error is None:
            self._note_home_assistant(None, now)
        elif not self._core.outbox.is_road_refused:
            # One refused service or failing phone does not mean that Home Assistant is away: ask.
            self._core.dispatcher.read_all_soon()

    def _note_phone(self, row: OutboxRow, error: str | None, now: Instant) -> None:
        """Note whether Home Assistant hands a phone what counts; one that never failed is none."""
        link = PHONE + row.channel_id
        is_known = any(link == each.link for each in self._state.links(now))
        if is_known if error is None else row.message.severity >= Severity.WARNING:
            self._note_road(link, error, now)

    def _note_road(self, link: str, error: str | None, now: Instant) -> None:
        is_up = error is None
        if self._state.set_link(link, now, is_up=is_up, detail=error or ""):
            log.info("link.changed", link=link, is_up=is_up, detail=error or "")
            self._attention.want()

    def _on_received(self, event: PushReceived, now: Instant) -> None:
        """Take a phone's receipt; the button's string in it says whose, and of which message."""
        changes = Changes()
        for action in event.actions:
            found = self._core.journal.find_token(action)
            if found is not None:
                token, _ = found
                self._state.deliveries.note_received(token.key.tag, token.person_id, changes)
        if changes:
            log.info("push.received")
            self._core.journal.commit(changes, now)
            self._attention.want_now()

    def _on_commanded(self, event: CommandFinished, now: Instant) -> None:
        self._state.actuation.on_finished(event, now)
        self._attention.want()

    def _on_states(self, event: StatesFetched, now: Instant) -> None:
        self._note_home_assistant(event.error, now, is_refused=event.is_refused)
        for observation in event.observations:
            self._on_observed(observation, now)

    def _note_home_assistant(
        self, error: str | None, now: Instant, *, is_refused: bool = False
    ) -> None:
        """Note whether Home Assistant answers; when it is back, what waits is sent at once."""
        is_up = error is None
        is_news = self._state.set_link(
            "home_assistant", now, is_up=is_up, detail=error or "", is_refused=is_refused
        )
        self._core.dispatcher.note_home_assistant(now, is_up=is_up, is_refused=is_refused)
        if is_news:
            log.info("link.changed", link="home_assistant", is_up=is_up, detail=error or "")
            self._attention.want_now()  # what waits is judged anew before it is sent
            self._core.outbox.note_road(now, is_up=is_up, is_refused=is_refused)
            if is_up:
                for link in self._state.links(now):  # whether it reaches them shows anew
                    if link.link.startswith(PHONE):
                        self._state.set_link(link.link, now, is_up=True)
                self._state.actuation.on_reachable(now)
            else:
                self._state.actuation.on_away(now)

    def _on_forecast(self, event: ForecastFetched, now: Instant) -> None:
        poller = self._state.poller
        failing = {schedule.name for schedule in poller.schedules if schedule.is_failing}
        poller.on_fetched(event, now)
        error = poller.last_error
        self._state.set_link("weather", now, is_up=error is None, detail=error or "")
        self._attention.want()
        if event.forecast is not None:
            self._core.journal.keep_forecast(event.forecast, now)
        elif event.error is not None and event.source not in failing:
            log.warning("forecast.failed", source=event.source, error=event.error)

    def _on_checked(self, event: CheckFinished, now: Instant) -> None:
        log.info("check.finished", error=event.error)
        self._core.faces.publish_check(event, now.utc)

    def _on_beat(self, event: HeartbeatFinished, now: Instant) -> None:
        self._note_road("heartbeat", event.error, now)

    def _on_learned(self, event: LearnerAdvanced, _now: Instant) -> None:
        self._state.foresight.on_advanced(event)
        self._attention.want(is_wanted=bool(event.forecasts))

    def _on_picture(self, event: PictureDrawn, _now: Instant) -> None:
        if event.payload is None:
            log.warning("picture.not_drawn", room_id=event.room_id, error=event.error)
            return
        self._state.pictures.note_drawn(event)
        self._core.faces.publish_picture(event.room_id, event.payload)

    def _on_past(self, event: PastFetched, _now: Instant) -> None:
        if event.past is None:
            log.warning("past_weather.failed", error=event.error)
        else:
            self._state.foresight.on_past(event.past)

    def _on_warnings(self, event: WarningsFetched, now: Instant) -> None:
        official = self._state.official
        failing = {schedule.name for schedule in official.schedules if schedule.is_failing}
        changes = Changes()
        official.on_fetched(event, now, changes)
        if changes:
            self._core.journal.commit(changes, now)
            self._attention.want()
        if event.error is not None and event.service not in failing:
            log.warning("warnings.failed", service=event.service, error=event.error)

    def _on_stop(self, event: StopRequested, _now: Instant) -> None:
        log.info("daemon.stopping", cause=event.cause)
        self.is_stopping = True
