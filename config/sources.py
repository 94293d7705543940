"""Give pydantic-settings the environment, the settings file, and secrets from where they lie.

The first of these counts: the environment (`KEEPCOOL_MQTT__HOST` is `host` of `[mqtt]`), for
secrets systemd's `$CREDENTIALS_DIRECTORY`, the settings file (`password` or `password_file`), for
secrets the folder named by `secrets_directory`. Their files are called `mqtt_password` and
`home_assistant_token`; that of the heartbeat's address is `heartbeat_url`. As an add-on of Home
Assistant, the roads that its Supervisor gives stand in for those that the file does not name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from config import credentials
from config.credentials import SECRETS, Secret
from config.errors import Problem, nearest_name, printable
from config.lines import KeyPath
from config.source import Loading
from config.table import keys_of, table_in

PREFIX = "KEEPCOOL_"
SEPARATOR = "__"
# Variables of the command line and of the test suite, which are no settings.
RESERVED = frozenset({"KEEPCOOL_CONFIG", "KEEPCOOL_SHARED_DATA"})
PROVIDED = "ADDON_PROVIDES"
BY_SUPERVISOR = "Home Assistant's Supervisor"
_ADDRESSES = {"home_assistant": "url", "mqtt": "host"}
_LISTS = ("person", "carer", "room", "official_warning")

# The library's debug messages would show every value, secrets too.
logging.getLogger("pydantic_settings").setLevel(logging.INFO)


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


class _LoadingSource(PydanticBaseSettingsSource):
    """Give whole tables, and note what is wrong with them."""

    def __init__(self, settings_cls: type[BaseSettings], loading: Loading) -> None:
        super().__init__(settings_cls)
        self.loading = loading

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Give nothing for a single field."""
        return None, field_name, False

    def _read(self, secret: Secret, file: Path, where: str, *, is_private: bool = False) -> Any:  # noqa: ANN401 - as above
        """Return a secret's table, read from its own file; `None` in it is no usable secret."""
        try:
            content = credentials.read_secret(file, is_private=is_private)
        except credentials.UnfitFileError as err:
            problem = Problem(where, secret.dotted, str(err), fix=err.fix)
            (self.loading.absent if err.is_absent else self.loading.problems).append(problem)
            return {secret.key: None}
        self.loading.source.elsewhere[secret.path] = str(file)
        return {secret.key: content}


class CredentialsSource(_LoadingSource):
    """Give the secrets that systemd hands over, where the environment names none."""

    def __call__(self) -> dict[str, Any]:
        """Return the secrets by their tables."""
        found = {}
        for secret in SECRETS:
            file = credentials.file_in(self.loading.credentials_directory, secret)
            is_given = secret.key in secret.table_in(self.current_state)
            is_needed = secret.is_needed(self.current_state, self.loading.document)
            if file and is_needed and not (is_given or credentials.is_stand_in(file)):
                found[secret.table] = self._read(secret, file, str(file), is_private=True)
        return found


class FileSource(_LoadingSource):
    """Give the settings file, without the secrets that a stronger source has given."""

    def __call__(self) -> dict[str, Any]:
        """Return the file's tables."""
        document = dict(self.loading.document)
        for key, given in self.current_state.items():
            if isinstance(given, dict) and not isinstance(document.get(key, {}), dict):
                self.loading.note((key,), "is not a table", f"write [{key}], its keys below")
        file = self.loading.source.file_name
        for secret in SECRETS:
            table, stronger = secret.table_in(document), secret.table_in(self.current_state)
            if secret.key not in table or secret.key in stronger:
                continue
            if secret.file_key in stronger:
                document[secret.table] = {key: table[key] for key in table if key != secret.key}
            elif complaint := credentials.openness_of(Path(file)):
                fix = f"{credentials.closing(file)}, or use {secret.file_key}"
                self.loading.note(secret.path, f"stands in a file that {complaint}", fix)
        return document


class ProvidedSource(_LoadingSource):
    """Give the roads that Home Assistant's Supervisor provides, where the file names no other.

    They are JSON in one variable of the environment, put there by `keepcool addon`:
    `{"home_assistant": {"url", "token"}, "mqtt": {"host", "port", "username", "password", "tls"}}`.
    """

    def __call__(self) -> dict[str, Any]:
        """Return the tables that are provided, without those whose address the file names."""
        text = self.loading.environ.get(PROVIDED, "{}")
        found = {}
        for name, table in json.loads(text).items():
            given = self.current_state.get(name, {})
            if isinstance(given, dict) and _ADDRESSES[name] not in given:
                found[name] = {key: value for key, value in table.items() if key not in given}
                places = {(name, key): BY_SUPERVISOR for key in found[name]}
                self.loading.source.elsewhere.update(places)
        return found


class SecretsSource(_LoadingSource):
    """Give the secrets that are still absent: from their `*_file`, or the folder of secrets."""

    def __call__(self) -> dict[str, Any]:
        """Return the secrets by their tables."""
        self.loading.merged = given = self.current_state
        base, where = self.loading.base, self.loading.source.where
        named = given.get("secrets_directory")
        folder = credentials.resolve(named, base) if isinstance(named, str) and named else None
        found = {}
        for secret in SECRETS:
            table, file = secret.table_in(given), credentials.file_in(folder, secret)
            own_file, place = table.get(secret.file_key), (secret.table, secret.file_key)
            if secret.key in table and own_file is not None:
                self._refuse_twins(secret, place)
            if secret.key in table or not secret.is_needed(given):
                continue
            if isinstance(own_file, str):
                file = credentials.resolve(own_file, base)
                found[secret.table] = self._read(secret, file, where(place))
            elif own_file is None and file is not None:
                found[secret.table] = self._read(secret, file, str(file))
            elif own_file is None:
                target = (folder or credentials.USUAL_FOLDER) / secret.file_name
                fix = f"put it into {target}, or name {secret.file_key}"
                problem = Problem(where((secret.table,)), secret.dotted, "is not given", fix=fix)
                self.loading.absent.append(problem)
        return found

    def _refuse_twins(self, secret: Secret, place: KeyPath) -> None:
        """Note a secret that stands beside its `*_file` in the same source."""
        origins = [self.loading.source.elsewhere.get(path, "") for path in (secret.path, place)]
        if origins[0][:1] == origins[1][:1]:
            fix = f"keep {secret.file_key} and take {secret.key} out"
            self.loading.note(secret.path, f"stands beside {secret.file_key}", fix)


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
        what = "people, carers, rooms and warnings come from the file"
        return Problem(f"${printable(name)}", "", what, fix=fix)
    tails = {tail.removeprefix(PREFIX): tail for tail in known}
    nearest = tails.get(nearest_name(name.removeprefix(PREFIX), tails) or "")
    return Problem(
        where=f"${printable(name)}",
        key="",
        what="unknown environment variable",
        nearest=f"variable {nearest}" if nearest else None,
        fix=None if nearest else "unset it",
    )
