"""Answer what people ask: buttons on the phone, drinks, test alerts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from daemon.clock import Instant
from daemon.commands import (
    RATE_WINDOW,
    CheckCommand,
    CommandError,
    CommandParser,
    CoolingSwitchCommand,
    DrinkCommand,
    TestAlertCommand,
    check_rate,
    is_request_id,
)
from daemon.events import ButtonPressed, DeliveryFinished, MessageReceived
from daemon.faces import Topics
from daemon.journal import Journal
from daemon.modes import carry_out, note_at_home, set_out
from daemon.outbox import Outbox, OutboxRow
from daemon.pushes import push_rows
from daemon.rates import MOST_CHECKS, MOST_SWITCHINGS, MOST_TEST_ALERTS, Rates
from daemon.records import ActionToken, Changes, Drink
from daemon.state import HomeState
from daemon.throttle import Throttle
from integrations.messages import HomeMessage, PhoneMessage, RoadMessage
from policies.alert import (
    AlertKey,
    AlertPhase,
    HeatLevel,
    Message,
    Notification,
    NotifyReason,
    Road,
    Severity,
    Verb,
)
from policies.episodes import acknowledge, snooze
from policies.model import CoolingRole, Flag, HolidayEnd
from policies.wording import render

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reply:
    """Carry the answer to one request of the command line."""

    request_id: str
    is_done: bool
    text: str

    def undone(self) -> Reply:
        """Return the answer when what was asked is in memory only, because the disk fails."""
        text = "the disk takes no writing now: it counts only until keepcool restarts"
        return Reply(self.request_id, is_done=False, text=text)


class Desk:
    """Handle commands and buttons; it collects `Changes`, which the loop commits."""

    def __init__(
        self, commands: CommandParser, topics: Topics, publish: Callable[..., None]
    ) -> None:
        """Answer requests through `publish`."""
        self._commands = commands
        self._topics = topics
        self._publish = publish
        self._tests: dict[str, str | None] = {}  # outbox row -> request that waits for it
        self._rates = Rates()
        self._refusals = Throttle()
        self._is_check_wanted = False

    # ----------------------------------------------------------------- commands over MQTT

    def handle_command(
        self,
        event: MessageReceived,
        state: HomeState,
        outbox: Outbox,
        now: Instant,
        changes: Changes,
    ) -> Reply | None:
        """Carry out a command; return the reply to send after the commit, if one was asked for."""
        request_id = _request_id(event.payload)
        try:
            command = self._commands.parse(
                event.topic, event.payload, is_retained=event.is_retained, now=now
            )
            match command:
                case DrinkCommand():
                    text = self._log_drink(command, state, now, changes)
                case TestAlertCommand():
                    return self._test_alert(command, state, outbox, now, changes)
                case CoolingSwitchCommand():
                    self._switch_cooling(command, state, now, changes)
                    return None
                case CheckCommand():
                    self._rates.check("check", MOST_CHECKS, now)
                    self._is_check_wanted = True
                    return None
                case None:
                    return None
                case _:
                    self._rates.check(f"mode:{event.topic}", MOST_SWITCHINGS, now)
                    text = carry_out(command, state, now, changes)
        except CommandError as error:
            held = self._refusals.admit(now)
            if held is not None:
                cause = str(error)
                log.warning("command.refused", topic=event.topic, cause=cause, more_before=held)
            return Reply(request_id, is_done=False, text=str(error)) if request_id else None
        return Reply(request_id, is_done=True, text=text) if request_id else None

    def send(self, reply: Reply | None) -> None:
        """Publish a reply."""
        if reply is not None:
            payload = json.dumps({"done": reply.is_done, "text": reply.text})
            self._publish(self._topics.reply(reply.request_id), payload, qos=1)

    def take_check(self) -> bool:
        """Return whether somebody asked for a check since the last time."""
        is_wanted, self._is_check_wanted = self._is_check_wanted, False
        return is_wanted

    def _switch_cooling(
        self, command: CoolingSwitchCommand, state: HomeState, now: Instant, changes: Changes
    ) -> None:
        self._rates.check(f"cooling:{command.room_id}", MOST_SWITCHINGS, now)
        state.set_automatic(command.room_id, changes, is_on=command.is_on)
        log.info("cooling.switched", room_id=command.room_id, is_automatic=command.is_on)

    def _log_drink(
        self, command: DrinkCommand, state: HomeState, now: Instant, changes: Changes
    ) -> str:
        record = state.people[command.person_id]
        drink_id = command.request_id or uuid.uuid4().hex
        may_name = Flag.FLUID_RESTRICTED not in record.person.flags
        if not record.has_drink(drink_id):
            drunk_ml = record.drunk_within(RATE_WINDOW, now)
            check_rate(command.amount_ml, drunk_ml, may_name=may_name)
        drink = Drink(drink_id, command.person_id, now.utc, command.amount_ml, "command")
        state.note_drink(drink, now, changes)
        note_at_home(state, [command.person_id], HolidayEnd.DRINK, now, changes)
        drink_words = f"{command.amount_ml} ml" if may_name else "drink"
        return f"{drink_words} recorded for {record.person.name}"

    def _test_alert(
        self,
        command: TestAlertCommand,
        state: HomeState,
        outbox: Outbox,
        now: Instant,
        changes: Changes,
    ) -> Reply | None:
        person, is_phone = state.readers[command.person_id], command.road is Road.PHONE
        if is_phone and not person.phones:
            raise CommandError(f"{person.name} has no phone: add one to the config")
        if not is_phone and not person.second_roads:
            raise CommandError(f"{person.name} has no second road: add one to the config")
        self._rates.check(f"test:{person.person_id}", MOST_TEST_ALERTS, now)
        verbs = (Verb.ON_IT,) if is_phone else ()
        loudly = "test_alert_loud" if command.is_loud else "test_alert"
        message = Message(loudly if is_phone else "test_second_road")
        words = render(message, person, state.home, verbs)
        notification = Notification(
            AlertKey("test", person.person_id, int(now.utc.timestamp() * 1000)),
            person.person_id,
            NotifyReason.NEW,
            Severity.CRITICAL if command.is_loud else Severity.WARNING,
            HeatLevel.NORMAL,
            words.title,
            words.body,
            verbs=verbs,
            road=command.road,
        )
        rows, tokens = push_rows(notification, person, now)
        changes.tokens.extend(tokens)
        for row in rows:
            changes.outbox.extend(outbox.add(row))
            self._tests[row.row_id] = command.request_id
        return None

    def on_delivered(self, row: OutboxRow, event: DeliveryFinished) -> bool:
        """Tell the one who asked for a test alert what became of it; return whether it was one."""
        if row.row_id not in self._tests:
            return False
        request_id = self._tests.pop(row.row_id)
        if request_id is not None:
            text = event.error or _handed_to(row.message)
            self.send(Reply(request_id, is_done=event.error is None, text=text))
        return True

    # ----------------------------------------------------------------- buttons on the phone

    def handle_button(
        self,
        event: ButtonPressed,
        state: HomeState,
        journal: Journal,
        outbox: Outbox,
        now: Instant,
        changes: Changes,
    ) -> None:
        """Carry out what a button says, once, for the episode it belongs to."""
        found = journal.find_token(event.action)
        if found is None:
            log.info("button.unknown")
            return
        token, was_used = found
        if was_used or token.person_id not in state.readers:
            log.info("button.repeated", verb=token.verb.value)
            return
        changes.used_tokens.append(token.token)
        log.info("button.pressed", verb=token.verb.value, tag=token.key.tag)
        state.age_alerts(now)
        state.proofs.note_press(token.person_id, now, changes)
        if token.verb is Verb.DRANK:
            amount_ml = token.amount_ml or state.readers[token.person_id].portion_ml
            drink = Drink(token.token, token.person_id, now.utc, amount_ml, "button")
            state.note_drink(drink, now, changes)
        elif token.person_id in state.people:
            state.note_sign(token.person_id, now, changes)
        if token.verb is Verb.OUT:
            set_out(state, token.person_id, now, changes, is_out=True)
        if token.verb is Verb.COOL:
            _cool_now(token, state, now)
        if token.verb in {Verb.ON_IT, Verb.SNOOZE, Verb.COOL} and not _answer(
            token, state, changes
        ):
            self._say_over(token.key, token.person_id, state, outbox, now, changes)

    def _say_over(
        self,
        key: AlertKey,
        person_id: str,
        state: HomeState,
        outbox: Outbox,
        now: Instant,
        changes: Changes,
    ) -> None:
        """Answer a late press quietly: it must not silence a newer episode, and not go unheard."""
        if key.policy == "test":
            return
        person = state.readers[person_id]
        words = render(Message("already_over"), person, state.home)
        notification = Notification(
            key,
            person_id,
            NotifyReason.NEW,
            Severity.DISPLAY,  # an answer to the person: it counts against no budget
            HeatLevel.NORMAL,
            words.title,
            words.body,
        )
        for row in push_rows(notification, person, now)[0]:
            changes.outbox.extend(outbox.add(row))


def _cool_now(token: ActionToken, state: HomeState, now: Instant) -> None:
    """Take the air conditioners of the room that an alert is about out of the person's hands."""
    alert = state.alerts.get(token.key)
    if alert is None or alert.phase is AlertPhase.RESOLVED:
        return
    name = alert.message.parameters.get("room")
    rooms = {
        track.room.room_id for track in state.sensing.rooms.values() if track.room.name == name
    }
    for device in state.actuation.devices().values():
        if device.room_id in rooms and device.role is CoolingRole.AIR_CONDITIONER:
            state.actuation.end_override(device.device_id, now)


def _answer(token: ActionToken, state: HomeState, changes: Changes) -> bool:
    """Answer what a button covers; return whether any of it is still there to be answered."""
    keys = [
        key
        for key in token.covers or (token.key,)
        if (alert := state.alerts.get(key)) is not None and alert.phase is not AlertPhase.RESOLVED
    ]
    answer = snooze if token.verb is Verb.SNOOZE else acknowledge
    for key in keys:
        for updated in answer(tuple(state.alerts.values()), key, token.person_id):
            if updated != state.alerts.get(updated.key):
                state.alerts[updated.key] = updated
                changes.alerts.append(updated)
    return bool(keys)


def _handed_to(message: PhoneMessage | HomeMessage | RoadMessage) -> str:
    if isinstance(message, PhoneMessage):
        return f"handed to Home Assistant for {message.service}"
    return "handed to the second road: is it on the phone?"


def _request_id(payload: bytes) -> str | None:
    try:
        fields = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    value = fields.get("id") if isinstance(fields, dict) else None
    return value if is_request_id(value) else None
