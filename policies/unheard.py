"""Find urgent messages that no road took: nobody in the world knows of them yet.

That a road took a message does not mean that somebody read it; that is the ladder's matter. Here it
is about the last resort: who watches keepcool from outside is told by its silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from policies.alert import Alert, Severity
from policies.ladder import card_tag, is_open
from policies.model import Delivery, PersonConditions

UNHEARD_AFTER = timedelta(minutes=5)  # by then the carers were to be told, too


def is_unheard(
    alert: Alert,
    people: Iterable[PersonConditions],
    deliveries: Mapping[tuple[str, str], Delivery],
) -> bool:
    """Return whether a critical alert waits for an answer and no road took it for five minutes."""
    if alert.severity is not Severity.CRITICAL or alert.climb is None:
        return False
    if alert.climb.since_first < UNHEARD_AFTER or not is_open(alert, people):
        return False
    keys = [(alert.key.tag, person_id) for person_id in alert.person_ids]
    keys += [(card_tag(carer_id), carer_id) for carer_id in alert.told_carers]
    found = [deliveries[key] for key in keys if key in deliveries]
    return not any(delivery.is_handed or delivery.is_by_second_road for delivery in found)
