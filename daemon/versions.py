"""Say which versions run here: what a report of trouble needs, and what an update changed."""

from __future__ import annotations

import platform
import sqlite3
import ssl
from importlib.metadata import PackageNotFoundError, version

from daemon import __version__

_PACKAGES = ("paho-mqtt", "requests", "urllib3", "websockets", "homeassistant-api", "apprise")


def describe_versions() -> str:
    """Return keepcool's version and those of what it stands on; what is not installed says so."""
    own = [
        f"keepcool {__version__}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        " ".join(ssl.OPENSSL_VERSION.split()[:2]),
    ]
    return ", ".join([*own, *(f"{name} {_version(name)}" for name in _PACKAGES)])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
