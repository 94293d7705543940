"""A room's picture in a real Home Assistant: its image entity, and what a phone fetches."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.home import Home
from tests.e2e.household import Household
from tests.waiting import wait_until

SOON_S = 30.0
ENTITY = "image.keepcool_living_room_next_24_hours"


def _is_shown(home: Home) -> bool:
    return home.api.state(ENTITY)["state"] not in {None, "unknown", "unavailable"}


def test_the_room_has_a_picture_and_a_warning_names_it(home: Home, tmp_path: Path) -> None:
    """Home Assistant serves the PNG, to a dashboard and, with the login, to the phone."""
    with Household(home, tmp_path, home.android).running() as daemon:
        home.say_room(24.0)
        wait_until(lambda: _is_shown(home), SOON_S, what="a picture")
        kind, picture = home.api.download(f"/api/image_proxy/{ENTITY}")
        assert kind == "image/png"
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 64_000
        home.say_room(30.2)
        wait_until(lambda: home.android.about("heat"), SOON_S, what="a push")
        path = home.android.about("heat")[0].data["image"]
        assert path == f"/api/image_proxy/{ENTITY}"
        wait_until(
            lambda: home.api.download(path)[1] != picture, SOON_S, what="a picture of what is now"
        )
        assert daemon.stop() == 0


def test_a_folder_of_home_assistant_serves_it_too(home: Home, tmp_path: Path) -> None:
    """What lies in its www folder comes under /local, as the push says."""
    folder = home.process.folder / "www" / "keepcool"
    folder.mkdir(parents=True, exist_ok=True)
    household = Household(home, tmp_path, home.android, picture_folder=str(folder))
    with household.running() as daemon:
        home.say_room(24.0)
        wait_until(lambda: _is_shown(home), SOON_S, what="a picture")
        home.say_room(30.2)
        wait_until(lambda: home.android.about("heat"), SOON_S, what="a push")
        path = home.android.about("heat")[0].data["image"]
        assert path.startswith("/local/keepcool/keepcool_living_room.png?v=")
        assert home.api.download(path)[1].startswith(b"\x89PNG")
        assert daemon.stop() == 0
