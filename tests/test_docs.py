"""What the docs point at is there, and what they say of the code is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from config.fields import Between
from config.model import CoolingTable, PersonTable, ThresholdsTable
from policies.hydration import DEFAULT_GOAL_ML
from policies.texts_en import SAFETY_CARD, SAFETY_SHORT
from policies.texts_en.trouble import TROUBLE_TEXTS

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = sorted(
    page
    for page in [
        *REPOSITORY.glob("*.md"),
        *REPOSITORY.glob("docs/*.md"),
        *REPOSITORY.glob("systemd/*.md"),
        *REPOSITORY.glob("addon/[DR]*.md"),
    ]
)
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file or folder of the repository."""
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]
    absent = [target for target in targets if not (page.parent / target).exists()]
    assert not absent, f"{page.name} points at {absent}"


def _anchors(page: Path) -> set[str]:
    """Return what a link may point at in a page: its headings, as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_links_lead_to_a_heading_that_is_there(page: Path) -> None:
    """Every link to a part of a page names a heading of it."""
    targets = re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text())
    absent = [
        f"{name}#{anchor}"
        for name, anchor in targets
        if anchor not in _anchors(page.parent / name if name else page)
    ]
    assert not absent, f"{page.name} points at {absent}"


# ------------------------------------------------------------------ pages that speak for the code

SETTING = re.compile(r"^\| [^|]+ \| (`\w+`(?:, `\w+`)*) \| ([^|]+) \| ([^|]+) \|", re.MULTILINE)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
SECONDS = {"min": 60.0, "h": 3600.0}
TABLES = (PersonTable, ThresholdsTable, CoolingTable)
DECIDES = REPOSITORY / "docs" / "how_it_decides.md"
TROUBLE = REPOSITORY / "docs" / "troubleshooting.md"
SAFETY = REPOSITORY / "docs" / "privacy_and_safety.md"
ROWS = [
    (key, default, allowed)
    for keys, default, allowed in SETTING.findall(DECIDES.read_text())
    for key in re.findall(r"\w+", keys)
]


def _numbers(text: str, key: str) -> list[float]:
    """Return the numbers of a cell in the setting's unit: hours and minutes as seconds."""
    units = [unit for unit in SECONDS if re.search(rf"\d {unit}\b", text)]
    factor = SECONDS[units[0]] if units and key.endswith("_s") else 1.0
    return [float(number) * factor for number in NUMBER.findall(text.partition("(")[0])]


def _range(annotation: object, metadata: list[object]) -> Between:
    """Return the range of a setting, which stands around its type or, of an optional one, in it."""
    inside = [part for arg in get_args(annotation) for part in getattr(arg, "__metadata__", ())]
    return next(part for part in [*metadata, *inside] if isinstance(part, Between))


def test_the_page_of_numbers_has_its_tables() -> None:
    """The tables of how_it_decides.md are found, so that the test of their rows is not empty."""
    assert len(ROWS) >= 20


@pytest.mark.parametrize(("key", "default", "allowed"), ROWS, ids=[row[0] for row in ROWS])
def test_numbers_in_the_docs_are_those_of_the_settings(
    key: str, default: str, allowed: str
) -> None:
    """Each setting of how_it_decides.md has the default and the range that the code has."""
    field = next(table.model_fields[key] for table in TABLES if key in table.model_fields)
    known = {"drinks_goal_ml": DEFAULT_GOAL_ML, "minimum_on_s": 600, "minimum_off_s": 600}
    assert _numbers(default, key) == [known.get(key, field.default)]
    limits = _range(field.annotation, field.metadata)
    assert _numbers(allowed, key) == [limits.low, limits.high]


@pytest.mark.parametrize("page", [DECIDES, SAFETY], ids=lambda page: page.name)
def test_safety_texts_in_the_docs_are_the_fixed_ones(page: Path) -> None:
    """Both fixed safety texts stand in the docs word for word."""
    lines = page.read_text().splitlines()
    assert f"> {SAFETY_SHORT}" in lines
    assert f"> {SAFETY_CARD}" in lines


@pytest.mark.parametrize("message_id", sorted(TROUBLE_TEXTS))
def test_each_trouble_is_in_troubleshooting(message_id: str) -> None:
    """Whoever searches troubleshooting.md for the title of a trouble message finds it."""
    page = " ".join(TROUBLE.read_text().split())
    titles = [
        re.sub(r"\\\{\w+\\\}", r"[^*{}]+?", re.escape(title))
        for title in TROUBLE_TEXTS[message_id].titles
    ]
    assert any(re.search(rf"\*{title}\*", page) for title in titles), titles
