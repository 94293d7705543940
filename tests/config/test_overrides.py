"""Settings can be changed one by one from the command line, and are checked as ever."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from config.errors import SettingsError
from config.settings import Settings, load_settings
from tests.settings_texts import HOME, HOME_ASSISTANT, MINIMAL, PERSON, ROOM, write

COOLED = """\
[[room.cooling]]
entity = "climate.bedroom"
"""


def load(folder: Path, *changes: str, text: str = MINIMAL) -> Settings:
    """Load the settings with changes."""
    return load_settings(
        write(folder, text),
        environ={},
        credentials_directory=None,
        require_secrets=False,
        changes=changes,
    )


def refusal(folder: Path, *changes: str) -> str:
    """Return what is said of changes that are refused."""
    with pytest.raises(SettingsError) as refused:
        load(folder, *changes)
    return str(refused.value)


def test_person_is_named_by_id(tmp_path: Path) -> None:
    """Numbers, times and texts are written as in the file; times and texts need no quotes."""
    settings = load(
        tmp_path,
        "person.anna.level_1_c=25",
        "person.anna.brief_at=07:30",
        'person.anna.name = "Anna B."',
        "thresholds.planning_horizon_h=10",
        "home.name=Our flat",
    )
    anna = settings.people[0]
    assert (anna.level_1_c, anna.brief_at, anna.name) == (25.0, time(7, 30), "Anna B.")
    assert settings.thresholds.planning_horizon_h == 10
    assert settings.home.name == "Our flat"


def test_device_is_named_by_its_own_id_or_the_one_made_of_its_entity(tmp_path: Path) -> None:
    """A table within a room is found as its device is called elsewhere."""
    text = HOME + HOME_ASSISTANT + PERSON + ROOM + COOLED
    settings = load(tmp_path, "room.bedroom.cooling.climate-bedroom.target_day_c=22", text=text)
    assert settings.rooms[0].cooling[0].target_day_c == 22.0
    settings = load(tmp_path, "room.bedroom.cooling.ac.target_day_c=23", text=text + 'id = "ac"\n')
    assert settings.rooms[0].cooling[0].target_day_c == 23.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "person.anna.level_1_c=45",
            "--set person.anna.level_1_c  person.level_1_c = 45: allowed 23 to 28 °C",
        ),
        (
            "person.anna.levl_1_c=25",
            "--set person.anna.levl_1_c  unknown key 'levl_1_c' in person; nearest key level_1_c",
        ),
        ("person.bob.level_1_c=25", "there is no person 'bob'; there is anna"),
        ("carer.bob.name=Bob", "there is no [[carer]] in the file"),
        ("person.anna=3", "names no key; name a key in it: announcer, "),
        ("home=3", "home is a table; name a key in it: country, "),
        ("home.name.x=3", "name is no table; end the key at name"),
        ("planet=Mars", "unknown key 'planet' in the settings; allowed there: carer, "),
        ("home.name", "--set home.name  says no value; write KEY=VALUE"),
        ("=3", "unknown key '' in the settings"),
        (
            "person.anna.level_2_c=26",
            "level_1_c is 26 and level_2_c is 26; they must rise: level_1_c < level_2_c",
        ),
    ],
)
def test_wrong_change_names_key_and_what_is_allowed(tmp_path: Path, change: str, said: str) -> None:
    """What is refused says which change it was and what to write instead."""
    assert said in refusal(tmp_path, change)


def test_all_wrong_changes_are_told_at_once(tmp_path: Path) -> None:
    """Two mistakes are two lines, and the file stays as it was."""
    told = refusal(tmp_path, "person.anna.level_1_c=45", "person.bob.level_1_c=25")
    assert len(told.splitlines()) == 2
    assert (tmp_path / "keepcool.toml").read_text() == MINIMAL
