"""Read environment variables as settings: `KEEPCOOL_MQTT__HOST` is `host` of `[mqtt]`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic_settings import BaseSettings, EnvSettingsSource

from config.errors import Problem, nearest_name, printable
from config.lines import KeyPath
from config.source import Loading
from config.table import keys_of, table_in

PREFIX = "KEEPCOOL_"
SEPARATOR = "__"
# Variables of the command line and of the test suite, which are no settings.
RESERVED = frozenset({"KEEPCOOL_CONFIG", "KEEPCOOL_SHARED_DATA"})
_LISTS = ("person", "room")


class EnvironmentSource(EnvSettingsSource):
    """Give the variables that are settings, and refuse those of our prefix that are none."""

    def __init__(self, settings_cls: type[BaseSettings], loading: Loading) -> None:
        super().__init__(settings_cls)
        known = known_variables(settings_cls)
        names = [name for name in sorted(loading.environ) if name.startswith(PREFIX)]
        given = [name for name in names if name in known]
        # Instead of the process's own; only in capitals, as the library itself takes any case.
        self.env_vars = {name.lower(): loading.environ[name] for name in given}
        loading.source.elsewhere.update({known[name]: f"${name}" for name in given})
        loading.problems += [
            _unknown_variable(name, known)
            for name in names
            if name not in known and name not in RESERVED
        ]


def known_variables(settings_cls: type[BaseSettings]) -> dict[str, KeyPath]:
    """Return every environment variable that is a setting, with the key that it sets."""
    known: dict[str, KeyPath] = {}
    for key, info in keys_of(settings_cls).items():
        table = table_in(info.annotation)
        if table is None:
            known[PREFIX + key.upper()] = (key,)
        elif key not in _LISTS:
            for inner in keys_of(table):
                known[f"{PREFIX}{key.upper()}{SEPARATOR}{inner.upper()}"] = (key, inner)
    return known


def _unknown_variable(name: str, known: Mapping[str, KeyPath]) -> Problem:
    """Describe a variable that sets nothing; its value may be a mistyped secret."""
    head = name.removeprefix(PREFIX).partition(SEPARATOR)[0].lower()
    if head in _LISTS:
        fix = f"[[{head}]] can only be written in the settings file"
        return Problem(f"${printable(name)}", "", "people and rooms come from the file", fix=fix)
    tails = {tail.removeprefix(PREFIX): tail for tail in known}
    nearest = tails.get(nearest_name(name.removeprefix(PREFIX), tails) or "")
    return Problem(
        where=f"${printable(name)}",
        key="",
        what="unknown environment variable",
        nearest=f"variable {nearest}" if nearest else None,
        fix=None if nearest else "unset it",
    )
