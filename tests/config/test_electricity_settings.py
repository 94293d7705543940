"""Test how the limit of power and dear times are set up, and what is refused about them."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from config.errors import SettingsError
from config.home import build_home, build_rooms
from policies.model import DearTime, Electricity
from tests.settings_texts import HOME_ASSISTANT, MINIMAL, load

AC = '[[room.cooling]]\nentity = "climate.a"\n'
FAN = '[[room.cooling]]\nentity = "fan.a"\n'
DRYER = '[[room.cooling]]\nentity = "humidifier.a"\n'
LIMIT = "[electricity]\nmax_cooling_power_w = 1500\n"
TOO_MUCH = (
    "room.cooling.power_w = 1501: is more than max_cooling_power_w, 1500 W: it could never run; "
    "raise the limit if the fuse allows it"
)
FOR_COMPRESSORS = (
    "room.cooling.power_w = 60: is for air conditioners and dehumidifiers only; take it out"
)
DEAR = '[[electricity.dear]]\nfrom = "17:00"\nuntil = "20:30"\n'


def refusals(folder: Path, text: str) -> list[str]:
    """Return what is wrong, without the place."""
    with pytest.raises(SettingsError) as caught:
        load(folder, MINIMAL + text + HOME_ASSISTANT)
    return [str(problem).split("  ", 1)[1] for problem in caught.value.problems]


def test_without_the_table_there_is_no_limit(tmp_path: Path) -> None:
    """Electricity is never dear, and any device may run."""
    settings = load(tmp_path, MINIMAL + AC + HOME_ASSISTANT)
    assert build_home(settings).electricity == Electricity()
    assert build_rooms(settings)[0].devices[0].power_w is None


def test_limit_and_dear_times_are_built(tmp_path: Path) -> None:
    """The home knows them, and each device what it draws."""
    settings = load(
        tmp_path, MINIMAL + AC + "power_w = 900\n" + FAN + LIMIT + DEAR + HOME_ASSISTANT
    )
    assert build_home(settings).electricity == Electricity(
        1500.0, (DearTime(time(17), time(20, 30)),)
    )
    assert [device.power_w for device in build_rooms(settings)[0].devices] == [900.0, None]


@pytest.mark.parametrize("device", [AC, DRYER], ids=["air conditioner", "dehumidifier"])
def test_with_a_limit_every_compressor_says_what_it_draws(tmp_path: Path, device: str) -> None:
    """Else the limit could not be kept."""
    (problem,) = refusals(tmp_path, device + LIMIT)
    assert problem == (
        "room.cooling.power_w: is missing, and max_cooling_power_w cannot be kept without it; "
        "add power_w = 900, or what the type plate says at most"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            AC + "power_w = 1501\n" + LIMIT,
            TOO_MUCH,
        ),
        (
            FAN + "power_w = 60\n",
            FOR_COMPRESSORS,
        ),
        (
            DEAR.replace("20:30", "17:00"),
            'electricity.dear.until = "17:00": from and until are the same; name when it ends',
        ),
        (AC + "power_w = 20\n", "room.cooling.power_w = 20: allowed 50 to 6000 W"),
        (
            LIMIT.replace("1500", "50"),
            "electricity.max_cooling_power_w = 50: allowed 100 to 20000 W",
        ),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    """Each with what is allowed or what to do."""
    assert refusals(tmp_path, text) == [expected]


def test_a_power_at_the_limit_may_run(tmp_path: Path) -> None:
    """The limit is what is allowed, not what is too much."""
    settings = load(tmp_path, MINIMAL + AC + "power_w = 1500\n" + LIMIT + HOME_ASSISTANT)
    assert build_rooms(settings)[0].devices[0].power_w == 1500.0
