"""Speakers and lights in the settings: two domains, each with what it needs, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.home import build_people
from daemon import bootstrap
from daemon.check_rows import Status
from daemon.demo.fake_home_assistant import FakeHomeAssistant
from policies.model import Announcer
from tests.config.test_credentials import put
from tests.settings_texts import HOME, HOME_ASSISTANT, PERSON, ROOM, load, refusal, write

SPEAKER = '[[person.announcer]]\nentity = "media_player.bedroom"\ntts = "tts.piper"\n'
LIGHT = '[[person.announcer]]\nentity = "light.hall"\n'
FOREIGN = ("switch.siren", "scene.alarm", "script.shout", "lock.door", "alarm_control_panel.home")


def with_announcers(text: str, home_assistant: str = HOME_ASSISTANT) -> str:
    """Return settings in which something speaks to Anna at home."""
    return HOME + PERSON + text + ROOM + home_assistant


def refused(folder: Path, text: str, home_assistant: str = HOME_ASSISTANT) -> list[str]:
    """Return what is wrong, without the place of it."""
    lines = refusal(folder, with_announcers(text, home_assistant))
    return [line.partition("  ")[2] for line in lines]


def test_speaker_and_light_are_built(tmp_path: Path) -> None:
    """Each is a channel of its own, in the order of the file."""
    (anna,) = build_people(load(tmp_path, with_announcers(SPEAKER + LIGHT)))
    assert anna.announcers == (
        Announcer("anna:announcer:media_player.bedroom", "media_player.bedroom", "tts.piper"),
        Announcer("anna:announcer:light.hall", "light.hall"),
    )


@pytest.mark.parametrize("entity", [*FOREIGN, "light", "light.", "light.Bed room", "tts.x"])
def test_fault_70_announcer_of_a_foreign_domain(tmp_path: Path, entity: str) -> None:
    """Nothing but a light or a speaker is used to tell something."""
    text = f'[[person.announcer]]\nentity = "{entity}"\n'
    assert refused(tmp_path, text) == [
        (
            f'person.announcer.entity = "{entity}": neither lights nor speaks; '
            'allowed light.*, media_player.*; for example "media_player.bedroom"'
        )
    ]


@pytest.mark.parametrize("voice", ["media_player.bedroom", "notify.x", "tts", "tts.a.b"])
def test_fault_70_voice_that_is_none(tmp_path: Path, voice: str) -> None:
    """Only an entity of Home Assistant's tts makes speech of a text."""
    text = f'[[person.announcer]]\nentity = "media_player.bedroom"\ntts = "{voice}"\n'
    assert refused(tmp_path, text) == [
        (
            f'person.announcer.tts = "{voice}": is not a voice; allowed tts.*; '
            'for example "tts.piper"'
        )
    ]


def test_speaker_needs_a_voice_and_a_light_has_none(tmp_path: Path) -> None:
    """Both are told together, each with its cure."""
    dumb = '[[person.announcer]]\nentity = "media_player.bedroom"\n'
    assert refused(tmp_path, dumb + LIGHT + 'tts = "tts.piper"\n') == [
        (
            "person.announcer.tts: a speaker needs a voice that makes speech of a text; "
            'add tts = "tts.piper", or another that works without the internet'
        ),
        'person.announcer.tts = "tts.piper": a light has no voice; take it out',
    ]


def test_announcer_twice_or_without_home_assistant(tmp_path: Path) -> None:
    """One speaker does not say it twice, and none is reached without Home Assistant."""
    assert refused(tmp_path, LIGHT * 2) == [
        'person.announcer.entity = "light.hall": is there twice for this person; take one out'
    ]
    (problem,) = refused(tmp_path, LIGHT, "")
    assert problem.startswith('person.announcer.entity = "light.hall": needs [home_assistant]')


def test_check_looks_for_speaker_and_voice(tmp_path: Path) -> None:
    """`check --online` asks Home Assistant for both; a voice that never spoke is no fault."""
    with FakeHomeAssistant() as house:
        house.set_state("media_player.bedroom", "idle")
        house.set_state("tts.piper", "unknown")
        put(tmp_path, "token", house.token)
        road = f'[home_assistant]\nurl = "{house.url}"\ntoken_file = "token"\n'
        no_weather = '[weather]\nbase_url = "http://127.0.0.1:1"\n'
        no_broker = '[mqtt]\nhost = "127.0.0.1"\nport = 1\n'
        text = with_announcers(SPEAKER + LIGHT, road + no_weather + no_broker)
        report = bootstrap.check(write(tmp_path, text), is_online=True)
    rows = {row.name: (row.status, row.what) for row in report.rows}
    assert rows["announcer media_player.bedroom (Anna)"] == (Status.OK, "idle")
    assert rows["voice tts.piper (Anna)"] == (Status.OK, "unknown")
    lost = rows["announcer light.hall (Anna)"]
    assert lost == (Status.RED, "Home Assistant does not know this entity")
