"""Hold a small number for each hour of a season, in two bytes each."""

from __future__ import annotations

from array import array
from typing import Final

_UNKNOWN: Final = -32_768
_LARGEST: Final = 32_767


class Series:
    """Hold a small integer for each hour, without gaps in memory."""

    def __init__(self) -> None:
        """Start empty."""
        self.first_h = 0
        self._numbers = array("h")

    def put(self, hour: int, number: int) -> None:
        """Set an hour; a number that two bytes do not hold is cut."""
        if not self._numbers:
            self.first_h = hour
        if hour < self.first_h:
            self._numbers = array("h", [_UNKNOWN]) * (self.first_h - hour) + self._numbers
            self.first_h = hour
        missing = hour + 1 - self.end_h
        if missing > 0:
            self._numbers.extend([_UNKNOWN] * missing)
        self._numbers[hour - self.first_h] = max(-_LARGEST, min(_LARGEST, number))

    @property
    def end_h(self) -> int:
        """Return the hour behind the last."""
        return self.first_h + len(self._numbers)

    def knows(self, hour: int) -> bool:
        """Say whether an hour is known."""
        return self.first_h <= hour < self.end_h and (
            self._numbers[hour - self.first_h] != _UNKNOWN
        )

    def is_whole(self, start_h: int, end_h: int) -> bool:
        """Say whether every hour from `start_h` on, up to `end_h`, is known."""
        if start_h < self.first_h or end_h > self.end_h:
            return start_h >= end_h
        return _UNKNOWN not in self._numbers[start_h - self.first_h : end_h - self.first_h]

    def between(self, start_h: int, end_h: int, scale: float) -> list[float | None]:
        """Return the hours from `start_h` on, up to `end_h`, divided by `scale`."""
        before = min(max(0, self.first_h - start_h), end_h - start_h)
        first = max(0, start_h - self.first_h)
        numbers = self._numbers[first : max(first, end_h - self.first_h)]
        found: list[float | None] = [None] * before
        found += [None if number == _UNKNOWN else number / scale for number in numbers]
        return found + [None] * (end_h - start_h - len(found))

    def known(self) -> list[int]:
        """Return the hours that are known, in order."""
        return [
            hour for hour, number in enumerate(self._numbers, self.first_h) if number != _UNKNOWN
        ]

    def forget_before(self, hour: int) -> None:
        """Forget what is older."""
        old = hour - self.first_h
        if old > 0:
            del self._numbers[:old]
            self.first_h = hour

    def move(self, first_h: int, last_h: int, by_h: int) -> None:
        """Move a span of hours; what stands where they come to is replaced."""
        known = [(hour, self._numbers[hour - self.first_h]) for hour in self.known()]
        moved = [(hour + by_h, number) for hour, number in known if first_h <= hour <= last_h]
        self._numbers = array("h")  # anew: a clock that was years off leaves no gap
        for hour, number in known:
            if not first_h <= hour <= last_h:
                self.put(hour, number)
        for hour, number in moved:
            self.put(hour, number)
