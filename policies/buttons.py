"""Choose the buttons of a message: three at most, those that fit the situation."""

from __future__ import annotations

from policies import self_test
from policies.alert import Alert, Severity, Verb
from policies.model import Flag, PersonConditions

MOST_BUTTONS = 3  # Source: DESIGN "Alerts"


def choose_buttons(
    alert: Alert, conditions: PersonConditions, wanted: tuple[Verb, ...], *, may_drink: bool
) -> tuple[Verb, ...]:
    """Return the buttons of a message about an alert.

    `wanted` are those of its finding. There is no drink beside the safety text or for restricted
    fluids. A loud heat warning can always be answered, for it grows louder when it is not; what is
    not critical can be snoozed. "I'm out" is there where it quietens what is said, and beside what
    is only expected it takes the drink's place, which does nothing about later.
    """
    heat, severity = alert.key.policy == "heat", alert.severity
    offered = list(wanted)
    if heat and severity >= Severity.LOUD_WARNING and Verb.ON_IT not in offered:
        offered.insert(0, Verb.ON_IT)
    if not may_drink or Flag.FLUID_RESTRICTED in conditions.person.flags:
        offered = [verb for verb in offered if verb is not Verb.DRANK]
    if heat and severity in {Severity.WARNING, Severity.LOUD_WARNING}:
        offered.append(Verb.SNOOZE)
    is_quieted_by_out = severity is Severity.NUDGE or (heat and severity is Severity.WARNING)
    if offered and is_quieted_by_out and alert.key.policy != self_test.POLICY:
        if alert.is_expected and len(offered) == MOST_BUTTONS:
            offered = [verb for verb in offered if verb is not Verb.DRANK]
        offered.append(Verb.OUT)
    return tuple(offered[:MOST_BUTTONS])
