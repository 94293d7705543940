"""Turn samples into the figures of the bench, and figures into one table for a terminal."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_COLUMNS = ("", "keepcool", "paho responder", "ratio (spread)", "aim", "")


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Hold the three quantiles that a latency is known by, in the samples' unit."""

    p50: float
    p95: float
    p99: float

    def render(self, factor: float = 1.0, digits: int = 2) -> str:
        """Return "p50 / p95 / p99"."""
        return " / ".join(
            f"{value * factor:.{digits}f}" for value in (self.p50, self.p95, self.p99)
        )


def quantile(samples: Sequence[float], share: float) -> float:
    """Return the smallest sample that at least `share` of all do not exceed (nearest rank).

    Raises: ValueError for no samples: a quantile of nothing is not a number to report.
    """
    if not samples:
        raise ValueError("no samples")
    rank = max(1, math.ceil(share * len(samples)))
    return sorted(samples)[rank - 1]


def quantiles(samples: Sequence[float]) -> Quantiles:
    """Return the median and the two tails of the samples."""
    return Quantiles(*(quantile(samples, share) for share in (0.50, 0.95, 0.99)))


@dataclass(frozen=True, slots=True)
class Spread:
    """Hold the median of repeated measurements and how far they lay apart."""

    median: float
    lowest: float
    highest: float

    def render(self, digits: int = 2) -> str:
        """Return "median (lowest-highest)"."""
        return f"{self.median:.{digits}f} ({self.lowest:.{digits}f}-{self.highest:.{digits}f})"


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of repeated measurements. Raises: ValueError for none."""
    if not values:
        raise ValueError("no values")
    return Spread(statistics.median(values), min(values), max(values))


def ratios(ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]) -> Spread:
    """Return the ratio of medians, slice by slice: both of a slice saw the same machine."""
    pairs = zip(ours, theirs, strict=True)
    return spread([quantile(our, 0.5) / quantile(their, 0.5) for our, their in pairs])


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one line of the table; `is_met` is `None` where there is no aim."""

    name: str
    keepcool: str = ""
    responder: str = ""
    ratio: str = ""
    aim: str = ""
    is_met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the texts in the order of the columns."""
        verdict = {None: "", True: "met", False: "MISSED"}[self.is_met]
        return self.name, self.keepcool, self.responder, self.ratio, self.aim, verdict


def render_table(rows: Sequence[Row]) -> str:
    """Return the rows under their headings; a row with a name only is a heading."""
    lines = [_COLUMNS, *(row.cells for row in rows)]
    full = [cells for cells in lines if any(cells[1:])]
    widths = [max(len(cells[column]) for cells in full) for column in range(len(_COLUMNS))]
    text = []
    for cells in lines:
        padded = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        text.append(padded.rstrip())
    text.insert(1, "-" * max(len(line) for line in text))
    return "\n".join(text)
