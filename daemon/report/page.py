"""Write a report as one HTML page: light and dark, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from daemon.chart import DARK_STYLE, draw
from daemon.chart import STYLE as CHART_STYLE
from daemon.report.charts import charts
from daemon.report.model import Report, Told
from daemon.report.sentences import heading, sentences

PAGE_STYLE: Final = """
:root{color-scheme:light dark;--text:#222;--back:#fff;--quiet:#555;--line:#ddd}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:1rem;font:16px/1.45 system-ui,sans-serif;
color:var(--text);background:var(--back);overflow-wrap:anywhere}
h1{font-size:1.4rem;line-height:1.2;margin:.2rem 0 .4rem}
h2{font-size:1.1rem;margin:1.4rem 0 .5rem}
p{margin:.3rem 0;max-width:44rem}
.quiet{color:var(--quiet);font-size:.875rem}
.rooms{display:grid;gap:1.2rem;margin:1rem 0}
.rooms svg{width:100%;height:auto;display:block}
.told{list-style:none;margin:0;padding:0;max-width:44rem}
.told li{display:grid;grid-template-columns:auto 1fr;gap:.1rem .6rem;padding:.4rem 0;
border-top:1px solid var(--line)}
.told time{color:var(--quiet);font-variant-numeric:tabular-nums}
.told p{grid-column:2;margin:0;color:var(--quiet)}
.nr{display:inline-block;min-width:1.35rem;text-align:center;border-radius:1rem;
background:var(--text);color:var(--back);font-size:.75rem;font-weight:600;padding:0 .3rem}
@media(max-width:30rem){.rooms{margin:1rem -.8rem}}
@media(min-width:52rem){.rooms{grid-template-columns:1fr 1fr}}
@media(prefers-color-scheme:dark){:root{--text:#eee;--back:#16181b;--quiet:#b8b8b8;--line:#34383d}}
"""
_KEY: Final = (
    "Indoors is how warm it felt: the air, or the heat index where that is higher. "
    "Levels: 0 fine, 1 over the limit, 2 a warning, 3 a warning with sound, 4 the loudest. "
    "They are worked out from the readings and the limits as set now. "
    "Hatched: keepcool could not see the room."
)
_BAND: Final = (
    " Expected is what was foretold at the beginning of the day for a room without cooling, "
    "and from now on what is foretold now; eight of ten hours should lie in the band."
)


def render_page(report: Report) -> str:
    """Return the page as text; whatever names and messages hold arrives as text."""
    title = f"{report.home.name}: {heading(report)}"
    pictures = "".join(map(draw, charts(report)))
    key = _KEY + (_BAND if any(room.expected for room in report.rooms) else "")
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences(report))
    told = "".join(_told(report))
    listed = f'<h2>Messages</h2><ol class="told">{told}</ol>' if told else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{PAGE_STYLE}{CHART_STYLE}{DARK_STYLE}</style></head>"
        f"<body>\n<h1>{escape(heading(report))}</h1>"
        f'<p class="quiet">{escape(report.home.name)}</p>\n'
        f'{said}\n<div class="rooms">{pictures}</div>\n<p class="quiet">{escape(key)}</p>\n'
        f"{listed}\n"
        '<p class="quiet">keepcool is a well-being helper, not a medical device and not for '
        "emergencies.</p>\n</body></html>\n"
    )


def _told(report: Report) -> Iterator[str]:
    names = {person.person_id: person.name for person in report.home.people}
    for number, told in enumerate(report.told, 1):
        who = f"{names[told.person_id]}: " if len(names) > 1 else ""
        numbered = f'<span class="nr">{number}</span> ' if report.span.days == 1 else ""
        yield (
            f"<li><time>{numbered}{_clock(report, told)}</time><b>{escape(who + told.title)}</b>"
            f"<p>{escape(told.body)}</p></li>"
        )


def _clock(report: Report, told: Told) -> str:
    local = told.at.astimezone(report.span.zone)
    return f"{local:%H:%M}" if report.span.days == 1 else f"{local:%a} {local.day} {local:%H:%M}"
