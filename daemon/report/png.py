"""Have a report drawn as PNG by matplotlib, in a process of its own that takes its memory along."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from typing import Final

from daemon.records import to_json
from daemon.report.charts import charts
from daemon.report.model import Report
from daemon.report.plot import Plot
from daemon.report.sentences import heading, sentences

LONGEST_S: Final = 120.0  # a week of ten rooms takes some seconds; a small machine is slower


class PngError(Exception):
    """Report why there is no PNG; the text says what to do."""


def render_png(report: Report) -> bytes:
    """Return the report's pictures, one below the other, twice as many pixels as a phone is wide.

    Raises: PngError.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise PngError(
            "a PNG needs matplotlib, which is not installed. Install it with "
            "`pip install 'keepcool[report]'`, or take --html, which needs nothing"
        )
    told = []
    for number, each in enumerate(report.told, 1):
        local = each.at.astimezone(report.span.zone)
        when = f"{number}  {local:%H:%M}" if report.span.days == 1 else f"{local:%a %H:%M}"
        told.append(f"{when}  {each.title}")
    plot = Plot(heading(report), tuple(sentences(report)), tuple(charts(report)), tuple(told))
    with tempfile.TemporaryDirectory() as folder:  # matplotlib wants a place for its font list
        try:
            done = subprocess.run(
                [sys.executable, "-m", "daemon.report.plot"],
                input=to_json(plot).encode(),
                capture_output=True,
                env={**os.environ, "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", folder)},
                timeout=LONGEST_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PngError(
                f"matplotlib took longer than {LONGEST_S:g} s. Take fewer rooms by --room, or "
                "--html, which is quick"
            ) from None
    if done.returncode or not done.stdout:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise PngError(f"matplotlib failed: {lines[-1] if lines else 'it said nothing'}")
    return done.stdout
