"""Hold the fixed safety texts, word for word. Source: EVIDENCE 5.1."""

from __future__ import annotations

SAFETY_SHORT = (
    "If you feel confused, faint, or worse than is usual for you, and 30 minutes of cooling has "
    "not helped, call {number}."
)
# The same words to a carer, who is not the one that feels it. `{whoever}` is a name, or these.
SAFETY_SHORT_FOR_CARER = (
    "If {whoever} feels confused, faint, or worse than is usual for them, and 30 minutes of "
    "cooling has not helped, call {number}."
)
ONE_OF_SEVERAL = "one of them"
SAFETY_CARD = (
    "Call {number} now if any of this is new or worse than is usual for you: confusion or slurred "
    "speech; fainting, or being hard to wake; a seizure; very hot skin, fast breathing or a racing "
    "heart; a temperature of 40 °C or more; or if you are still unwell after 30 minutes of resting "
    "somewhere cool. While waiting: move to the coolest place, loosen clothing, wet the skin and "
    "fan it. Do not give drinks to someone who is confused or drowsy. Heat can make MS symptoms "
    "worse for a while; they should settle within a day of cooling down. New or worse symptoms for "
    "more than 24 hours, a fever, or burning when passing water: contact your MS team or a doctor. "
    "Do not stop or change medicines because of keepcool."
)
