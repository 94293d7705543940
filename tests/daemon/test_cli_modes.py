"""`keepcool snooze`, `out` and `holiday`: what they ask the daemon for, and what they refuse."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from daemon.cli import main, read_minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("90", 90), ("90m", 90), ("45min", 45), ("1h", 60), ("1h30m", 90), ("12H", 720), ("2h5", 125)],
)
def test_length_of_a_snooze_is_read_as_people_write_it(text: str, minutes: int) -> None:
    """Hours, minutes or both; a bare number is minutes."""
    assert read_minutes(text) == minutes


@pytest.mark.parametrize("text", ["", "soon", "1d", "-5", "1.5h"])
def test_other_lengths_are_refused_with_an_example(text: str) -> None:
    """Exit status 2 is wrong use, before any daemon is asked."""
    result = CliRunner().invoke(main, ["snooze", "anna", "--for", text])
    assert result.exit_code == 2
    assert "give a time like 90m, 1h or 1h30m" in result.output


def test_holiday_is_on_or_off() -> None:
    """Nothing else is understood."""
    result = CliRunner().invoke(main, ["holiday", "maybe"])
    assert result.exit_code == 2
    assert "'on', 'off'" in result.output
