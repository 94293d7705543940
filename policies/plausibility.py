"""Judge whether a sensor's reading may be believed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple

from policies.model import SensorMessage


@dataclass(frozen=True, slots=True)
class Bounds:
    """Hold what a sensor's temperature may be, in °C, and how fast it may move, in K per minute.

    `None` as the step switches the step check off.
    """

    lowest_c: float
    highest_c: float
    maximum_step_c_per_min: float | None = 10.0


INDOORS: Final = Bounds(-10.0, 45.0)

LOOKS_LIKE_FAHRENHEIT: Final = "looks like Fahrenheit: set unit"
OUT_OF_RANGE: Final = "out_of_range"
HUMIDITY_OUT_OF_RANGE: Final = "humidity_out_of_range"
STEP: Final = "step"
NOT_A_NUMBER: Final = "nan"

CONFIRMATIONS: Final = 2
"""So many further readings must agree with a jump before it is believed."""

AGREEMENT_C: Final = 3.0
"""Readings of one place agree when they are no further apart than this."""

REJECTED_IN_A_ROW: Final = 3
"""So many refused readings in a row make a sensor suspect."""

STUCK_AFTER: Final = timedelta(hours=12)
"""A bit-identical temperature for longer than this, while its surroundings move, is a stuck sensor.

The longest identical run in 154,000 recorded readings of five working rooms was 3.5 hours.
"""

COARSE_STUCK_AFTER: Final = timedelta(hours=36)
"""The same for a sensor that tells whole or half degrees: a calm room stays on one for a day."""

STUCK_HUMIDITY_RANGE_PCT: Final = 5.0
"""The sensor's own humidity moved when it covered at least this range since the last change."""

STUCK_OTHERS_RANGE_C: Final = 2.0
"""Other rooms moved when one of them covered at least this range since the last change."""

CONFLICT_WITHIN_S: Final = 300.0
"""A jump between two sources on one topic happens between readings this close together."""

CONFLICT_FORGOTTEN_S: Final = 3600.0
"""A conflict is over when the readings did not jump to and fro for so long."""

CONFLICT_RETURNS: Final = 2
"""So many returns to the value before a jump are two sources: A, B, A, B."""

_FAHRENHEIT_MAYBE_C: Final = (10.0, 50.0)  # what a room's Fahrenheit number would be in Celsius


class PlausibilityState(NamedTuple):
    """Remember what the next judgement needs (a tuple, because one is made per reading).

    Moments are seconds on a clock that never steps.
    """

    temperature_c: float | None = None  # last believed
    believed_at_s: float = 0.0
    candidate_c: float | None = None  # a jump waiting to be confirmed
    confirmations: int = 0
    rejected_in_a_row: int = 0
    unchanged_since_s: float = 0.0
    lowest_humidity_pct: float = math.inf  # since the temperature last changed
    highest_humidity_pct: float = -math.inf
    heard_c: float | None = None  # last heard within bounds, believed or not
    heard_at_s: float = 0.0
    other_c: float | None = None  # the value before the last jump
    returns: int = 0  # to that value
    returned_at_s: float = 0.0


class Verdict(NamedTuple):
    """Say what of a reading may be used; `None` means unknown, `rejected` says why.

    `suspect_reason` is "rejected", "conflict" or "stuck": its values may raise a level but must
    neither lower one nor stop cooling.
    """

    temperature_c: float | None = None
    relative_humidity_pct: float | None = None
    rejected: str | None = None
    suspect_reason: str | None = None

    @property
    def is_suspect(self) -> bool:
        """Say whether the sensor as a whole is not to be trusted."""
        return self.suspect_reason is not None


def check_reading(
    state: PlausibilityState, message: SensorMessage, now_s: float, bounds: Bounds = INDOORS
) -> tuple[PlausibilityState, Verdict]:
    """Judge one message of a sensor against its bounds and its own past.

    Refused: a value outside the bounds, and a jump (more than the allowed step per minute, with
    at least a minute counted) until two further readings agree with it.

    Args:
        state: what the last call returned, or a new `PlausibilityState`.
        message: the parsed message; its `rejected` counts as a refused temperature.
        now_s: when it arrived, in seconds on a clock that never steps.
        bounds: of the place the sensor stands in.

    Source: the bounds and the step are our own choice (air in a lived-in room; FAULTS 4).
    """
    humidity_pct = message.relative_humidity_pct
    rejected = message.rejected
    if humidity_pct is not None and not 0.0 <= humidity_pct <= 100.0:  # noqa: PLR2004 - percent
        humidity_pct = None
        rejected = rejected or HUMIDITY_OUT_OF_RANGE
    temperature_c = message.temperature_c
    if temperature_c is None:
        if message.rejected is not None and message.relative_humidity_pct is None:
            state = state._replace(rejected_in_a_row=state.rejected_in_a_row + 1)
        if humidity_pct is not None:
            state = _with_humidity(state, humidity_pct)
    elif not bounds.lowest_c <= temperature_c <= bounds.highest_c:  # NaN comes here as well
        state = state._replace(rejected_in_a_row=state.rejected_in_a_row + 1)
        rejected = _out_of_range_reason(temperature_c, bounds)
        temperature_c = None
    elif _is_jump(state, temperature_c, now_s, bounds):
        state = _with_switch(state, temperature_c, now_s)
        confirmations = 0
        if state.candidate_c is not None and abs(temperature_c - state.candidate_c) <= AGREEMENT_C:
            confirmations = state.confirmations + 1
        if confirmations >= CONFIRMATIONS:
            state = _believe(state, temperature_c, humidity_pct, now_s)
        else:
            state = state._replace(
                candidate_c=temperature_c,
                confirmations=confirmations,
                rejected_in_a_row=state.rejected_in_a_row + 1,
                heard_c=temperature_c,
                heard_at_s=now_s,
            )
            rejected, temperature_c = STEP, None
    else:
        state = _with_switch(state, temperature_c, now_s)
        state = _believe(state, temperature_c, humidity_pct, now_s)
    return state, Verdict(temperature_c, humidity_pct, rejected, suspect_reason(state, now_s))


def suspect_reason(
    state: PlausibilityState, now_s: float, others_range_c: float = 0.0
) -> str | None:
    """Return why the sensor is suspect now, or `None`.

    Args:
        state: as returned by `check_reading`.
        now_s: seconds on the same clock.
        others_range_c: the largest range, in K, that the temperature of any other room covered
            since `state.unchanged_since_s`; 0 when nobody looked.
    """
    if state.rejected_in_a_row >= REJECTED_IN_A_ROW:
        return "rejected"
    if state.returns >= CONFLICT_RETURNS and now_s - state.returned_at_s <= CONFLICT_FORGOTTEN_S:
        return "conflict"
    unchanged_s = now_s - state.unchanged_since_s
    if unchanged_s <= _STUCK_AFTER_S or state.temperature_c is None:  # the usual way out
        return None
    is_coarse = state.temperature_c * 2 == math.floor(state.temperature_c * 2)
    if is_coarse and unchanged_s <= _COARSE_STUCK_AFTER_S:
        return None
    has_moved = (
        state.highest_humidity_pct - state.lowest_humidity_pct >= STUCK_HUMIDITY_RANGE_PCT
        or others_range_c >= STUCK_OTHERS_RANGE_C
    )
    # A sensor that fell silent is stale, not stuck: what counts is how long it repeated itself.
    return "stuck" if has_moved and _repeated_s(state) > _STUCK_AFTER_S else None


_STUCK_AFTER_S: Final = STUCK_AFTER.total_seconds()
_COARSE_STUCK_AFTER_S: Final = COARSE_STUCK_AFTER.total_seconds()


def _repeated_s(state: PlausibilityState) -> float:
    return state.believed_at_s - state.unchanged_since_s


def _out_of_range_reason(value_c: float, bounds: Bounds) -> str:
    if not math.isfinite(value_c):
        return NOT_A_NUMBER
    coldest_c, warmest_c = _FAHRENHEIT_MAYBE_C
    if value_c > bounds.highest_c and coldest_c <= (value_c - 32.0) / 1.8 <= warmest_c:
        return LOOKS_LIKE_FAHRENHEIT
    return OUT_OF_RANGE


_USUAL_PAUSE_S: Final = 1800.0


def _is_jump(state: PlausibilityState, temperature_c: float, now_s: float, bounds: Bounds) -> bool:
    step_c = bounds.maximum_step_c_per_min
    if step_c is None or state.temperature_c is None:
        return False
    change_c = abs(temperature_c - state.temperature_c)
    if change_c <= step_c:
        return False
    # While a jump waits for its confirmation, time passing does not make it believable.
    if state.candidate_c is not None and abs(temperature_c - state.candidate_c) <= AGREEMENT_C:
        return True
    # Most sensors speak every few minutes: a pause between two readings makes no leap believable.
    since_s = now_s - state.believed_at_s
    return since_s < _USUAL_PAUSE_S or change_c > step_c * since_s / 60.0


def _believe(
    state: PlausibilityState, temperature_c: float, humidity_pct: float | None, now_s: float
) -> PlausibilityState:
    if temperature_c == state.temperature_c:
        unchanged_since_s = state.unchanged_since_s
        lowest_pct, highest_pct = state.lowest_humidity_pct, state.highest_humidity_pct
    else:
        unchanged_since_s, lowest_pct, highest_pct = now_s, math.inf, -math.inf
    if humidity_pct is not None:
        lowest_pct = min(lowest_pct, humidity_pct)
        highest_pct = max(highest_pct, humidity_pct)
    return PlausibilityState(
        temperature_c,
        now_s,
        None,
        0,
        0,
        unchanged_since_s,
        lowest_pct,
        highest_pct,
        temperature_c,
        now_s,
        state.other_c,
        state.returns,
        state.returned_at_s,
    )


def _with_humidity(state: PlausibilityState, humidity_pct: float) -> PlausibilityState:
    return state._replace(
        lowest_humidity_pct=min(state.lowest_humidity_pct, humidity_pct),
        highest_humidity_pct=max(state.highest_humidity_pct, humidity_pct),
    )


def _with_switch(state: PlausibilityState, temperature_c: float, now_s: float) -> PlausibilityState:
    """Count how often the readings go to and fro between two values that differ too much."""
    heard_c = state.heard_c
    if heard_c is None or abs(temperature_c - heard_c) <= AGREEMENT_C:
        return state
    is_close = now_s - state.heard_at_s <= CONFLICT_WITHIN_S
    returns, returned_at_s = state.returns, state.returned_at_s
    if now_s - returned_at_s > CONFLICT_FORGOTTEN_S:
        returns = 0
    if (
        is_close
        and state.other_c is not None
        and abs(temperature_c - state.other_c) <= AGREEMENT_C / 2
    ):
        returns, returned_at_s = returns + 1, now_s
    return state._replace(
        other_c=heard_c if is_close else None, returns=returns, returned_at_s=returned_at_s
    )
