"""A file of answers is checked like the settings: everything wrong at once, with line and cure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.answers import load_answers
from config.errors import SettingsError

REPOSITORY = Path(__file__).resolve().parents[2]
LEAST = '[mqtt]\nhost = "localhost"\n[[person]]\nname = "Anna"\n'


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    """Write a file of answers."""
    path = folder / "answers.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def problems_of(folder: Path, text: str, mode: int = 0o600) -> str:
    """Return what is wrong with a file of answers."""
    with pytest.raises(SettingsError) as caught:
        load_answers(write(folder, text, mode))
    return str(caught.value).replace(f"{folder}/", "")


def test_a_name_and_a_road_are_enough(tmp_path: Path) -> None:
    """A person's name and a broker are complete answers."""
    answers = load_answers(write(tmp_path, LEAST)).answers
    assert answers.people[0].name == "Anna"
    assert (answers.rooms, answers.home_assistant, answers.listen_s) == (None, None, 20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LEAST + 'wake_at = "7"', 'answers.toml:5  person.wake_at = "7": is not a time of day'),
        (LEAST + "fluid_restrict = true", "nearest key fluid_restricted"),
        (LEAST + "[[room]]\nname = 5", "answers.toml:6  room.name = 5: is not text"),
        ("listen_s = 900\n" + LEAST, "answers.toml:1  listen_s = 900: allowed 1 to 600 s, or 0"),
        ('[mqtt]\nhost = "x"', "[person]: is missing"),
        ('person = []\n[mqtt]\nhost = "x"', "person: is missing"),
        ('[[person]]\nname = "Anna"', "neither broker nor Home Assistant; add [mqtt]"),
        ('[mqtt]\nhost = "a:1"\n[[person]]\nname = "Anna"', 'write host = "a" and port = 1'),
        (LEAST + '[home_assistant]\nurl = "http://h"', "home_assistant: has no token"),
        (LEAST.replace("[[", 'username = "k"\n[['), "mqtt.username = "),
        (LEAST + '[home]\ncountry = "KE"', "answers.toml:6  home.country = "),
        (LEAST + 'second_road = ""', "answers.toml:5  person.second_road: is empty; put one"),
        (
            LEAST + '[[carer]]\nname = "B"\nsecond_road = "changeme"',
            "second_road: is a placeholder",
        ),
        (LEAST.replace("[[", 'password = "hunter22"\n[['), "stands without a username"),
        (LEAST.replace("localhost", "mqtt.example.org"), "mqtt.host = "),
        (
            LEAST + '[home_assistant]\nurl = "http://ha.example.org"\ntoken = "abc.def"',
            "over http:// everyone on the way can read along; write https://",
        ),
        (LEAST + '[weather]\nbase_url = "http://weather.example.org"', "weather.base_url = "),
        (LEAST + '[[person.phone]]\nservice = "notify.x"', "notify.mobile_app_<phone>"),
        (LEAST + '[[room]]\nname = "A"\n[[room.cooling]]\nentity = "light.x"', "never commanded"),
    ],
)
def test_wrong_answers_are_told_with_their_line(tmp_path: Path, text: str, expected: str) -> None:
    """Each wrong answer is told with file, line, key and what is allowed."""
    told = problems_of(tmp_path, text)
    assert expected.removesuffix(" = ") in told, told


def test_plain_text_is_refused_beside_other_mistakes(tmp_path: Path) -> None:
    """A secret that would travel in the clear is told also where another answer is wrong."""
    told = problems_of(tmp_path, LEAST.replace("localhost", "mqtt.example.org") + 'bed_at = "x"')
    assert "mqtt.host" in told
    assert "bed_at" in told


def test_plain_text_may_be_accepted(tmp_path: Path) -> None:
    """Who says that plain text is all right is not refused."""
    text = LEAST.replace('"localhost"', '"mqtt.example.org"\nallow_plaintext = true')
    assert load_answers(write(tmp_path, text)).answers.mqtt is not None


def test_absent_file_is_told(tmp_path: Path) -> None:
    """A file of answers that is not there is named."""
    with pytest.raises(SettingsError, match=r"nowhere.toml  there is no such file"):
        load_answers(tmp_path / "nowhere.toml")


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    """Several wrong answers come in one go."""
    told = problems_of(tmp_path, LEAST + 'bed_at = "x"\n[home]\nlatitude_deg = 91')
    assert len(told.splitlines()) == 2


def test_secret_in_an_open_file_is_refused(tmp_path: Path) -> None:
    """A token in a file that others can read is refused, not shown; a closed file may hold it."""
    text = LEAST + '[home_assistant]\nurl = "http://h"\ntoken = "abc.def"\n'
    told = problems_of(tmp_path, text, 0o644)
    assert "home_assistant.token: is a secret" in told
    assert "chmod 600" in told
    assert "abc.def" not in told
    assert load_answers(write(tmp_path, text)).answers.home_assistant is not None


def test_named_secret_is_read_beside_the_answers(tmp_path: Path) -> None:
    """A file of a secret is found from where the answers lie; an absent one is told."""
    text = LEAST.replace("[[", 'username = "k"\npassword_file = "p"\n[[')
    loaded = load_answers(write(tmp_path, text))
    path = ("mqtt", "password_file")
    with pytest.raises(SettingsError, match="there is no file"):
        loaded.secret(path, None, "p")
    (tmp_path / "p").write_text("hunter22\n")
    (tmp_path / "p").chmod(0o600)
    assert loaded.secret(path, None, "p") == "hunter22"
    (tmp_path / "p").write_text("changeme\n")
    with pytest.raises(SettingsError, match="is a placeholder; write the real one there"):
        loaded.secret(path, None, "p")


def test_the_page_shows_answers_that_load(tmp_path: Path) -> None:
    """The example of docs/init.md is accepted, also with what is switched off in it."""
    (text,) = re.findall(
        r"```toml\n(.*?)```", (REPOSITORY / "docs" / "init.md").read_text(), re.DOTALL
    )
    assert load_answers(write(tmp_path, text)).answers.test_push
    full = re.sub(r"^# (?=\w+ = |\[weather)", "", text, flags=re.MULTILINE)
    answers = load_answers(write(tmp_path, full)).answers
    assert answers.rooms is not None
    assert answers.rooms[0].cooling[0].facing_deg == 180
