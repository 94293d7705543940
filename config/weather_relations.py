"""Check what the settings of forecasts and official warnings say together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from config.errors import Problem
from config.lines import KeyPath

# What each service of official warnings understands, and what it must have.
_KEYS = {"nws": ("zone",), "meteoalarm": ("country", "area")}
_NEEDED = {"meteoalarm": ("country", "area")}
_EXAMPLES = {"country": 'country = "germany"', "area": 'area = "DE045" or the name of the area'}


class MakeProblem(Protocol):
    """Build a problem at a key, with the value that stands there."""

    def __call__(self, path: KeyPath, what: str, *, fix: str = "") -> Problem:
        """Return the problem."""
        ...


def weather_problems(document: Mapping[str, Any], problem: MakeProblem) -> Iterator[Problem]:
    """Yield what is wrong with `[weather]` and every `[[official_warning]]`."""
    weather = document.get("weather")
    if isinstance(weather, Mapping):
        yield from _source_problems(weather, "home_assistant" in document, problem)
    entries = document.get("official_warning")
    seen: set[tuple[object, ...]] = set()
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        if not isinstance(entry, Mapping):
            continue
        path: KeyPath = ("official_warning", number)
        yield from _service_problems(entry, path, problem)
        identity = tuple(
            str(entry.get(key)).strip().lower() for key in ("service", *_EXAMPLES, "zone")
        )
        if identity in seen:
            fix = "take one out"
            yield problem((*path, "service"), "is there twice for the same area", fix=fix)
        seen.add(identity)


def _source_problems(
    weather: Mapping[str, Any],
    has_home_assistant: bool,  # noqa: FBT001 - private
    problem: MakeProblem,
) -> Iterator[Problem]:
    """Yield sources that cannot be asked as it stands."""
    sources = weather.get("sources", ["open_meteo"])
    if not isinstance(sources, list):
        return
    path: KeyPath = ("weather", "sources")
    if not sources:
        fix = 'write sources = ["open_meteo"], or take the line out'
        yield problem(path, "names no source of the forecast", fix=fix)
    for number, source in enumerate(sources):
        if source in sources[:number]:
            yield problem((*path, number), "is there twice", fix="each source is asked once")
    if "met_norway" in sources and "contact" not in weather:
        what = "MET Norway wants to know who asks"
        yield problem(path, what, fix='add contact = "your e-mail address" to [weather]')
    if "home_assistant" in sources and "entity" not in weather:
        what = "home_assistant needs a weather entity"
        yield problem(path, what, fix='add entity = "weather.home" to [weather]')
    if "home_assistant" in sources and not has_home_assistant:
        fix = 'add [home_assistant] with url = "http://homeassistant.local:8123"'
        yield problem(path, "home_assistant needs [home_assistant]", fix=fix)


def _service_problems(
    entry: Mapping[str, Any], path: KeyPath, problem: MakeProblem
) -> Iterator[Problem]:
    """Yield keys that a service of official warnings lacks or does not know."""
    service = entry.get("service")
    if not isinstance(service, str) or service not in _KEYS:
        return
    for key in ("zone", "country", "area"):
        if key in entry and key not in _KEYS[service]:
            yield problem((*path, key), f'"{service}" knows no {key}', fix="take it out")
        if key not in entry and key in _NEEDED.get(service, ()):
            fix = f"for example {_EXAMPLES[key]}"
            yield problem((*path, key), "is missing", fix=fix)
