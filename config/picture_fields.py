"""Check where pictures are laid for Home Assistant to serve."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from config.errors import refuse
from config.fields import as_text


def check_picture_folder(value: object) -> str:
    """Return a folder of Home Assistant from which it serves files."""
    text = as_text(value)
    if not text.startswith("/") or served_path(text) is None:
        raise refuse(
            "is no folder that Home Assistant serves",
            allowed="its media or www folder, or one inside, with its whole path",
            fix='for example "/srv/homeassistant/media"',
        )
    return text


def served_path(folder: str) -> str | None:
    """Return under which path Home Assistant serves a folder, `None` if it does not.

    Source: home-assistant.io, "HTTP" (www is /local) and "Media source" (media is /media/local).

    >>> served_path("/config/www/keepcool/")
    '/local/keepcool'
    """
    parts = folder.strip("/").split("/")
    for name, path in (("www", "/local"), ("media", "/media/local")):
        if name in parts:
            inside = parts[len(parts) - parts[::-1].index(name) :]
            return "/".join([path, *inside])
    return None


PictureFolder = Annotated[str, BeforeValidator(check_picture_folder)]
