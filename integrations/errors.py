"""Name what can go wrong with other people's systems, in three kinds that the daemon acts on."""

from __future__ import annotations

NOT_AUTHORISED = "not authorised"  # how the text begins where a broker refuses user and password
LONGEST_TEXT = 600  # characters; a path may be long, what a server answers must not be


def one_line(text: str, most: int = LONGEST_TEXT) -> str:
    r"""Return a text as one line that cannot steer a terminal: no control or bidi characters.

    >>> one_line("no\n\x1b[2Jway")
    'no ?[2Jway'
    """
    shown = visible(" ".join(text[: most + 1].split()))
    return shown if len(text) <= most else shown[:most] + "..."


def visible(text: str) -> str:
    """Return a text of the same length in which nothing but visible characters is left."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


class IntegrationError(Exception):
    """Report a failure of an outside system; the text is one line for a person.

    What the outside system said may be part of it, hence `one_line`.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


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


class RefusedError(PermanentError):
    """Report that the other side is there and does not let us in: only a person can mend that."""


class PayloadError(IntegrationError):
    """Report an answer or message that is not what its format promises."""
