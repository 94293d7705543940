"""Start the daemon with the household's settings, or in basic mode when those end it each time."""

from __future__ import annotations

import functools
import hashlib
import os
import threading
from dataclasses import replace
from pathlib import Path

import structlog

from config import kept
from config.errors import SettingsError
from config.settings import Settings, find_state_directory, load_settings
from config.source import read_text
from daemon.basic_mode import Start
from daemon.bootstrap import running
from daemon.bootstrap.errors import StartError
from daemon.clock import SystemClock

log = structlog.get_logger()


def run(config_path: Path) -> None:
    """Run until SIGTERM or SIGINT. Raises: SettingsError, StartError."""
    try:
        text = read_text(config_path)
    except SettingsError:
        text = None  # loading says what is wrong with the file
    folder = find_state_directory(config_path, os.environ)
    if not folder.is_dir():
        _load(config_path, text)  # refused settings leave nothing behind
    with running.only_instance(folder):
        clock = SystemClock()
        fingerprint = hashlib.sha256((text or "").encode()).hexdigest()
        start = Start.begin(folder, clock.now().boot_id, fingerprint)
        try:
            settings = _load_for(start, config_path, text, folder)
            running.run(settings, clock, start)
        except (SettingsError, StartError) as error:
            start.note_failed(str(error).partition("\n")[0])
            raise
        except Exception as error:  # the main thread's: its traceback is in the journal
            start.note_failed(type(error).__name__)
            raise


def _load_for(start: Start, path: Path, text: str | None, folder: Path) -> Settings:
    """Load what this start runs on. Raises: SettingsError."""
    if start.is_basic_due:
        settings = _load_kept(path, folder)
        if settings is not None:
            start.is_basic = True
            log.warning("daemon.basic_mode", cause=start.earlier.describe())
            return replace(settings, state_directory=folder)
        log.error("daemon.no_basic_mode", cause=start.earlier.describe(), cure=_CURE)
    settings = _load(path, text)
    if text is not None:
        found = kept.capture(settings, text, os.environ)
        keep = functools.partial(_keep, folder, found)
        # On a thread of its own: a slow card must not hold up the loop.
        start.keep = threading.Thread(target=keep, name="keep-settings", daemon=True).start
    return settings


_CURE = "no settings that ran are kept: mend what `keepcool check` names"


def _load_kept(path: Path, folder: Path) -> Settings | None:
    """Load the last settings that ran; `None` without any, or when this version refuses them."""
    found = kept.read_kept(folder)
    if found is None:
        return None
    try:
        return kept.load_kept(found, path, os.environ)
    except SettingsError as error:
        log.exception("settings.kept_refused", error=str(error))
        return None


def _keep(folder: Path, found: kept.Kept) -> None:
    try:
        kept.write_kept(folder, found)
    except OSError as error:
        log.warning("settings.not_kept", error=str(error))
        return
    log.info("settings.kept")


def _load(path: Path, text: str | None) -> Settings:
    """Load the household's settings. Raises: SettingsError."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return load_settings(
        path,
        environ=os.environ,
        credentials_directory=Path(credentials) if credentials else None,
        require_secrets=True,
        text=text,
    )
