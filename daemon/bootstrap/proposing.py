"""Propose and examine settings where Home Assistant runs keepcool as an add-on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from config.emergency import country_code, emergency_number
from config.errors import SettingsError
from config.fields import check_emergency_number
from config.settings import Settings, load_settings
from config.source import EXAMPLE
from config.sources import PROVIDED
from daemon.bootstrap.checking import check
from daemon.bootstrap.initialising import RealRoads
from daemon.bootstrap.showing import render_dashboard
from daemon.check import render_report
from daemon.init import files
from daemon.init.addon import (
    AddonProposal,
    NothingToProposeError,
    Wishes,
    describe,
    propose_settings,
)
from daemon.init.connect import Connected
from daemon.init.files import Places
from daemon.init.plan import BrokerPlan, HomeAssistantPlan
from daemon.init.write import SecretFiles, render
from daemon.rescue import restore_copy
from integrations.errors import IntegrationError

log = structlog.get_logger()
LISTEN_S = 20.0
DASHBOARD_NAME = "dashboard.yaml"


def write_proposal(config: Path, wishes: Wishes, shown: str, listen_s: float = LISTEN_S) -> str:
    """Look at what is there, write settings, and return what to say of them in Markdown.

    Args:
        config: the file to write; it is never overwritten.
        wishes: the add-on's options.
        shown: how people call the file.
        listen_s: how long to listen to the sensors.

    Raises: NothingToProposeError, IntegrationError, FileThereError, OSError.
    """
    provided: Mapping[str, Any] = json.loads(os.environ.get(PROVIDED, "{}"))
    found = _look(provided, listen_s)
    proposal = propose_settings(found, _checked(wishes), _knows_number)
    text = _rendered(proposal, config)
    files.write(Places(config), text, {})
    return describe(proposal, shown)


def examine(config: Path, data: Path) -> tuple[str, int]:
    """Check the settings; return the report and the exit code of `keepcool check`.

    Whatever they are like, a database that a backup of Home Assistant brought is put in its place,
    and the example with every setting beside them; of right ones a dashboard is made.
    """
    with suppress(OSError):  # a full disk must not hold up the daemon
        (config.parent / EXAMPLE.name).write_bytes(EXAMPLE.read_bytes())
        if restore_copy(data):
            log.info("store.restored")
    examined = check(config, is_online=False)
    if not examined.is_refused:
        with suppress(OSError, SettingsError):
            text = render_dashboard(_load(config))
            (config.parent / DASHBOARD_NAME).write_text(f"{text}\n", encoding="utf-8")
    return render_report(examined), examined.exit_code


def _load(config: Path, text: str | None = None) -> Settings:
    """Load settings with what the Supervisor provides. Raises: SettingsError."""
    return load_settings(
        config,
        environ=os.environ,
        credentials_directory=None,
        require_secrets=True,
        text=text,
    )


def _look(provided: Mapping[str, Any], listen_s: float) -> Connected:
    """Ask Home Assistant, and hear the broker where there is one. Raises: IntegrationError."""
    roads, broker = RealRoads(), None
    server = provided["home_assistant"]
    household = roads.fetch_household(HomeAssistantPlan(server["url"], server["token"]))
    if "mqtt" in provided:
        plan, broker = BrokerPlan(**provided["mqtt"]), roads.new_broker()
        try:
            roads.read_retained(plan, broker)
            roads.listen(plan, broker, listen_s, lambda *_: None)
        except IntegrationError as error:  # what Home Assistant knows is enough to begin with
            log.warning("broker.not_heard", error=str(error))
            broker = None
    return Connected(broker=broker, household=household)


def _knows_number(country: str) -> bool:
    code = country_code(country)
    return code is not None and emergency_number(code) is not None


def _checked(wishes: Wishes) -> Wishes:
    """Return the options as the settings take them. Raises: NothingToProposeError."""
    if wishes.emergency_number:
        try:
            check_emergency_number(wishes.emergency_number)
        except ValueError:
            raise NothingToProposeError(
                "The emergency number in the add-on's Configuration tab is none: enter digits."
            ) from None
    return wishes


def _rendered(proposal: AddonProposal, config: Path) -> str:
    """Return the settings' text. Raises: NothingToProposeError when they would be refused."""
    text = render(proposal.plan, SecretFiles("secrets"))
    try:
        _load(config, text)
    except SettingsError as error:
        raise NothingToProposeError(
            f"What it would propose is refused by its own check:\n\n```\n{error}\n```\n\n"
            "Change it in Home Assistant, or write the file yourself as example.toml shows."
        ) from None
    return text
