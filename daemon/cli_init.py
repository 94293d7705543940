"""Offer `keepcool init`: from nothing to settings that work."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from config.answers import LoadedAnswers
    from daemon.bootstrap.initialising import RealFinish
    from daemon.init.connect import Hints
    from daemon.init.files import Places
    from daemon.init.setup import Setup

DONE, NOT_DONE, REFUSED = 0, 1, 2
_LEAD = re.compile(r" *(\d+\. )?")  # a line's indent, and the number of a list
_ENDS_OF_PROSE = (".", "?", ":")
_STOPPED = "Stopped: nothing was written."


class ClickTerminal:
    """Talk through click (`daemon.init.ask.Terminal`); no colours, no cursor keys."""

    def __init__(self) -> None:
        self._shown = 0  # characters of the progress line

    @property
    def width(self) -> int:
        """Return how many columns a line may have."""
        return max(40, shutil.get_terminal_size().columns)

    def say(self, text: str = "") -> None:
        """Print lines, broken between words where the terminal is narrower."""
        for line in text.split("\n"):
            click.echo("\n".join(self._broken(line)))

    def ask(self, question: str, default: str = "", *, is_hidden: bool = False) -> str:
        """Return one line of answer."""
        tail = f" [{default}]: " if default and not is_hidden else ": "
        if tail == ": " and question.endswith("?"):
            tail = " "
        *before, last = self._broken(question + tail.rstrip())
        for line in before:
            click.echo(line)
        answer = click.prompt(
            last, default, hide_input=is_hidden, show_default=False, prompt_suffix=" "
        )
        return str(answer).strip()

    def _broken(self, line: str) -> list[str]:
        """Break a line between words; what follows stands under its text, not under its number."""
        if len(line) <= self.width:
            return [line]
        lead = _LEAD.match(line)
        indent = lead.end() if lead else 0
        is_item = not (lead and lead[1]) and not line.endswith(_ENDS_OF_PROSE)
        return textwrap.wrap(
            line,
            self.width,
            subsequent_indent=" " * (indent + 2 * is_item),
            break_long_words=False,
            break_on_hyphens=False,
        )

    def show_progress(self, text: str) -> None:
        """Write over the line before; where nobody looks, nothing."""
        if not sys.stdout.isatty():
            return
        click.echo("\r" + text.ljust(self._shown), nl=not text)
        self._shown = len(text)


@click.command("init", short_help="Make the settings of your home, by a few questions.")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write.  [default: /etc/keepcool/keepcool.toml as root after make install, "
    "else ./keepcool.toml]",
)
@click.option(
    "--answers",
    "answers_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Ask nothing: take the answers from this file (TOML; docs/init.md lists the keys).",
)
@click.option("--broker", help="The broker, as host or host:port.")
@click.option("--username", help="The broker's user.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with nothing but the user's password.",
)
@click.option("--home-assistant", "url", help="Home Assistant's address.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with nothing but Home Assistant's token.",
)
@click.option(
    "--listen",
    "listen_s",
    type=click.IntRange(0, 600),
    default=20,
    show_default=True,
    help="Seconds to listen to the sensors.",
)
def init(
    config_path: Path | None,
    answers_path: Path | None,
    listen_s: int,
    **hints: str | Path | None,
) -> None:
    """Make the settings of your home: look at what is there, ask a few questions, write, check.

    Reads what Zigbee2MQTT, Tasmota and others announce on the broker and what Home Assistant
    knows, proposes rooms, and asks about the people. Overwrites nothing.

    Exit codes: 0 done, 1 not done (something does not answer), 2 wrong settings or wrong use.
    """
    from daemon.bootstrap.initialising import RealFinish  # noqa: PLC0415 - slow to import
    from daemon.init.files import find_places  # noqa: PLC0415
    from daemon.init.setup import Setup  # noqa: PLC0415

    terminal, finish = ClickTerminal(), RealFinish()
    setup = Setup(terminal, finish, is_asking=answers_path is None)
    try:
        places = setup.choose_places(find_places(config_path))
        if places is None:
            sys.exit(REFUSED)
        if answers_path is not None:
            sys.exit(_answered(answers_path, places, setup, finish))
        sys.exit(_asked(_read_hints(places, hints), listen_s, places, setup, finish))
    except (KeyboardInterrupt, click.Abort):
        told = f"Stopped; {setup.written} is written." if setup.written else _STOPPED
        click.echo(f"\n{told}", err=True)
        if not sys.stdin.isatty():
            click.echo("Nobody answers here: use --answers FILE (docs/init.md).", err=True)
        sys.exit(NOT_DONE)


def _asked(hints: Hints, listen_s: int, places: Places, setup: Setup, finish: RealFinish) -> int:
    """Ask a person."""
    from daemon.bootstrap.initialising import RealRoads, build_knowledge  # noqa: PLC0415
    from daemon.init.connect import Connecting, GivenUpError  # noqa: PLC0415
    from daemon.init.interview import Interview  # noqa: PLC0415

    terminal, knowledge = ClickTerminal(), build_knowledge()
    terminal.say(
        "keepcool looks at what is in your home and writes its settings. Ctrl-C stops it; nothing "
        "is written before you say so at the end. It takes about five minutes."
    )
    terminal.say()
    try:
        found = Connecting(terminal, knowledge.checks, RealRoads(), hints).run(listen_s)
        finish.note(found)
        plan = Interview(terminal, knowledge, found).run()
        return setup.finish(plan, places, wants_push=False)
    except GivenUpError:
        terminal.say(_STOPPED)
        return NOT_DONE


def _answered(path: Path, places: Places, setup: Setup, finish: RealFinish) -> int:
    """Take the answers from a file."""
    from config.answers import load_answers  # noqa: PLC0415
    from config.errors import SettingsError  # noqa: PLC0415
    from daemon.bootstrap.init_answers import Planner, connect  # noqa: PLC0415
    from daemon.bootstrap.initialising import RealRoads  # noqa: PLC0415
    from daemon.init.listing import list_findings  # noqa: PLC0415
    from integrations.errors import IntegrationError  # noqa: PLC0415

    try:
        loaded: LoadedAnswers = load_answers(path)
        found = connect(loaded, RealRoads(), click.echo)
        finish.note(found)
        planner = Planner(loaded, found)
        for line in list_findings(planner.sensors, planner.proposal, found):
            click.echo(line)
        plan = planner.plan()
    except SettingsError as error:
        click.echo(str(error), err=True)
        click.echo("Nothing was written.", err=True)
        return REFUSED
    except IntegrationError as error:
        click.echo(f"{error}\nNothing was written.", err=True)
        return NOT_DONE
    return setup.finish(plan, places, wants_push=loaded.answers.test_push)


def _read_hints(places: Places, given: dict[str, str | Path | None]) -> Hints:
    """Read what options and the folder of secrets tell already."""
    from daemon.bootstrap.initialising import build_knowledge, read_secret_file  # noqa: PLC0415
    from daemon.init.connect import Hints  # noqa: PLC0415
    from daemon.init.files import PASSWORD  # noqa: PLC0415
    from daemon.init.plan import BrokerPlan  # noqa: PLC0415

    checks = build_knowledge().checks
    try:
        broker, url = given["broker"], given["url"]
        plan = None
        if broker or given["username"]:
            host, _, port = checks["broker"](str(broker or "localhost")).partition(" ")
            plan = BrokerPlan(host, int(port) if port else None, _text(given["username"]))
        token = read_secret_file(Path(given["token_file"])) if given["token_file"] else None
        kept = places.secrets / PASSWORD
        file = given["password_file"] or (kept if kept.is_file() else None)
        password = read_secret_file(Path(file)) if file else None
        return Hints(plan, password, checks["url"](str(url)) if url else None, token)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _text(value: str | Path | None) -> str | None:
    return None if value is None else str(value)
