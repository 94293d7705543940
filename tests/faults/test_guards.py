"""The list of guards names what is there."""

from __future__ import annotations

import pytest

from tests.faults.guards import REPOSITORY, Guard, load_guards
from tests.faults.reference import COMMAND, PAGE, render_page


@pytest.mark.parametrize("guard", load_guards(), ids=lambda guard: guard.name)
def test_guard_stands_where_the_list_says(guard: Guard) -> None:
    """Each guard's text stands once in its file, and its test exists."""
    assert guard.count_in(REPOSITORY) == 1
    path, _, name = guard.test.partition("::")
    assert (REPOSITORY / path).is_file()
    assert f"def {name}(" in (REPOSITORY / path).read_text() or not name


def test_reliability_page_is_up_to_date() -> None:
    """docs/reliability.md lists the fault tests that there are."""
    assert PAGE.read_text() == render_page(), f"write it anew: {COMMAND}"
