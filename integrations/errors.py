"""Name what can go wrong with other people's systems, in three kinds that the daemon acts on."""

from __future__ import annotations


class IntegrationError(Exception):
    """Report a failure of an outside system; the text is for a person."""


class TransientError(IntegrationError):
    """Report a failure that may pass: try again later, not before `retry_after_s` when it is given.

    `is_outcome_unknown` is set when the request may have been carried out (time-out after sending):
    read the state back, or repeat only what is harmless to repeat.
    """

    def __init__(
        self, message: str, *, retry_after_s: float | None = None, is_outcome_unknown: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.is_outcome_unknown = is_outcome_unknown


class PermanentError(IntegrationError):
    """Report a failure that trying again will not mend (wrong token, unknown service)."""


class PayloadError(IntegrationError):
    """Report an answer or message that is not what its format promises."""
