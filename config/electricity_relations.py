"""Check what the home's limit of power and its devices say together, and times without a length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from config.device_relations import NATURAL_ROLES, Located, ProblemAt
from config.errors import Problem
from config.table import tables_at, text_at

_COMPRESSORS = ("air_conditioner", "dehumidifier")


def electricity_problems(
    document: Mapping[str, Any], devices: Iterable[Located], problem: ProblemAt
) -> Iterator[Problem]:
    """Yield what is wrong with `[electricity]`, and with what devices say of their power.

    Args:
        document: the whole file.
        devices: every `[[room.cooling]]` with its path.
        problem: builds a problem.
    """
    table = document.get("electricity")
    table = table if isinstance(table, Mapping) else {}
    limit_w = _number(table.get("max_cooling_power_w"))
    for path, device in devices:
        natural = NATURAL_ROLES.get(text_at(device, "entity").partition(".")[0])
        is_compressor = device.get("role", natural) in _COMPRESSORS
        power_w = _number(device.get("power_w"))
        if not is_compressor and "power_w" in device:
            what = "is for air conditioners and dehumidifiers only"
            yield problem((*path, "power_w"), what, fix="take it out")
        elif limit_w is None or not is_compressor:
            continue
        elif "power_w" not in device:
            what = "is missing, and max_cooling_power_w cannot be kept without it"
            fix = "add power_w = 900, or what the type plate says at most"
            yield problem((*path, "power_w"), what, fix=fix)
        elif power_w is not None and power_w > limit_w:
            what = f"is more than max_cooling_power_w, {limit_w:g} W: it could never run"
            yield problem((*path, "power_w"), what, fix="raise the limit if the fuse allows it")
    for path, dear in tables_at(table, ("electricity",), "dear"):
        start, end = dear.get("from"), dear.get("until")
        if start is not None and str(start)[:5] == str(end)[:5]:
            yield problem((*path, "until"), "from and until are the same", fix="name when it ends")


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and isinstance(value, int | float) else None
