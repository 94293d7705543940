"""What the docs point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = sorted(
    page
    for page in [
        *REPOSITORY.glob("*.md"),
        *REPOSITORY.glob("docs/*.md"),
        *REPOSITORY.glob("systemd/*.md"),
    ]
)
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file or folder of the repository."""
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]
    absent = [target for target in targets if not (page.parent / target).exists()]
    assert not absent, f"{page.name} points at {absent}"
