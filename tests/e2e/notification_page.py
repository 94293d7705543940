"""Draw pushes as a phone would show them, from the payloads that Home Assistant sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Final

from tests.e2e.phones import Push

_PAGE: Final = """<!DOCTYPE html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><style>
body{margin:0;padding:12px;background:#dfe5ee;font:15px Roboto,"Liberation Sans",sans-serif}
h2{font-size:14px;color:#333;margin:0 4px 6px}
article{background:#fff;border-radius:18px;padding:12px 14px 6px;margin-bottom:14px}
h2 small{font-weight:400}
header{color:#5f6368;font-size:12px}
b{display:block;margin:5px 0 3px;font-size:15px;white-space:nowrap;overflow:hidden;
text-overflow:ellipsis}
p{margin:0 0 8px;white-space:pre-line;line-height:1.35}
span{display:inline-block;margin:2px 20px 6px 0;color:#0b57d0;font-weight:600;font-size:14px}
</style>%s</html>
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """Hold a push, whose phone it is on, and how it sounds there, in words."""

    where: str
    push: Push
    how: str


def page(notifications: Iterable[Shown]) -> str:
    """Return the page, as HTML."""
    return _PAGE % "".join(map(_card, notifications))


def _card(shown: Shown) -> str:
    buttons = "".join(f"<span>{escape(each)}</span>" for each in shown.push.buttons)
    return (
        f"<h2>{escape(shown.where)}<br><small>{escape(shown.how)}</small></h2>"
        "<article><header>Home Assistant</header>"
        f"<b>{escape(shown.push.title or '')}</b><p>{escape(shown.push.message)}</p>"
        f"{buttons}</article>"
    )
