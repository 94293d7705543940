"""What is installed beside keepcool is what keepcool believes to run on."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import requests.adapters
import urllib3

REPOSITORY = Path(__file__).resolve().parent.parent
LOCKS = sorted(REPOSITORY.glob("requirements*.lock"))
PIN = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>\S+)", re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    """Return the version that a lock file names for each distribution."""
    return {match["name"]: match["version"] for match in PIN.finditer(lock.read_text())}


def test_urllib3_is_genuine() -> None:
    """Requests talks through urllib3 itself, not through the fork that can replace it on disk."""
    assert urllib3.__version__ == version("urllib3")  # type: ignore[attr-defined]
    assert requests.adapters.PoolManager.__module__ == "urllib3.poolmanager"
    assert urllib3.__file__ is not None
    packages = Path(urllib3.__file__).parent.parent
    assert not [path.name for path in packages.glob("*.pth") if "urllib3" in path.name]


def test_daemon_needs_no_array_library() -> None:
    """Nothing that the daemon requires lacks wheels for a Raspberry Pi."""
    heavy = {"numpy", "scipy", "pandas", "matplotlib", "pillow"}
    assert not heavy & pins(REPOSITORY / "requirements.lock").keys()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_names_no_index(lock: Path) -> None:
    """A lock file carries a hash for every distribution and no address to download it from."""
    text = lock.read_text()
    assert "://" not in text
    assert "--index" not in text
    assert pins(lock)
    blocks = [block for block in re.split(r"\n(?=[a-z0-9])", text) if PIN.match(block)]
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_agree(lock: Path) -> None:
    """Every lock file names the same versions as the one for development."""
    everything = pins(REPOSITORY / "requirements-dev.lock")
    assert pins(lock).items() <= everything.items()


def test_environment_is_a_virtual_one() -> None:
    """The suite runs in an environment of its own, where its package names meet nobody else."""
    assert sys.prefix != sys.base_prefix
