"""Hold the words on pictures, by id, with named slots."""

from __future__ import annotations

from collections.abc import Mapping

PICTURE_WORDS: Mapping[str, str] = {
    "indoors": "indoors",
    "expected": "expected",
    "limit": "limit {limit}°",
    "over_from": "{limit}° expected from about {at}",
    "over_from_tomorrow": "{limit}° expected from about {at} tomorrow",
    "over_now": "over {limit}° now",
    "over_now_until": "over {limit}° now, until about {at}",
    "under": "expected to stay under {limit}°",
    "unseen": "not seen since {at}",
    "unknown": "",
}
