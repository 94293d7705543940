"""Offer keepcool's commands. Exit codes: 0 done, 1 not done, 2 wrong settings or wrong use."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sys
import textwrap
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from config.errors import SettingsError
from daemon import __version__
from daemon.cli_addon import addon
from daemon.cli_init import init
from daemon.cli_replay import replay
from daemon.cli_report import report
from daemon.cli_room import room_model
from daemon.imports import hidden

if TYPE_CHECKING:
    from config.settings import Settings

DEFAULT_CONFIG = "/etc/keepcool/keepcool.toml"
DONE, NOT_DONE, WRONG_SETTINGS = 0, 1, 2

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, readable=False),  # ours says whose group to join
    envvar="KEEPCOOL_CONFIG",
    default=DEFAULT_CONFIG,
    show_default=True,
    help="The settings file.",
)


class _Commands(click.Group):
    """Say in one line when the output takes nothing; whoever closed it needs no word."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's
        """Run a command, and let what it printed arrive."""
        try:
            try:
                return super().main(*args, **kwargs)
            finally:
                print(end="", flush=True)  # noqa: T201 - unlike a flush, with the output closed, too
        except OSError as error:
            if _is_output_well():
                raise  # it was about something else
            if error.errno != errno.EPIPE:
                with suppress(OSError):
                    click.echo(f"keepcool: the output takes nothing: {error.strerror}", err=True)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # quiet at the exit
            sys.exit(NOT_DONE)


def _is_output_well() -> bool:
    try:
        os.write(sys.stdout.fileno(), b"\n")  # a flush that failed is forgotten
    except OSError:
        return False
    return True


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="keepcool")
def main() -> None:
    """Warn early about heat at home, and cool before it is too hot.

    keepcool is a well-being helper, not a medical device, and not for emergencies.

    Exit codes: 0 done, 1 not done (something does not answer), 2 wrong settings or wrong use.
    """


def _load_settings(config_path: Path, *, require_secrets: bool) -> Settings:
    from config.settings import load_settings  # noqa: PLC0415 - pydantic is slow to import

    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return load_settings(
        config_path,
        environ=os.environ,
        credentials_directory=Path(credentials) if credentials else None,
        require_secrets=require_secrets,
    )


def _load(config_path: Path, *, require_secrets: bool) -> Settings:
    try:
        return _load_settings(config_path, require_secrets=require_secrets)
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(WRONG_SETTINGS)


@main.command()
@config_option
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
)
@click.option("--stepped", hidden=True, help="File descriptors IN,OUT of a driver; for tests.")
@click.option("--start", "start_at", hidden=True, help="Where a stepped clock starts, ISO 8601.")
def run(config_path: Path, log_level: str, stepped: str | None, start_at: str | None) -> None:
    """Run the daemon until it is asked to stop."""
    # structlog's coloured tracebacks, and HTTP/2 of a client whose session is replaced: 5 MB.
    with hidden("rich", "jh2"):
        from daemon import bootstrap, logs  # noqa: PLC0415 - the other commands start faster

    logs.configure(log_level)
    try:
        if stepped is not None:
            settings = _load(config_path, require_secrets=True)
            reads, writes = (int(part) for part in stepped.split(","))
            bootstrap.run_stepped(settings, reads, writes, start_at or "2026-07-01T00:00:00+00:00")
        else:
            bootstrap.run(config_path)
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(WRONG_SETTINGS)
    except bootstrap.StartError as error:
        click.echo(f"keepcool: {error}", err=True)
        sys.exit(NOT_DONE)


@main.command(short_help="Check the settings, and with --online every road.")
@config_option
@click.option(
    "--online", is_flag=True, help="Also try broker, sensors, forecast and Home Assistant."
)
def check(config_path: Path, *, online: bool) -> None:
    """Check the settings, and with --online everything that they name.

    Exit codes: 0 all is well (warnings are allowed), 1 something online is red, 2 the settings
    are refused.
    """
    from daemon import bootstrap  # noqa: PLC0415 - see run
    from daemon.check import render_report  # noqa: PLC0415
    from daemon.versions import describe_versions  # noqa: PLC0415

    report = bootstrap.check(config_path, is_online=online)
    width = min(max(shutil.get_terminal_size().columns, 40), 100)
    click.echo(render_report(report, width=width))
    click.echo(textwrap.fill(describe_versions(), width, break_on_hyphens=False))
    sys.exit(report.exit_code)


@main.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print the raw status.")
@click.option("--watch", is_flag=True, help="Print it again every few seconds until Ctrl-C.")
def status(config_path: Path, *, as_json: bool, watch: bool) -> None:
    """Show what the running daemon sees, does and waits for."""
    from config.home import build_home  # noqa: PLC0415 - see run
    from config.settings import find_state_directory  # noqa: PLC0415
    from daemon.cli_status import show_status  # noqa: PLC0415

    try:
        settings = _load_settings(config_path, require_secrets=False)
    except SettingsError as error:  # the daemon may run all the same, in basic mode
        click.echo(str(error), err=True)
        folder = find_state_directory(config_path, os.environ)
        show_status(None, folder, as_json=as_json, is_watching=False)
        sys.exit(WRONG_SETTINGS)
    home_id = build_home(settings).home_id
    sys.exit(show_status(home_id, settings.state_directory, as_json=as_json, is_watching=watch))


@main.group()
def log() -> None:
    """Log something that happened."""


@log.command("drink")
@config_option
@click.argument("amount_ml", type=int)
@click.option("--person", help="Whose drink; needed when the settings name several people.")
def log_drink(config_path: Path, amount_ml: int, person: str | None) -> None:
    """Log a drink of AMOUNT_ML millilitres."""
    fields = {"kind": "drink", "amount_ml": amount_ml}
    _ask_daemon(config_path, "log", fields | ({"person": person} if person else {}), "not recorded")


@main.command("test-alert", short_help="Send a test message to somebody's phones.")
@config_option
@click.argument("person", metavar="PERSON|CARER")
@click.option("--second-road", is_flag=True, help="By the road beside Home Assistant.")
@click.option("--loud", is_flag=True, help="As loud as a critical message, ringer off or not.")
def test_alert(config_path: Path, person: str, *, second_road: bool, loud: bool) -> None:
    """Send a test message to the phones of a person or carer (their id in the settings)."""
    road = "second_road" if second_road else "phone"
    fields: dict[str, object] = {"person": person, "road": road, "is_loud": loud}
    _ask_daemon(config_path, "test_alert", fields, "no test alert was sent", 40.0)


def read_minutes(text: str) -> int:
    """Read a length of time: `90m`, `1h`, `1h30m`; a bare number is minutes.

    Raises: click.BadParameter.
    """
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)(?:m|min)?)?", text.strip().lower())
    if found is None or not any(found.groups()):
        raise click.BadParameter(f"{text!r}: give a time like 90m, 1h or 1h30m")
    hours, minutes = (int(part or 0) for part in found.groups())
    return 60 * hours + minutes


def _minutes(_context: click.Context, _option: click.Parameter, value: str) -> int:
    return read_minutes(value)


@main.command(short_help="Leave PERSON in peace for a while.")
@config_option
@click.argument("person")
@click.option("--for", "minutes", callback=_minutes, default="1h", show_default=True)
@click.option("--off", is_flag=True, help="End it.")
def snooze(config_path: Path, person: str, minutes: int, *, off: bool) -> None:
    """Leave PERSON in peace for a while, 12 h at most; what is critical still speaks."""
    fields = {"kind": "snooze", "person": person, "is_on": not off, "minutes": minutes}
    _ask_daemon(config_path, "mode", fields, "not snoozed" if not off else "not ended")


@main.command(short_help="Say that PERSON goes out, or is back.")
@config_option
@click.argument("person")
@click.option("--off", is_flag=True, help="Back again.")
def out(config_path: Path, person: str, *, off: bool) -> None:
    """Say that PERSON goes out: for 4 h, or until they are back, only what is urgent speaks."""
    fields = {"kind": "out", "person": person, "is_on": not off}
    _ask_daemon(config_path, "mode", fields, "not noted")


@main.command(short_help="Say that nobody is home for days.")
@config_option
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.option("--until", metavar="DATE", help="The day of coming back, like 2026-08-14.")
def holiday(config_path: Path, switch: str, until: str | None) -> None:
    """Say that nobody is home for days: no reminders, no heat warnings, no cooling."""
    fields: dict[str, object] = {"kind": "holiday", "is_on": switch == "on"}
    _ask_daemon(config_path, "mode", fields | ({"until": until} if until else {}), "not switched")


def _ask_daemon(
    config_path: Path,
    command: str,
    fields: dict[str, object],
    failure: str,
    timeout_s: float = 10.0,
) -> None:
    from daemon import bootstrap  # noqa: PLC0415 - see run
    from daemon.asking import NoAnswerError  # noqa: PLC0415

    settings = _load(config_path, require_secrets=False)
    try:
        is_done, text = bootstrap.ask_daemon(settings, command, fields, timeout_s)
    except NoAnswerError as error:
        is_done, text = False, str(error)
    click.echo(text if is_done else f"{failure}: {text}", err=not is_done)
    sys.exit(DONE if is_done else NOT_DONE)


@main.command(short_help="Show one hot day in a simulated home.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-output"),
    show_default=True,
    help="Where the page with the day's picture goes.",
)
@click.option(
    "--pace",
    type=click.Choice(["fast", "normal"]),
    help="normal lets you read along, fast does not wait.  [default: normal on a terminal]",
)
def demo(output: Path, pace: str | None) -> None:
    """Show one hot day in a simulated home; needs no settings and touches nothing of yours."""
    try:
        from daemon.demo.show import run_demo  # noqa: PLC0415 - see run
    except ModuleNotFoundError as error:
        click.echo(f"the demo needs {error.name}: pip install 'keepcool[demo]'", err=True)
        sys.exit(NOT_DONE)
    sys.exit(run_demo(output, pace or ("normal" if sys.stdout.isatty() else "fast")))


@main.command(short_help="Print a dashboard for Home Assistant.")
@config_option
def dashboard(config_path: Path) -> None:
    """Print a dashboard for Home Assistant, made for this household: YAML with built-in cards."""
    from daemon import bootstrap  # noqa: PLC0415 - see run

    click.echo(bootstrap.render_dashboard(_load(config_path, require_secrets=False)))


@main.command()
def decode() -> None:
    """Say what keepcool reads from MQTT messages.

    In: JSON lines {"topic", "payload"}; out: JSON lines.
    """
    from daemon import bootstrap  # noqa: PLC0415 - see run

    for line in sys.stdin:
        if line.strip():
            click.echo(bootstrap.decode(line))


@main.command()
def schema() -> None:
    """Print a JSON schema of the settings file, for editors."""
    from config.schema import build_schema  # noqa: PLC0415 - see run

    click.echo(json.dumps(build_schema(), indent=2, ensure_ascii=False))


main.add_command(addon)
main.add_command(init)
main.add_command(replay)
main.add_command(report)
main.add_command(room_model)


if __name__ == "__main__":
    main()
