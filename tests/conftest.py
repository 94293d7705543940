"""Provide what many tests share: recorded data where present, and real brokers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
import pytest

from tests.broker import Mosquitto
from tests.canary_watch import register
from tests.opened import close_everything

REPOSITORY = Path(__file__).resolve().parent.parent

# The same examples for everyone, and no deadline, because a loaded machine is not a wrong program.
# HYPOTHESIS_PROFILE=explore looks further, with other examples each time.
_PATIENT = hypothesis.settings(
    deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("keepcool", _PATIENT, derandomize=True)
hypothesis.settings.register_profile("explore", _PATIENT, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "keepcool"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer what .ci/run needs to show that the suite passes without the recorded data."""
    parser.addoption(
        "--recordings-only",
        action="store_true",
        help="run only the tests that use the recorded data",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what does not use the recorded data, where that is asked for."""
    if not config.getoption("--recordings-only"):
        return
    using = [item for item in items if "shared_data" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in using])
    items[:] = using


def pytest_configure(config: pytest.Config) -> None:
    """Have everything that the tests put out looked through for the secrets that they plant."""
    register(config)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings and the service manager of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("KEEPCOOL_") and name != "KEEPCOOL_SHARED_DATA":
            monkeypatch.delenv(name)
    managed = ("CREDENTIALS", "STATE", "RUNTIME")
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", *(f"{word}_DIRECTORY" for word in managed)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _closed_stores() -> Iterator[None]:
    """Close the stores that a test opened."""
    yield
    close_everything()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of recorded data beside the repository, or skip the test.

    `KEEPCOOL_SHARED_DATA` names another folder; one that does not exist hides the data.
    """
    default = REPOSITORY.parent / "shared" / "data"
    folder = Path(os.environ.get("KEEPCOOL_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip("the recorded data are not here (../shared/data or KEEPCOOL_SHARED_DATA)")
    return folder


@pytest.fixture
def memory_folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in memory where the machine has one: weeks of commits need no real disk."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder in it is made by tempfile
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(prefix="keepcool-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def start_mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Mosquitto]]:
    """Return a function that starts a broker with extra configuration lines."""
    with ExitStack() as stack:

        def start(extra_config: str = "", *, allow_anonymous: bool = True) -> Mosquitto:
            folder = tmp_path_factory.mktemp("mosquitto")
            broker = Mosquitto(folder, extra_config, allow_anonymous=allow_anonymous)
            return stack.enter_context(broker)

        yield start


@pytest.fixture
def mosquitto(start_mosquitto: Callable[..., Mosquitto]) -> Mosquitto:
    """Return a running broker of the test's own, which it may stop, kill or freeze."""
    return start_mosquitto()


@pytest.fixture(scope="session")
def session_mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """Return a broker shared by tests that leave it running and use topics of their own."""
    with Mosquitto(tmp_path_factory.mktemp("mosquitto")) as broker:
        yield broker
