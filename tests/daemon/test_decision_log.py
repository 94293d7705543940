"""Hold the log of decisions: what cooling is told, once, with its reason and without names."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from daemon.decision_log import log_decision
from policies.alert import Message
from policies.model import CoolingAction, CoolingCommand, Decision, PolicyCrash

RUN, RELEASE, LEAVE = CoolingAction.RUN, CoolingAction.RELEASE, CoolingAction.LEAVE


def decision(action: CoolingAction, reason: str) -> Decision:
    """Return a decision that tells the AC something for a reason."""
    parameters: dict[str, str | float] = {
        "room": "Anna's room",
        "device": "Anna's AC",
        "limit_c": 25.0,
    }
    return Decision(cooling=(CoolingCommand("ac", action, Message(reason, parameters)),))


@pytest.mark.parametrize(
    ("before", "after", "is_told"),
    [
        (None, (LEAVE, "cooling_released_no_need"), False),
        (None, (RUN, "cooling_over_limit"), True),
        ((LEAVE, "cooling_minimum_time"), (LEAVE, "cooling_released_no_need"), False),
        ((LEAVE, "cooling_released_no_need"), (RUN, "cooling_ahead"), True),
        ((RUN, "cooling_over_limit"), (RUN, "cooling_over_limit"), False),
        ((RUN, "cooling_ahead"), (RUN, "cooling_over_limit"), True),
        ((RUN, "cooling_over_limit"), (RELEASE, "cooling_reached_target"), True),
        ((RELEASE, "cooling_reached_target"), (LEAVE, "cooling_released_no_need"), False),
        ((RUN, "cooling_over_limit"), (LEAVE, "cooling_manual_override"), True),
    ],
)
def test_only_what_changes_a_device_is_told(
    before: tuple[CoolingAction, str] | None,
    after: tuple[CoolingAction, str],
    is_told: bool,  # noqa: FBT001
) -> None:
    """A new deed or a new reason to run is logged; why nothing is done may change in silence."""
    with capture_logs() as logs:
        log_decision(Decision() if before is None else decision(*before), decision(*after))
    assert [entry["event"] for entry in logs] == ["cooling.decided"] * is_told


def test_the_reason_is_told_without_names() -> None:
    """The text's id and its numbers are there; what the household calls things is not."""
    with capture_logs() as logs:
        log_decision(Decision(), decision(RUN, "cooling_over_limit"))
    assert logs == [
        {
            "event": "cooling.decided",
            "log_level": "info",
            "device_id": "ac",
            "action": "run",
            "reason": "cooling_over_limit",
            "parameters": {"limit_c": 25.0},
        }
    ]


def test_a_crashed_policy_is_told_as_an_error() -> None:
    """The traceback of a policy that crashed reaches the log."""
    with capture_logs() as logs:
        log_decision(Decision(), Decision(crashes=(PolicyCrash("hydration", "Traceback ..."),)))
    assert logs == [
        {
            "event": "policy.crashed",
            "log_level": "error",
            "policy": "hydration",
            "detail": "Traceback ...",
        }
    ]
