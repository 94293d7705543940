"""Build what draws the rooms' pictures, and name where Home Assistant serves them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

import structlog

from config.picture_fields import served_path
from config.settings import Settings
from daemon import dashboard
from daemon.chart import Chart
from daemon.chart.raster import draw_png
from daemon.pictures import Draw
from integrations.discovery import Household, announcements

log = structlog.get_logger()


def picture_paths(household: Household) -> Mapping[str, str]:
    """Return the path of each room's picture, by the entity id that is proposed for it."""
    announced = [json.loads(each.payload) for each in announcements(household, {}) if each.payload]
    ids = dashboard.read_ids(announced, household.home_id)
    return {
        room_id: f"/api/image_proxy/{ids[f'room:{room_id}']['next_24_hours']}"
        for room_id in household.picture_rooms
        if household.prefix is not None
    }


def build_draw(settings: Settings, household: Household) -> Draw | None:
    """Return what draws a picture on a worker, and lays it into the folder that is named."""
    if not household.picture_rooms:
        return None
    home_assistant = settings.home_assistant
    named = home_assistant.picture_folder if home_assistant is not None else None
    if named is None:
        return lambda _room_id, chart: (draw_png(chart), None)
    folder = PictureFolder(Path(named))
    return folder.draw


class PictureFolder:
    """Write pictures where Home Assistant serves files. Used by one worker."""

    def __init__(self, folder: Path) -> None:
        """Take a folder that is, or lies in, Home Assistant's `www` or media folder."""
        self._folder = folder
        self._is_failing = False

    def draw(self, room_id: str, chart: Chart) -> tuple[bytes, str | None]:
        """Return the picture, and its path unless the folder does not take it."""
        data = draw_png(chart)
        name = f"keepcool_{room_id}.png"
        new = self._folder / f".{name}.new"
        try:
            new.unlink(missing_ok=True)
            with new.open("xb") as file:  # nothing that others laid there is written through
                file.write(data)
                os.fchmod(file.fileno(), 0o644)  # Home Assistant is another user
            os.replace(new, self._folder / name)  # noqa: PTH105 - never half a picture
        except OSError as error:
            if not self._is_failing:  # said once; the image entity stands in
                log.warning("picture.not_written", folder=str(self._folder), error=error.strerror)
            self._is_failing = True
            return data, None
        self._is_failing = False
        # Phones and browsers keep what has the same address.
        return data, f"{served_path(str(self._folder))}/{name}?v={time.time():.0f}"
