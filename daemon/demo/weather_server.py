"""Answer forecast requests on the loopback in Open-Meteo's shape, from a given outdoor world.

Stdlib only. The clock is the scenario's, so the days round "today" are those of the stepped clock.
Knobs make it fail in the ways that weather services fail.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

from daemon.demo.hot_days import LATITUDE_DEG, LONGITUDE_DEG, Outdoor

_HOUR: Final = timedelta(hours=1)
_LONGEST_PAST_DAYS: Final = 92
_LONGEST_FORECAST_DAYS: Final = 16
_KM_H_PER_M_S: Final = 3.6

OutdoorAt = Callable[[datetime], Outdoor]


class _RefusedError(Exception):
    """Report a request that Open-Meteo answers with 400 and a reason."""


class WeatherServer:
    """Serve `/v1/forecast` from a thread until `stop`.

    Args:
        outdoor_at: the outdoor world, past and future.
        clock: returns the scenario's present moment (aware).

    `status` and `body` replace the answer, `headers` adds to it, `delay_s` holds it back,
    `is_down` closes every connection without a word, and `error_c` is added to each
    temperature that lies ahead, because forecasts err. `requests` counts what arrived.
    """

    def __init__(self, outdoor_at: OutdoorAt, clock: Callable[[], datetime]) -> None:
        """Bind to a free port of 127.0.0.1; nothing is answered before `start`."""
        self.status: int = HTTPStatus.OK
        self.body: bytes | None = None
        self.content_type = "application/json; charset=utf-8"
        self.headers: dict[str, str] = {}
        self.delay_s = 0.0
        self.is_down = False
        self.error_c = 0.0
        self._requests = 0
        self._counting = threading.Lock()
        self._stopping = threading.Event()
        self._outdoor_at = outdoor_at
        self._clock = clock
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._serve, name="weather-server", daemon=True)

    @property
    def url(self) -> str:
        """Return the base URL that stands for Open-Meteo's."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1/forecast"

    @property
    def requests(self) -> int:
        """Return how many requests arrived, refused ones included."""
        with self._counting:
            return self._requests

    def start(self) -> None:
        """Start answering."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port; held-back answers are let go."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._server.shutdown()
            self._thread.join(timeout=5)
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def answer(self, target: str) -> bytes | None:
        """Return the whole HTTP answer to a GET of `target`; None means hang up."""
        with self._counting:
            self._requests += 1
        if self.delay_s:
            self._stopping.wait(self.delay_s)
        if self.is_down:
            return None
        if self.body is not None or self.status != HTTPStatus.OK:
            return self._message(self.status, self.body or b"")
        url = urlsplit(target)
        if url.path != "/v1/forecast":
            return self._message(
                HTTPStatus.NOT_FOUND, _json({"error": True, "reason": "Not Found"})
            )
        asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
        try:
            return self._message(HTTPStatus.OK, _json(self._forecast(asked)))
        except _RefusedError as refused:
            return self._message(
                HTTPStatus.BAD_REQUEST, _json({"error": True, "reason": str(refused)})
            )

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def _message(self, status: int, body: bytes) -> bytes:
        """Return status line, headers and body in one piece, so that they leave in one packet."""
        more = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        head = (
            f"HTTP/1.1 {int(status)} .\r\nContent-Type: {self.content_type}\r\n{more}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode("latin-1") + body

    def _forecast(self, asked: dict[str, str]) -> dict[str, object]:
        """Return the answer's document. Raises: _RefusedError with Open-Meteo's kind of words."""
        latitude_deg = _number(asked, "latitude", -90.0, 90.0, LATITUDE_DEG)
        longitude_deg = _number(asked, "longitude", -180.0, 180.0, LONGITUDE_DEG)
        past_days = int(_number(asked, "past_days", 0, _LONGEST_PAST_DAYS, 0))
        forecast_days = int(_number(asked, "forecast_days", 0, _LONGEST_FORECAST_DAYS, 7))
        if asked.get("timezone", "GMT") not in {"GMT", "UTC"}:
            raise _RefusedError("Invalid timezone: this small server knows only GMT")
        now = self._clock().astimezone(UTC)
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        hours = [today + index * _HOUR for index in range(-24 * past_days, 24 * forecast_days)]
        is_epoch = asked.get("timeformat") == "unixtime"
        units = {"time": "unixtime" if is_epoch else "iso8601"}
        columns: dict[str, list[object]] = {
            "time": [int(at.timestamp()) if is_epoch else f"{at:%Y-%m-%dT%H:%M}" for at in hours]
        }
        is_m_s = asked.get("wind_speed_unit") == "ms"
        for name in filter(None, asked.get("hourly", "").split(",")):
            units[name], columns[name] = self._column(name, hours, now, is_m_s=is_m_s)
        return {
            "latitude": latitude_deg,
            "longitude": longitude_deg,
            "generationtime_ms": 0.1,
            "utc_offset_seconds": 0,
            "timezone": "GMT",
            "timezone_abbreviation": "GMT",
            "elevation": 120.0,
            "hourly_units": units,
            "hourly": columns,
        }

    def _column(
        self, name: str, hours: list[datetime], now: datetime, *, is_m_s: bool
    ) -> tuple[str, list[object]]:
        """Return a variable's unit and values; radiation is the mean of the hour before."""
        air = [self._outdoor_at(at) for at in hours]
        if name == "temperature_2m":
            values = [
                outdoor.temperature_c + (self.error_c if at > now else 0.0)
                for at, outdoor in zip(hours, air, strict=True)
            ]
            return "°C", [round(value, 1) for value in values]
        if name == "relative_humidity_2m":
            return "%", [round(outdoor.relative_humidity_pct) for outdoor in air]
        if name == "wind_speed_10m":
            factor = 1.0 if is_m_s else _KM_H_PER_M_S
            unit = "m/s" if is_m_s else "km/h"
            return unit, [round(outdoor.wind_speed_m_s * factor, 2) for outdoor in air]
        if name == "cloud_cover":
            return "%", [round(outdoor.cloud_cover_pct) for outdoor in air]
        if name == "shortwave_radiation":
            before = [self._outdoor_at(at - _HOUR) for at in hours]
            pairs = zip(before, air, strict=True)
            return "W/m²", [
                round((a.shortwave_radiation_w_m2 + b.shortwave_radiation_w_m2) / 2, 1)
                for a, b in pairs
            ]
        raise _RefusedError(f"Cannot initialize a variable from invalid String value {name}.")


class _Server(ThreadingHTTPServer):
    """Listen without reverse look-ups and without waiting for clients at the end."""

    daemon_threads = True
    block_on_close = False


def _handler_of(server: WeatherServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Hand each GET to the server."""

        timeout = 10

        def do_GET(self) -> None:
            """Send the answer in one piece, or hang up."""
            message = server.answer(self.path)
            self.close_connection = True
            if message is not None:
                try:
                    self.wfile.write(message)
                except OSError:  # the client is gone; that is its business
                    return

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Stay silent; the daemon's log is the one to read."""

    return Handler


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _number(
    asked: dict[str, str], name: str, lowest: float, highest: float, default: float
) -> float:
    try:
        value = float(asked.get(name, default))
    except ValueError:
        raise _RefusedError(f"Value of type 'Double' required for key '{name}'.") from None
    if not lowest <= value <= highest:
        raise _RefusedError(
            f"{name.capitalize()} must be in range of {lowest:g} to {highest:g}. Given: {value:g}."
        )
    return value
