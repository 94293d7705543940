"""Turn what was replayed into reports of its days, and those into pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from daemon.chart import Chart
from daemon.replay.recording import HOUR_S, RecordedWeather, Recording, Series
from daemon.replay.summary import Outcome
from daemon.report.charts import charts
from daemon.report.model import DAY_STEP, Points, Report, ReportHome, Span, Told
from daemon.report.reading import Held, Reading, room_report, values_of
from policies.alert import Severity

_BEFORE: Final = timedelta(hours=2)  # what holds into a span


class Pictures:
    """Draw one outcome."""

    def __init__(
        self, outcome: Outcome, recording: Recording, weather: RecordedWeather | None
    ) -> None:
        """Take what was lived through, and what came of it."""
        self._outcome = outcome
        self._recording = recording
        self._weather = weather
        household = outcome.household
        sensors = {sensor.sensor_id: sensor.room_id for sensor in recording.sensors}
        self.home = ReportHome(
            household.name, household.zone, household.rooms, household.people, sensors
        )
        first, last = (moment.astimezone(household.zone).date() for moment in outcome.span)
        self.whole = Span(first, (last - first).days + 1, household.zone)

    def report(self, span: Span) -> Report:
        """Return whole days; of messages those that are a warning or more."""
        begin, end = self._outcome.span
        rooms = []
        for room in self.home.rooms:
            readings = [
                Held(list(_readings(sensor.series, span)))
                for sensor in self._recording.sensors
                if sensor.room_id == room.room_id
            ]
            values = values_of(readings, span, begin, min(span.end, end))
            runs = {device.device_id: self._runs(device.device_id) for device in room.devices}
            rooms.append(room_report(room, self.home, span, values=values, expected=(), runs=runs))
        return Report(
            home=self.home,
            span=span,
            now=min(end, span.end),
            rooms=tuple(rooms),
            outdoor_c=self._outdoors(span),
            told=tuple(self._told(span)),
            drinks=(),
            first_reading=begin,
        )

    def _told(self, span: Span) -> Iterator[Told]:
        for sent in self._outcome.messages:
            if span.start <= sent.at < span.end and sent.severity >= Severity.WARNING:
                yield Told(sent.at, "", sent.title, sent.body, sent.severity)

    def _outdoors(self, span: Span) -> Points:
        if self._weather is None:
            return ()
        first, last = (int(at.timestamp()) // HOUR_S for at in (span.start, span.end))
        return tuple(
            (
                datetime.fromtimestamp((hour + 0.5) * HOUR_S, UTC),
                self._weather.outdoor_c(hour),
            )
            for hour in range(first, last)
        )

    def _runs(self, device_id: str) -> tuple[tuple[datetime, datetime], ...]:
        """Return when a device would have been on."""
        runs: list[tuple[datetime, datetime]] = []
        since: datetime | None = None
        for each in self._outcome.switched:
            if each.device_id != device_id:
                continue
            if each.desired.is_on and since is None:
                since = each.at
            elif not each.desired.is_on and since is not None:
                runs.append((since, each.at))
                since = None
        return (*runs, *([] if since is None else [(since, self._outcome.span[1])]))


def draw_charts(report: Report) -> list[Chart]:
    """Return a picture of each room, without empty rows."""
    return [
        replace(chart, rows=tuple(row for row in chart.rows if row.pieces), now=None)
        for chart in charts(report)
    ]


def _readings(series: Series, span: Span) -> Iterator[Reading]:
    """Yield what a picture needs of a sensor: two readings for each of its points."""
    apart_s = min(DAY_STEP, span.step / 2).total_seconds() / 2
    for sample in series.between((span.start - _BEFORE).timestamp(), span.end.timestamp(), apart_s):
        at = datetime.fromtimestamp(sample.at_s, UTC)
        yield at, sample.temperature_c, sample.relative_humidity_pct
