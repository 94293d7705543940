"""Log what is new in a decision: policies that crashed, and what cooling is to do and why."""

from __future__ import annotations

import structlog

from policies.model import CoolingAction, CoolingCommand, Decision

log = structlog.get_logger()

# Names are the household's own words, which do not belong in a log.
_NAMES = frozenset({"room", "device"})


def log_decision(before: Decision, after: Decision) -> None:
    """Log crashes, and each cooling command that differs from the one before in deed or reason."""
    for crash in after.crashes:
        log.error("policy.crashed", policy=crash.policy, detail=crash.detail)
    told = {command.device_id: command for command in before.cooling}
    for command in after.cooling:
        if _is_news(told.get(command.device_id), command):
            parameters = command.message.parameters
            log.info(
                "cooling.decided",
                device_id=command.device_id,
                action=command.action.value,
                reason=command.message.message_id,
                parameters={key: parameters[key] for key in parameters if key not in _NAMES},
            )


def _is_news(before: CoolingCommand | None, after: CoolingCommand) -> bool:
    """Tell whether a command differs; that and why nothing is done is news only after a run."""
    was_running = before is not None and before.action is CoolingAction.RUN
    if after.action is CoolingAction.LEAVE:
        return was_running
    if before is None or before.action is not after.action:
        return True
    return before.message.message_id != after.message.message_id
