"""The house keeps its dependency direction and its sizes, and the checkers can tell."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest

from tests import architecture
from tests.architecture import PACKAGES, Module

REPOSITORY = Path(__file__).resolve().parent.parent


def read_modules(*folders: str) -> list[Module]:
    """Return every Python file under these folders of the repository."""
    return [
        Module(path.relative_to(REPOSITORY).as_posix(), path.read_text())
        for folder in folders
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
    ]


PRODUCT = read_modules(*PACKAGES)
TESTS = read_modules("tests")
ADAPTERS = {
    module.name.split(".")[1] for module in PRODUCT if module.name.startswith("integrations.")
}


def complaints(check: Callable[[Module], list[str]], modules: list[Module]) -> str:
    """Return all complaints of a checker, one a line; empty when there are none."""
    assert modules, "nothing was checked"
    return "\n".join(complaint for module in modules for complaint in check(module))


def foreign_owners(owners: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return which of the four names belong to a distribution other than keepcool."""
    return {name: others for name in PACKAGES if (others := owners.get(name, set()) - {"keepcool"})}


def installed_owners(path: list[str] | None = None) -> dict[str, set[str]]:
    """Return for each top-level import name the installed distributions that claim it."""
    if path is None:
        return {name: set(owners) for name, owners in packages_distributions().items()}
    owners: dict[str, set[str]] = {}
    for distribution in distributions(path=path):
        for file in distribution.files or ():
            owners.setdefault(file.parts[0], set()).add(distribution.metadata["Name"])
    return owners


def test_dependency_direction_holds() -> None:
    """Policies know nothing outside, adapters know policies, only bootstrap knows adapters."""
    assert not complaints(lambda module: architecture.check_imports(module, ADAPTERS), PRODUCT)


def test_policies_touch_nothing() -> None:
    """No policy reads a clock, a file or the keyboard, or prints."""
    assert not complaints(architecture.check_purity, read_modules("policies"))


def test_functions_are_short() -> None:
    """Every function can be read at once, in the tests as well."""
    assert not complaints(architecture.check_function_lengths, PRODUCT + TESTS)


def test_files_are_short() -> None:
    """Every file of the product can be read in one sitting."""
    assert not complaints(architecture.check_file_length, PRODUCT)


def test_tests_assert_something() -> None:
    """Every test function can fail by an assertion."""
    assert not complaints(architecture.check_tests_assert, TESTS)


def test_systemd_folder_holds_no_python() -> None:
    """The folder `systemd` stays out of the way of the import name `systemd`."""
    assert not list((REPOSITORY / "systemd").rglob("*.py"))


def test_package_names_are_ours_alone() -> None:
    """No other installed distribution claims one of the four top-level names."""
    assert foreign_owners(installed_owners()) == {}


def test_package_names_resolve_to_this_checkout() -> None:
    """Importing the four packages gives this checkout's, not somebody else's."""
    folders = [Path(str(__import__(name).__file__)).parent for name in PACKAGES]
    assert folders == [REPOSITORY / name for name in PACKAGES]


def test_foreign_owner_is_noticed(tmp_path: Path) -> None:
    """A distribution that installs a top-level `daemon` is found and named."""
    info = tmp_path / "python_daemon-3.0.dist-info"
    for folder in (info, tmp_path / "daemon"):
        folder.mkdir()
    (tmp_path / "daemon" / "__init__.py").touch()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: python-daemon\nVersion: 3.0\n")
    (info / "RECORD").write_text("daemon/__init__.py,,\n")
    found = installed_owners([str(tmp_path)])
    assert foreign_owners(found) == {"daemon": {"python-daemon"}}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("policies/a.py", "import requests"),
        ("policies/a.py", "from pydantic import BaseModel"),
        ("policies/a.py", "import time"),
        ("policies/a.py", "from time import monotonic"),
        ("policies/a.py", "import random"),
        ("policies/a.py", "import logging"),
        ("policies/a.py", "import socket"),
        ("policies/a.py", "import sqlite3"),
        ("policies/a.py", "import threading"),
        ("policies/a.py", "import os.path"),
        ("policies/a.py", "from daemon import events"),
        ("policies/a.py", "from integrations.errors import PayloadError"),
        ("policies/a.py", "from config.settings import Settings"),
        ("policies/a.py", "def f() -> None:\n    import sqlite3"),
        ("policies/a.py", "from ..daemon import store"),
        ("integrations/mqtt.py", "from daemon.events import Event"),
        ("integrations/mqtt.py", "import config"),
        ("integrations/mqtt.py", "from integrations import open_meteo"),
        ("integrations/mqtt.py", "from . import open_meteo"),
        ("integrations/mqtt.py", "from .open_meteo import fetch"),
        ("integrations/mqtt.py", "import importlib\nimportlib.import_module('daemon.store')"),
        ("integrations/ha_events.py", "from integrations.home_assistant import Client"),
        ("integrations/messages.py", "from integrations.mqtt import MqttClient"),
        ("daemon/loop.py", "from integrations.mqtt import MqttClient"),
        ("daemon/loop.py", "import integrations.open_meteo"),
        ("daemon/cli.py", "from integrations import mqtt_payloads"),
        ("daemon/loop.py", "from config.settings import Settings"),
        ("daemon/climate.py", "import config"),
        ("daemon/loop.py", "from tests.fakes import FakeClock"),
        ("config/settings.py", "from daemon.ports import Clock"),
        ("config/settings.py", "from integrations.mqtt import MqttClient"),
    ],
)
def test_forbidden_import_is_noticed(path: str, line: str) -> None:
    """An import against the direction is reported with file and name."""
    adapters = {"mqtt", "mqtt_payloads", "open_meteo", "home_assistant", "ha_events", "errors"}
    found = architecture.check_imports(Module(path, line), adapters)
    assert len(found) == 1
    assert found[0].startswith(f"{path}:")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("policies/a.py", "from __future__ import annotations"),
        ("policies/a.py", "import math\nfrom datetime import datetime, time\nimport zoneinfo"),
        ("policies/a.py", "from policies.model import Snapshot\nfrom . import model"),
        ("integrations/mqtt.py", "import paho.mqtt.client\nimport threading, time"),
        ("integrations/mqtt.py", "from policies.model import SensorReading"),
        ("integrations/mqtt.py", "from integrations.errors import TransientError"),
        ("integrations/mqtt.py", "from integrations.messages import MessageReceived"),
        ("integrations/mqtt.py", "from integrations.mqtt_payloads import parse"),
        ("integrations/mqtt_shelly.py", "from integrations import mqtt_payloads"),
        ("daemon/loop.py", "from integrations.errors import TransientError"),
        ("daemon/loop.py", "from policies.arbitrate import decide"),
        ("daemon/bootstrap/roads.py", "import config.settings\nfrom integrations import mqtt"),
        ("daemon/cli.py", "from config.settings import load_settings"),
        ("daemon/cli_check.py", "from config.settings import load_settings"),
        ("config/settings.py", "import pydantic\nfrom policies.model import Person"),
    ],
)
def test_allowed_import_passes(path: str, line: str) -> None:
    """An import along the direction is not reported."""
    adapters = {"mqtt", "mqtt_payloads", "mqtt_shelly", "open_meteo", "errors"}
    assert architecture.check_imports(Module(path, line), adapters) == []


@pytest.mark.parametrize(
    "line",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "open('x')",
        "print(1)",
        "__import__('os')",
    ],
)
def test_impure_call_is_noticed(line: str) -> None:
    """A clock reading, a file or a print in a policy is reported."""
    assert len(architecture.check_purity(Module("policies/a.py", line))) == 1


def function_of(lines: int, docstring: str = "") -> str:
    """Return the source of a function with this many lines besides its docstring."""
    return "\n".join(
        ["def f() -> None:", *([docstring] if docstring else []), *["    x"] * (lines - 1)]
    )


@pytest.mark.parametrize(
    ("source", "is_too_long"),
    [
        (function_of(60), False),
        (function_of(61), True),
        (function_of(60, '    """One.\n\n    Two.\n    """'), False),
        (function_of(61, '    """One."""'), True),
        ("class A:\n    async " + function_of(61).replace("\n", "\n    "), True),
    ],
)
def test_long_function_is_noticed(source: str, *, is_too_long: bool) -> None:
    """A function above the limit is reported, and its docstring does not count."""
    assert bool(architecture.check_function_lengths(Module("daemon/a.py", source))) is is_too_long


@pytest.mark.parametrize(("lines", "is_too_long"), [(450, False), (451, True)])
def test_long_file_is_noticed(lines: int, *, is_too_long: bool) -> None:
    """A file above the limit is reported."""
    module = Module("daemon/a.py", "x = 1\n" * lines)
    assert bool(architecture.check_file_length(module)) is is_too_long


@pytest.mark.parametrize(
    ("body", "is_empty"),
    [
        ("pass", True),
        ("assert True", True),
        ("run()", True),
        ("assert run()", False),
        ("with pytest.raises(ValueError): run()", False),
        ("wait_until(run)", False),
        ("assert_same(run(), 1)", False),
    ],
)
def test_toothless_test_is_noticed(body: str, *, is_empty: bool) -> None:
    """A test function without an assertion is reported."""
    module = Module("tests/test_a.py", f"def test_a():\n    {body}\n")
    assert bool(architecture.check_tests_assert(module)) is is_empty
