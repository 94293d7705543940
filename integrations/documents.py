"""Read the JSON documents of other people's services without taking their shape on trust."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from integrations.errors import PayloadError

LOGIN_PAGE: Final = "answer is a web page, not weather data: is there a login page on this network?"
_REASONS: Final = ("reason", "detail", "message", "title")  # where services say why they refuse
_LONGEST_QUOTE: Final = 200
_YEARS: Final = range(2000, 2100)  # also keeps the arithmetic of dates in range


def load_json(body: bytes) -> object:
    """Return the document in `body`.

    Raises: PayloadError when it is no JSON, with a hint when it is a web page.
    """
    if is_markup(body):
        raise PayloadError(LOGIN_PAGE if is_web_page(body) else "answer is XML, not JSON")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"answer is not JSON ({len(body)} bytes)") from error


def load_object(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object in `body`. Raises: PayloadError."""
    answer = load_json(body)
    if not isinstance(answer, dict):
        raise PayloadError(f"answer is a JSON {type(answer).__name__}, not an object")
    return answer


def is_markup(body: bytes) -> bool:
    """Return whether a body is XML or HTML instead of JSON."""
    return _start(body).startswith(b"<")


def is_web_page(body: bytes) -> bool:
    """Return whether a body is a page for people, such as that of a hotel's network."""
    start = _start(body)
    return start.startswith(b"<") and (
        b"<html" in start or not start.startswith((b"<?xml", b"<feed", b"<alert"))
    )


def _start(body: bytes) -> bytes:
    return body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()


def block(answer: Mapping[str, Any], name: str, what: str) -> Mapping[str, Any]:
    """Return the object `name` of an answer. Raises: PayloadError: it is not `what`."""
    found = answer.get(name)
    if not isinstance(found, Mapping):
        problem = "is missing" if name not in answer else "is not an object"
        raise PayloadError(f"'{name}' {problem}: not {what}")
    return found


def rows(answer: Mapping[str, Any], name: str, what: str) -> Sequence[Mapping[str, Any]]:
    """Return the list of objects `name` of an answer. Raises: PayloadError: it is not `what`."""
    found = answer.get(name)
    if not isinstance(found, list):
        problem = "is missing" if name not in answer else "is not a list"
        raise PayloadError(f"'{name}' {problem}: not {what}")
    for row in found:
        if not isinstance(row, Mapping):
            raise PayloadError(f"'{name}' holds {quote(row)}, not objects: not {what}")
    return found


def reason_text(answer: object) -> str:
    """Return a service's own words for an error, made printable and short."""
    found = [answer.get(key) for key in _REASONS] if isinstance(answer, Mapping) else []
    texts = [text for text in found if isinstance(text, str) and text.strip()]
    return quote(" ".join(texts[0].split())) if texts else "no reason given"


def read_moment(text: object, where: str, zone: tzinfo | None = None) -> datetime:
    """Return an ISO time as aware UTC; without an offset it is of `zone`.

    Raises: PayloadError when it is none, has no offset and no zone, or is not of this century.
    """
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise PayloadError(f"{where} holds {quote(text)}, not an ISO time")
    if moment.year not in _YEARS:
        raise PayloadError(f"{where} holds {quote(text)}, outside the years 2000 to 2100")
    if moment.tzinfo is None and zone is None:
        raise PayloadError(f"{where} holds {quote(text)}, a time without its offset")
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def read_number(entry: object, where: str) -> float | None:
    """Return a finite number, None for null or one that is not finite.

    Raises: PayloadError for anything else; a bool is no number.
    """
    if entry is None:
        return None
    if isinstance(entry, bool) or not isinstance(entry, int | float):
        raise PayloadError(f"{where} holds {quote(entry)}, not a number")
    try:
        return float(entry) if math.isfinite(entry) else None
    except OverflowError:
        return None


def quote(value: object) -> str:
    """Return a foreign value in a form that cannot forge or flood a line."""
    if isinstance(value, str):
        text = value[:_LONGEST_QUOTE]
    elif isinstance(value, bool | int | float) and not _is_huge(value):
        text = repr(value)
    elif value is None:
        text = "missing"
    else:
        text = f"a {type(value).__name__}"
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _is_huge(value: float) -> bool:
    return isinstance(value, int) and value.bit_length() > 64  # noqa: PLR2004 - digits, not a limit
