"""Go from a plan to settings that work: write, check, try a push."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from daemon.check import CheckReport, render_report
from daemon.init import files
from daemon.init.ask import Terminal, ask_yes
from daemon.init.connect import GivenUpError
from daemon.init.files import PASSWORD, TOKEN, FileThereError, Places, find_places
from daemon.init.plan import PersonPlan, Plan
from daemon.init.targets import with_targets
from daemon.init.write import SecretFiles, render
from integrations.errors import IntegrationError

DONE, NOT_DONE, REFUSED = 0, 1, 2


class Finish(Protocol):
    """Do what needs the real loader and the real roads."""

    def refusals(self, text: str) -> tuple[str, ...]:
        """Return what the real loader refuses in a text of settings."""
        ...

    def check(self, config: Path) -> CheckReport:
        """Check the settings and every road that they name."""
        ...

    def push(self, config: Path, person_id: str) -> None:
        """Send a test message to a person's phones. Raises: IntegrationError."""
        ...


class Setup:
    """Write a plan and show that it works; `is_asking`: a person sits at the terminal."""

    def __init__(self, terminal: Terminal, finish: Finish, *, is_asking: bool) -> None:
        self._terminal = terminal
        self._finish = finish
        self._is_asking = is_asking
        self.written: Path | None = None  # the settings, once they are there

    def choose_places(self, places: Places) -> Places | None:
        """Return where to write; `None` when the file is there and nobody names another."""
        while places.config.exists() or places.config.is_symlink():
            self._terminal.say(f"{places.config} is there already, and is not overwritten.")
            if not self._is_asking:
                self._terminal.say("Move it away, or name another file: --config FILE")
                return None
            answer = self._terminal.ask("Another file to write (Enter: stop)")
            if not answer:
                return None
            places = find_places(Path(answer).expanduser())
        return places

    def finish(self, plan: Plan, places: Places, *, wants_push: bool) -> int:
        """Write, check and push; return the exit code."""
        say = self._terminal.say
        plan = with_targets(plan)
        names, secrets = name_secrets(plan, places)
        text = render(plan, names)
        refused = self._finish.refusals(text)
        if refused:
            say("These settings would be refused, so nothing was written:")
            for problem in refused:
                say(f"  {problem}")
            return REFUSED
        if self._is_asking:
            say()
            for line in summary(plan, places, secrets):
                say(line)
            if not ask_yes(self._terminal, "Write it?", default=True):
                raise GivenUpError
        exit_code = self._write(places, text, secrets)
        return self._prove(plan, places, wants_push=wants_push) if exit_code == DONE else exit_code

    def _write(self, places: Places, text: str, secrets: Mapping[str, str]) -> int:
        """Put everything down; return the exit code."""
        say = self._terminal.say
        try:
            files.write(places, text, secrets)
        except FileThereError as error:
            say(f"{error}. Nothing was written.")
            return REFUSED
        except OSError as error:
            say(f"{error.filename or places.config} cannot be written: {error.strerror}.")
            say("Nothing was written. Name another file: keepcool init --config FILE")
            return NOT_DONE
        self.written = places.config
        say(f"Written: {places.config}")
        for name in secrets:
            say(f"Written: {places.secrets / name} (closed to others)")
        return DONE

    def _prove(self, plan: Plan, places: Places, *, wants_push: bool) -> int:
        """Check what was written and try the phones; return the exit code."""
        say = self._terminal.say
        report = self._finish.check(places.config)
        say()
        say(render_report(report, width=self._terminal.width))
        is_pushed = True
        for person in plan.people if plan.home_assistant else ():
            if person.phones and self._wants(person, wants_push=wants_push):
                is_pushed &= self._push(places.config, person)
        if report.exit_code:
            say()
            sudo = "sudo " if places.group_id is not None else ""
            say(
                "What is RED above does not work yet: mend it, then try "
                f"{sudo}keepcool check --online."
            )
        for line in _next_steps(places):
            say(line)
        if report.is_refused:
            return REFUSED
        return DONE if is_pushed and not report.exit_code else NOT_DONE

    def _wants(self, person: PersonPlan, *, wants_push: bool) -> bool:
        if not self._is_asking:
            return wants_push
        self._terminal.say()
        question = f"Send a test message to {person.name}'s phone now?"
        return ask_yes(self._terminal, question, default=True)

    def _push(self, config: Path, person: PersonPlan) -> bool:
        """Try a person's phones; return whether Home Assistant took the messages."""
        say = self._terminal.say
        services = ", ".join(phone.service for phone in person.phones)
        try:
            self._finish.push(config, person.person_id)
        except IntegrationError as error:
            say(f"The test message was not sent: {error}")
            return False
        say(f"Home Assistant took a test message for {services}.")
        if self._is_asking and not ask_yes(self._terminal, "Did it arrive?", default=True):
            say(
                "On the phone: open Home Assistant's app, allow notifications, and see that it is "
                f"the phone that {services} names. Once keepcool runs, try it again:"
            )
            say(f"    keepcool test-alert {person.person_id}")
        return True


def name_secrets(plan: Plan, places: Places) -> tuple[SecretFiles, dict[str, str]]:
    """Return how the settings name the secrets, and what is still to go into which file.

    A file that is there stays: one that says the same is used, else another name is taken.
    """
    given: dict[str, str | None] = {
        PASSWORD: plan.broker.password if plan.broker else None,
        TOKEN: plan.home_assistant.token if plan.home_assistant else None,
    }
    owners: dict[str, str] = {}
    for told in plan.told:
        owner = told.person_id if isinstance(told, PersonPlan) else told.carer_id
        owners[f"second_road_{owner}"] = owner
        given[f"second_road_{owner}"] = told.second_road
    contents: dict[str, str] = {}
    named: dict[str, str] = {}
    for usual, content in given.items():
        if not content:
            continue
        name = files.free_name(places, usual, content)
        if not (places.secrets / name).exists():
            contents[name] = content
        if name != usual:
            named[usual] = f"{places.named_secrets}/{name}"
    roads = {owner: named[usual] for usual, owner in owners.items() if usual in named}
    password, token = named.get(PASSWORD), named.get(TOKEN)
    return SecretFiles(places.named_secrets, password, token, roads, files.find_share()), contents


def summary(plan: Plan, places: Places, secrets: Mapping[str, str]) -> list[str]:
    """Return what is about to be written, in lines; no secret is among them."""
    lines = ["This will be written:"]
    broker = plan.broker.address if plan.broker else "none"
    home_assistant = plan.home_assistant.url if plan.home_assistant else "none"
    lines.append(f"  broker {broker}, Home Assistant {home_assistant}")
    for room in plan.rooms:
        cooling = ", ".join(device.entity for device in room.cooling)
        sensors = ", ".join(sensor.key for sensor in room.sensors)
        kind = " (bedroom)" if room.is_bedroom else ""
        lines.append(f"  {room.name}{kind}: {sensors}{f'; cooled by {cooling}' if cooling else ''}")
    for told in plan.told:
        phones = ", ".join(phone.service for phone in told.phones) or "no phone"
        role = "" if isinstance(told, PersonPlan) else " (is told when nobody answers)"
        lines.append(f"  {told.name}{role}: {phones}")
    lines.append(
        f"  into {places.config}" + (f", secrets into {places.secrets}" if secrets else "")
    )
    return lines


def _next_steps(places: Places) -> list[str]:
    lines = ["", "Next:"]
    if places.group_id is not None:
        lines.append("    sudo systemctl enable --now keepcool")
        lines.append("    sudo keepcool status")
        lines.append("To ask it without sudo, join its group, then log out and in again:")
        lines.append("    sudo usermod -aG keepcool $USER")
    else:
        lines.append(f"    keepcool run --config {places.config}")
    sudo = "sudo " if places.group_id is not None else ""
    lines.append(f"Change the settings with any editor; {sudo}keepcool check says what is wrong.")
    return lines
