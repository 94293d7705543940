"""Start keepcool as an add-on of Home Assistant; hidden, because nobody types this."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

import click

from daemon.imports import hidden

DONE, NOT_DONE = 0, 1
LOG_LEVELS = ("debug", "info", "warning", "error")
QUICK = "ADDON_QUICK"  # tests do not wait
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("addon", hidden=True)
@click.argument("job", type=click.Choice(["run", "propose", "examine", "backup"]), default="run")
@click.option("--config", type=_FOLDER, default=Path("/config"), envvar="ADDON_CONFIG")
@click.option("--data", type=_FOLDER, default=Path("/data"), envvar="ADDON_DATA")
@click.option("--supervisor", envvar="ADDON_SUPERVISOR", help="Where the Supervisor answers.")
def addon(job: str, config: Path, data: Path, supervisor: str | None) -> None:
    """Run as an add-on of Home Assistant OS; the options are for tests.

    propose: write settings made of what Home Assistant knows. examine: check them, and lay beside
    them what belongs there. backup: copy the database for Home Assistant's backup.
    """
    if job == "run":
        sys.exit(_run(config, data, supervisor))
    if job == "propose":
        sys.exit(_propose(config, data))
    if job == "examine":
        sys.exit(_examine(config, data))
    from daemon.rescue import copy_whole  # noqa: PLC0415 - slow to import

    copy_whole(data)


def _run(config: Path, data: Path, supervisor: str | None) -> int:
    """Be to the daemon what systemd is elsewhere."""
    with hidden("rich"):
        from daemon import logs  # noqa: PLC0415 - slow to import
        from daemon.addon import QUICK_PACE, Pace, Places, run_addon  # noqa: PLC0415
        from daemon.addon_host import SUPERVISOR_URL, Host  # noqa: PLC0415

    token = os.environ.pop("SUPERVISOR_TOKEN", "")
    if not token:
        click.echo("This runs as an add-on of Home Assistant only: no SUPERVISOR_TOKEN.", err=True)
        return NOT_DONE
    level = _options(data).get("log_level", "")
    log_level = level if level in LOG_LEVELS else "info"
    logs.configure(log_level)
    # Its children find the same folders.
    os.environ |= {"ADDON_CONFIG": str(config), "ADDON_DATA": str(data)}
    host = Host(token, supervisor or SUPERVISOR_URL)
    runtime = os.environ.get("ADDON_RUNTIME")
    places = Places(config, data, Path(runtime)) if runtime else Places(config, data)
    pace = QUICK_PACE if os.environ.get(QUICK) else Pace()
    return run_addon(host, places, log_level, pace)


def _propose(config: Path, data: Path) -> int:
    """Write settings and say what to look at; or say what is missing."""
    from daemon import logs  # noqa: PLC0415
    from daemon.addon import CONFIG_NAME, NOTHING_TO_PROPOSE  # noqa: PLC0415
    from daemon.bootstrap.proposing import LISTEN_S, write_proposal  # noqa: PLC0415
    from daemon.init.addon import NothingToProposeError, Wishes  # noqa: PLC0415
    from daemon.init.files import FileThereError  # noqa: PLC0415
    from integrations.errors import IntegrationError  # noqa: PLC0415

    logs.configure()
    given = _options(data)
    wishes = Wishes(given.get("person", ""), given.get("emergency_number", ""))
    path, shown = config / CONFIG_NAME, f"addon_configs/..._keepcool/{CONFIG_NAME}"
    try:
        listen_s = 1.0 if os.environ.get(QUICK) else LISTEN_S
        click.echo(write_proposal(path, wishes, shown, listen_s))
    except NothingToProposeError as error:
        click.echo(str(error))
        return NOTHING_TO_PROPOSE
    except (IntegrationError, FileThereError, OSError) as error:
        click.echo(str(error), err=True)
        return NOT_DONE
    return DONE


def _examine(config: Path, data: Path) -> int:
    """Check the settings and print what is wrong; return the exit code of `keepcool check`."""
    from daemon.addon import CONFIG_NAME  # noqa: PLC0415
    from daemon.bootstrap.proposing import examine  # noqa: PLC0415

    report, exit_code = examine(config / CONFIG_NAME, data)
    click.echo(report)
    return exit_code


def _options(data: Path) -> dict[str, str]:
    """Return the texts of the add-on's options; what cannot be read is left out."""
    with suppress(OSError, ValueError):
        found = json.loads((data / "options.json").read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return {key: value.strip() for key, value in found.items() if isinstance(value, str)}
    return {}
