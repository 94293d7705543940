"""Define what a text is made of, and the sentences that several texts share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Carry one text: titles from most to least telling, and the body's sentences in order.

    Where several say the same with less, they stand together and the first whose slots are known
    counts. `is_at_level_3` marks a message that carries the short safety text, and hence no drink
    prompt; `is_for_carer` one whose safety text speaks of somebody else.
    """

    titles: tuple[str, ...]
    body: tuple[tuple[str, ...], ...] = ()
    is_at_level_3: bool = False
    is_for_carer: bool = False


NUMBERS = ("{air}{feels_like}. Your limit: {limit}.", "{air}{feels_like}.")
LAST_SEEN = ("Last seen at {last_seen}.",)
RAISED = ("First raised at {raised_at}.",)  # of a message that could not be handed over in time
DOUBT = ("{doubt}",)
COOLING = ("{cooling}",)
FAN = ("{fan}",)
