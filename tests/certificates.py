"""Make an authority and certificates, good and bad, with the openssl command."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE, ELSEWHERE, EXPIRED, SELF_SIGNED = "here", "elsewhere", "expired", "self_signed"
AUTHORITY = "ca.pem"
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_LOOPBACK = "subjectAltName=IP:127.0.0.1"
_SIGNED = {
    HERE: (_LOOPBACK, "2"),
    ELSEWHERE: ("subjectAltName=DNS:server.example", "2"),
    EXPIRED: (_LOOPBACK, "-1"),
}


def make_certificates(folder: Path) -> None:
    """Write the authority's `ca.pem`, and NAME.pem with NAME.key for each kind, or skip the test.

    All but `SELF_SIGNED` are signed by the authority; `HERE` is good for 127.0.0.1.
    """
    if shutil.which("openssl") is None:
        pytest.skip("making certificates needs the openssl command")

    def openssl(*arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30
        )

    def sign_by_itself(name: str, *more: str) -> None:
        openssl(
            *("req", "-x509", *_NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.pem"),
            *("-days", "2", "-subj", f"/CN={name}", *more),
        )

    sign_by_itself("ca")
    sign_by_itself(SELF_SIGNED, "-addext", _LOOPBACK)
    for name, (subject, days) in _SIGNED.items():
        (folder / f"{name}.ext").write_text(f"{subject}\n")
        openssl(
            *("req", *_NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr"),
            *("-subj", f"/CN={name}"),
        )
        openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", AUTHORITY, "-CAkey", "ca.key"),
            *("-CAcreateserial", "-out", f"{name}.pem", "-days", days, "-extfile", f"{name}.ext"),
        )
