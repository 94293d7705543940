"""Provide the home of the e2e tests; README.md in this folder says how to use it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.home import Home

VENV = os.environ.get("KEEPCOOL_HA_VENV", "")  # each test hides the variable from itself
# The first test waits for a boot, and some restart Home Assistant on a machine that may be busy.
TIMEOUT_S = 600


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the real home, so that the fast suite leaves it out."""
    for item in items:
        if "home" in getattr(item, "fixturenames", ()):
            item.add_marker("e2e")
        if item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))


@pytest.fixture(scope="session")
def running_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Return the home of the whole run; without Home Assistant the run fails, never skips."""
    assert VENV, "no Home Assistant: run `make e2e`, or set KEEPCOOL_HA_VENV"
    with Home(Path(VENV), tmp_path_factory.mktemp("home")) as home:
        yield home


@pytest.fixture
def home(running_home: Home) -> Home:
    """Return the home as it stands before each test."""
    running_home.clean()
    return running_home
