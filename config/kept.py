"""Keep the settings that ran, with their secrets, and reduce them to what basic mode needs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from config.credentials import SECRETS
from config.model import PersonTable, ThresholdsTable
from config.settings import Settings, load_settings
from config.sources import BY_SUPERVISOR, PREFIX, SEPARATOR

KEPT_NAME: Final = "last_good.json"
MODE: Final = 0o600  # it holds secrets
_LIMITS: Final = (
    *("level_1_c", "level_2_c", "level_3_c", "night_level_1_c", "night_level_2_c", "offset_c"),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold the settings file's text, and secrets and variables as they were when it ran."""

    text: str = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)
    second_roads: Mapping[str, str] = field(repr=False)  # address by channel


def capture(settings: Settings, text: str, environ: Mapping[str, str]) -> Kept:
    """Take what is needed to load these very settings again without any other file.

    What the Supervisor provides is left out: its token is another one after each start.
    """
    variables = {
        name: value
        for name, value in environ.items()
        if name.startswith(PREFIX) and not name.endswith(tuple(_file_variables()))
    }
    for secret in SECRETS:
        value = getattr(settings, secret.file_name)  # `mqtt_password`, `home_assistant_token`
        if value is not None and settings.source.where(secret.path) != BY_SUPERVISOR:
            variables[_variable(secret.table, secret.key)] = value
    roads = {road.channel_id: road.url for road in settings.second_roads if road.url is not None}
    return Kept(text, variables, {name: url.get_secret_value() for name, url in roads.items()})


def write_kept(folder: Path, kept: Kept) -> None:
    """Write them in one step, for their owner alone; nothing is written that is there already.

    Raises: OSError.
    """
    if read_kept(folder) == kept:
        return
    new = folder / f"{KEPT_NAME}.new"
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(kept), file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / KEPT_NAME)


def read_kept(folder: Path) -> Kept | None:
    """Read what was kept; `None` when there is nothing that can be used."""
    try:
        found: Any = json.loads((folder / KEPT_NAME).read_text(encoding="utf-8"))
        kept = Kept(str(found["text"]), dict(found["variables"]), dict(found["second_roads"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return kept


def load_kept(kept: Kept, path: Path, environ: Mapping[str, str]) -> Settings:
    """Load kept settings; `path` is that of the settings file, where relative paths start.

    Raises: SettingsError, for example when a newer version refuses them.
    """
    others = {name: value for name, value in environ.items() if not name.startswith(PREFIX)}
    return load_settings(
        path,
        environ={**others, **kept.variables},
        credentials_directory=None,
        require_secrets=True,
        text=kept.text,
        second_roads=kept.second_roads,
    )


def basic(settings: Settings) -> Settings:
    """Return settings without anything that is switched, with limits that are never looser.

    Of the built-in limits and a person's own the lower ones count: a warning may come early.
    """
    return replace(
        settings,
        thresholds=ThresholdsTable(),
        official_warnings=(),
        people=tuple(_with_built_in_limits(person) for person in settings.people),
        rooms=tuple(room.model_copy(update={"cooling": ()}) for room in settings.rooms),
    )


def _with_built_in_limits(person: PersonTable) -> PersonTable:
    fields = PersonTable.model_fields
    limits = {name: min(getattr(person, name), fields[name].default) for name in _LIMITS}
    return person.model_copy(update={**limits, "brief_at": None})


def _variable(table: str, key: str) -> str:
    return f"{PREFIX}{table.upper()}{SEPARATOR}{key.upper()}"


def _file_variables() -> list[str]:
    return [_variable(secret.table, secret.file_key) for secret in SECRETS]
