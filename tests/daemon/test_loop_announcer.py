"""What the loop does with a speaker in the home: the last channel, for what is critical alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.outbox import STARTING_S
from integrations.errors import PermanentError, TransientError
from policies.alert import AlertKey
from policies.model import Announcer
from tests.builders import a_person
from tests.loop_home import TOPICS, FakeAnnouncer, FakeHeartbeat, FakeRoad, LoopHome

VERY_HOT_C = 36.0  # feels like 39
HEAT = AlertKey("heat", "anna", 1)
TITLE = "Get out of the heat: living room 39°"
CHANNEL = "anna:announcer:media_player.bedroom"
SPEAKER = Announcer(CHANNEL, "media_player.bedroom", "tts.piper")
LINK = "announcer:anna:media_player.bedroom"
OF_SPEAKER = f"FROM outbox WHERE channel_id='{CHANNEL}'"
AWAY = TransientError("media_player.bedroom is not available in Home Assistant")
DEAD = TransientError("no internet")


@pytest.fixture
def speaker() -> FakeAnnouncer:
    """Return the speaker."""
    return FakeAnnouncer()


@pytest.fixture
def home(tmp_path: Path, speaker: FakeAnnouncer) -> LoopHome:
    """Return a home without the internet: the push is accepted and lost, the second road fails."""
    anna = replace(a_person(second_roads=("anna:second_road:1",)), announcers=(SPEAKER,))
    road, beats = FakeRoad(error=DEAD), FakeHeartbeat()
    return LoopHome(tmp_path, people=(anna,), second_road=road, announcer=speaker, heartbeat=beats)


def test_fault_45_home_speaks_when_nobody_confirms(home: LoopHome, speaker: FakeAnnouncer) -> None:
    """After two minutes, at each repeat, with what to do first; short, without the fixed texts."""
    home.read(VERY_HOT_C)
    for at_s, said in [(119, 0), (121, 1), (599, 1), (601, 2), (1201, 3)]:
        home.run(at_s - (home.clock.boot - home_start(home)))
        assert (at_s, len(speaker.said)) == (at_s, said)
    first = speaker.said[0]
    assert (first.entity_id, first.voice_id) == (SPEAKER.entity_id, SPEAKER.voice_id)
    assert first.title == TITLE
    assert "112" not in first.body
    records = home.daemon.parts.store.load_pushes(home.clock.utc - timedelta(days=1))
    told = [record for record in records if record.policy == "heat"]
    assert len(told) == len(home.phone.about("heat"))  # a speaker costs no budget


def home_start(home: LoopHome) -> float:
    """Return when the alert was first told, on the boot clock."""
    (alert,) = [alert for alert in home.daemon.decision.alerts if alert.key == HEAT]
    assert alert.climb is not None
    return home.clock.boot - alert.climb.since_first.total_seconds()


def test_fault_45_answer_ends_it(home: LoopHome, speaker: FakeAnnouncer) -> None:
    """Whoever pressed is not spoken to again."""
    home.read(VERY_HOT_C)
    home.run(130)
    home.press(home.phone.about("heat")[0])
    home.run(3600)
    assert len(speaker.said) == 1


def test_fault_45_late_voice_is_silent_once_it_is_answered(
    home: LoopHome, speaker: FakeAnnouncer
) -> None:
    """A speaker that was away is tried until somebody answers, over a restart; never after it."""
    speaker.error = AWAY
    home.read(VERY_HOT_C)
    home.run(300)
    assert home.links()[LINK] == (False, str(AWAY))
    assert f'"{LINK}"' in home.broker.retained[TOPICS.home_state]
    home.restart()
    home.read(VERY_HOT_C)
    speaker.error = None
    home.run(61)
    assert [message.title for message in speaker.said] == [TITLE]
    assert home.links()[LINK] == (True, "")
    speaker.error = AWAY
    home.run(400)  # a repeat fell due
    home.press(home.phone.about("heat")[-1])
    speaker.error = None
    home.run(600)
    assert len(speaker.said) == 1
    states = home.rows(f"SELECT state {OF_SPEAKER} ORDER BY rowid")
    assert states == [("sent",), ("expired",)]  # on record


def test_fault_45_speaker_that_spoke_proves_nothing(home: LoopHome, speaker: FakeAnnouncer) -> None:
    """Urgent stays urgent: nobody may have heard it, so that keepcool's silence still tells."""
    home.phone.error = home.house.error = DEAD
    home.read(VERY_HOT_C)
    home.run(400)
    assert speaker.said
    assert f'"unheard":["{HEAT.tag}"]' in home.broker.retained[TOPICS.home_state]
    assert home.heartbeat is not None
    beats = home.heartbeat.beats
    home.run(600)
    assert home.heartbeat.beats == beats


def test_refused_voice_is_probed_not_hammered(home: LoopHome, speaker: FakeAnnouncer) -> None:
    """A service that Home Assistant does not have is tried each five minutes, and shown."""
    speaker.error = PermanentError("Home Assistant has no tts.speak")
    home.run(STARTING_S)  # before, it may only not have it yet
    home.read(VERY_HOT_C)
    home.run(400)
    (row,) = home.rows(f"SELECT attempts {OF_SPEAKER}")
    assert row == (1,)
    assert not home.links()[LINK][0]


def test_warning_is_never_said_aloud(home: LoopHome, speaker: FakeAnnouncer) -> None:
    """What is not critical stays on the phone, however long nobody answers."""
    home.read(30.2)
    home.run(840)
    assert home.phone.about("heat")
    assert speaker.said == []
