"""Say in plain words why a server's certificate was refused.

Every connection checks authority, host and dates, and no setting switches that off.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Final

# Source: OpenSSL, x509_vfy.h, X509_V_ERR_*.
_NOT_YET_VALID, _EXPIRED = 9, 10
_REASONS: Final = {
    _NOT_YET_VALID: "is not valid yet: clock not set? This machine's time lies before it",
    _EXPIRED: "has expired: renew it, or set this machine's clock right",
    18: "is signed by itself, by no authority that this machine trusts",
    19: "is signed by an authority that this machine does not trust",
    20: "is signed by an authority that this machine does not trust",
    21: "is signed by an authority that this machine does not trust",
    62: "is for another host name",
    64: "is for another address",
}


def certificate_fault(error: BaseException) -> str | None:
    """Return what is wrong with a certificate ("has expired ..."); None when it is not that.

    `error` may be of any library, as long as Python's own is its cause or among its arguments.
    """
    for found in _chain(error):
        if isinstance(found, ssl.SSLCertVerificationError):
            code = getattr(found, "verify_code", 0)
            return _REASONS.get(code, f"is not trusted ({found.verify_message})")
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it rests on or carries, each once."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [found.__cause__, found.__context__, getattr(found, "reason", None)]
        waiting += found.args
