"""What several adapters are tested with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.certificates import make_certificates


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an authority and certificates of each kind."""
    folder = tmp_path_factory.mktemp("tls")
    make_certificates(folder)
    return folder
