"""Write a replay as one HTML page: light and dark, no script, nothing loaded from elsewhere.

Days on which it was too hot, or on which somebody was warned, have a picture; of a short recording
all have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from html import escape
from typing import Final

from daemon.chart import DARK_STYLE, draw
from daemon.chart import STYLE as CHART_STYLE
from daemon.replay.judge import Stretch
from daemon.replay.pictures import Pictures, draw_charts
from daemon.replay.recorders import Sent, Switched
from daemon.replay.recording import RecordedWeather, Recording
from daemon.replay.summary import NOTE_ON_COOLING, Outcome, describe_state, recipients
from daemon.replay.text import REMINDERS, figures, happenings, loudness
from daemon.report.model import DAY, Report, Span
from daemon.report.page import PAGE_STYLE
from daemon.report.sentences import counted
from policies.alert import Severity

FEW_DAYS: Final = 14  # of a recording so short every day has a picture
_STYLE: Final = """
table{border-collapse:collapse;font-size:.9375rem;margin:.8rem 0;width:100%;max-width:44rem}
th,td{text-align:right;padding:.3rem 0 .3rem .6rem;border-bottom:1px solid var(--line);
vertical-align:top}
th:first-child,td:first-child{text-align:left;padding-left:0}
td.part:first-child{padding-left:.8rem}
table{overflow-wrap:break-word}
@media(max-width:30rem){table{display:block;overflow-x:auto;font-size:.8125rem}
th,td{padding-left:.35rem}}
details{border-top:1px solid var(--line)}
summary{cursor:pointer;padding:.45rem 0}
summary .quiet{display:block}
.switch{color:var(--quiet)}
"""


def render_page(
    columns: Sequence[tuple[str, Outcome]],
    recording: Recording,
    weather: RecordedWeather | None,
    settings: str = "",
) -> str:
    """Return the page as text; whatever names and messages hold arrives as text.

    Args:
        columns: each outcome with its heading; the first is told in full.
        recording: what the first one lived through.
        weather: likewise.
        settings: which ones were played, in words.
    """
    outcome = columns[0][1]
    pictures = Pictures(outcome, recording, weather)
    first, last = (moment.astimezone(outcome.household.zone) for moment in outcome.span)
    title = f"{outcome.household.name}: {first:%Y-%m-%d} to {last:%Y-%m-%d}, replayed"
    cooling = f"<p>Cooling: {escape(NOTE_ON_COOLING)}.</p>" if outcome.household.devices else ""
    played = f"<p>Settings: {escape(settings)}.</p>" if settings else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title>"
        f"<style>{PAGE_STYLE}{CHART_STYLE}{DARK_STYLE}{_STYLE}</style></head>"
        f"<body>\n<h1>{escape(title)}</h1>"
        "<p>What keepcool would have said and switched. The recorded weather stood for its "
        f"forecast; nothing was sent.</p>\n{played}{cooling}{_table(columns)}\n"
        f'<div class="rooms">{_drawn(pictures.report(pictures.whole))}</div>\n'
        '<p class="quiet">Indoors is how warm it felt: the air, or the heat index where that is '
        "higher. Levels: 0 fine, 1 over the limit, 2 a warning, 3 a warning with sound, 4 the "
        "loudest. Hatched: nothing was recorded. Numbers are messages.</p>\n"
        f"<h2>Day by day</h2>{''.join(_days(outcome, pictures))}\n"
        '<p class="quiet">keepcool is a well-being helper, not a medical device and not for '
        "emergencies.</p>\n</body></html>\n"
    )


def _table(columns: Sequence[tuple[str, Outcome]]) -> str:
    names, rows = figures(columns)
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = ""
    for label, cells in rows:
        kind = ' class="part"' if label.startswith(" ") else ""
        values = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        body += f"<tr><td{kind}>{escape(label.strip())}</td>{values}</tr>"
    return f"<table><tr><th></th>{head}</tr>{body}</table>"


def _drawn(report: Report) -> str:
    return "".join(map(draw, draw_charts(report)))


def _days(outcome: Outcome, pictures: Pictures) -> Iterator[str]:
    """Yield every day of the recording, folded up."""
    spells = [spell for each in outcome.judged.values() for spell in each.spells]
    parts = sorted(part for spell in spells for part in spell.parts)
    found = dict(happenings(outcome))
    for number in range(pictures.whole.days):
        day = pictures.whole.first + number * DAY
        span = Span(day, 1, pictures.whole.zone)
        report, happened = pictures.report(span), found.get(day, [])
        hot = _hot_within(span, parts)
        has_picture = pictures.whole.days <= FEW_DAYS or hot > timedelta(0) or report.told
        drawn = f'<div class="rooms">{_drawn(report)}</div>' if has_picture else ""
        yield (
            f"<details><summary><b>{day:%A} {day.day} {day:%B}</b>"
            f'<span class="quiet">{escape(_in_a_line(report, hot, happened))}</span></summary>'
            f'{drawn}<ol class="told">{"".join(_entries(outcome, happened))}</ol></details>\n'
        )


def _in_a_line(report: Report, hot: timedelta, happened: Sequence[Sent | Switched]) -> str:
    parts = []
    highest = [
        (value, room.room.name)
        for room in report.rooms
        for _, value in room.felt_c
        if value is not None
    ]
    if highest:
        value, name = max(highest)
        parts.append(f"up to {value:.1f}° in {name}")
    if hot:
        parts.append(f"too hot for {hot / timedelta(hours=1):.1f} h")
    sent = [each for each in happened if isinstance(each, Sent)]
    reminders = sum(each.policy == REMINDERS for each in sent)
    parts.append(counted(len(sent) - reminders, "message"))
    if reminders:
        parts.append(counted(reminders, "drink reminder"))
    return ", ".join(parts)


def _entries(outcome: Outcome, happened: Sequence[Sent | Switched]) -> Iterator[str]:
    number = 0
    household = outcome.household
    for each in happened:
        clock = f"{each.at.astimezone(household.zone):%H:%M}"
        if isinstance(each, Switched):
            device = household.devices[each.device_id]
            words = escape(f"{device.name}: {describe_state(each.desired)}")
            yield f'<li><time>{clock}</time><span class="switch">{words}</span></li>'
        elif each.policy != REMINDERS:
            is_marked = each.severity >= Severity.WARNING
            number += is_marked
            mark = f'<span class="nr">{number}</span> ' if is_marked else ""
            names = f"{loudness(each)}, to {', '.join(recipients(each, household))}"
            yield (
                f"<li><time>{mark}{clock}</time><b>{escape(each.title)}</b>"
                f"<p>{escape(each.body)}</p><p>{escape(names)}</p></li>"
            )


def _hot_within(span: Span, parts: Iterable[Stretch]) -> timedelta:
    """Return how long somebody was too hot; what several people share counts once."""
    hot, behind = timedelta(0), span.start
    for start, end in parts:  # in the order of time
        begins, ends = max(start, behind), min(end, span.end)
        if ends > begins:
            hot, behind = hot + (ends - begins), ends
    return hot
