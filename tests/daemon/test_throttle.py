"""What comes in floods is said once a minute."""

from __future__ import annotations

from daemon.throttle import INTERVAL_S, Throttle
from tests.appliance import at


def test_fault_19_one_line_a_minute_says_how_many_there_were() -> None:
    """The first is said at once, the next after a minute, with the number of those between."""
    throttle = Throttle()
    assert throttle.admit(at(0)) == 0
    assert [throttle.admit(at(second)) for second in (0, 1, INTERVAL_S - 1)] == [None] * 3
    assert throttle.admit(at(INTERVAL_S)) == 3
    assert throttle.admit(at(INTERVAL_S + 1)) is None
    assert throttle.admit(at(3 * INTERVAL_S)) == 1
