"""Read the addresses of the second roads, each a secret in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import SecretStr

from config import credentials
from config.credentials import UnfitFileError
from config.errors import Problem
from config.lines import KeyPath
from config.model import CarerTable, Document, PersonTable, SecondRoadTable
from config.source import Loading

CURE = "write one address of apprise there, for example ntfys://ntfy.sh/a-name-that-nobody-guesses"


@dataclass(frozen=True, slots=True)
class SecondRoad:
    """Hold one second road; its address is never printed, its file is named instead."""

    channel_id: str
    owner_id: str
    owner_name: str
    where: str  # the file and line of the settings that name it
    file: Path | None = None
    url: SecretStr | None = None  # None: absent, which only `check` accepts


def channel_id(owner_id: str, number: int) -> str:
    """Return what the outbox calls a second road of a person or carer, counted from 1."""
    return f"{owner_id}:second_road:{number}"


def owners(document: Document) -> Iterator[tuple[KeyPath, PersonTable | CarerTable]]:
    """Yield everybody who may have a second road, with their place in the settings."""
    kinds: tuple[tuple[str, Sequence[PersonTable | CarerTable]], ...] = (
        ("person", document.people),
        ("carer", document.carers),
    )
    for key, tables in kinds:
        for number, table in enumerate(tables):
            yield (key, number), table


def read_second_roads(document: Document, loading: Loading) -> tuple[SecondRoad, ...]:
    """Read every address; what cannot be one is noted in `loading`.

    A named `url_file` counts; else the file `second_road_<id>` (`second_road_<id>_2` for the next)
    in systemd's credentials, then in the folder of secrets.
    """
    named = document.secrets_directory
    folder = credentials.resolve(named, loading.base) if named else credentials.USUAL_FOLDER
    return tuple(
        _read(loading, folder, (*path, "second_road", number - 1), owner, road, number)
        for path, owner in owners(document)
        for number, road in enumerate(owner.second_roads, start=1)
    )


def _read(
    loading: Loading,
    folder: Path,
    path: KeyPath,
    owner: PersonTable | CarerTable,
    table: SecondRoadTable,
    number: int,
) -> SecondRoad:
    where = loading.source.where((*path, "url_file"))
    name = f"second_road_{owner.id}" + ("" if number == 1 else f"_{number}")
    given = loading.credentials_directory
    is_private = table.url_file is None and given is not None and (given / name).is_file()
    if is_private and given is not None:
        file = given / name
    elif table.url_file is not None:
        file = credentials.resolve(table.url_file, loading.base)
    else:
        file = folder / name
    key = f"{path[0]}.second_road.url_file"
    road = SecondRoad(channel_id(owner.id, number), owner.id, owner.name, where, file)
    if (kept := loading.second_roads.get(road.channel_id)) is not None:
        return replace(road, url=SecretStr(kept))
    try:
        url = credentials.read_secret(file, is_private=is_private)
    except UnfitFileError as err:
        problem = Problem(where, key, str(err), fix=err.fix)
        (loading.absent if err.is_absent else loading.problems).append(problem)
        return road
    if (reason := credentials.weakness(url)) is not None:
        loading.problems.append(Problem(where, key, f"{file} {reason}", fix=CURE))
        return road
    return replace(road, url=SecretStr(credentials.strip_newline(url).strip()))
