"""Driving the daemon by somebody else's clock."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from daemon.events import LinkChanged, MessageReceived, StopRequested
from daemon.stepping import SteppedClock, advance, run_stepped, settle
from tests.loop_home import READING_TOPIC, TOPICS, LoopHome, TwoClocks

START = datetime(2026, 7, 14, 13, 0, tzinfo=UTC)


class SteppedHome(LoopHome):
    """Be a home whose clock only its driver moves."""

    stepped: SteppedClock

    @classmethod
    def build(cls, folder: Path) -> SteppedHome:
        """Return one at the start of the scenario."""
        clock = SteppedClock(START)
        home = cls(folder, clock=clock)  # type: ignore[arg-type] # the daemon's side is the same
        home.stepped = clock
        home.daemon.state.set_link("mqtt", clock.now(), is_up=True)
        return home


@pytest.fixture
def home(tmp_path: Path) -> SteppedHome:
    """Return a home driven step by step."""
    return SteppedHome.build(tmp_path)


def test_what_was_sent_before_a_step_is_handled_before_it(home: SteppedHome) -> None:
    """A reading belongs to the moment at which it was published."""
    payload = b'{"temperature": 30.2}'
    home.daemon.parts.inbox.post(MessageReceived(READING_TOPIC, payload, False, 0.0))  # noqa: FBT003
    advance(home.daemon, home.stepped, START + timedelta(minutes=20))
    track = home.daemon.state.sensing.tracks["living-sensor"]
    assert track.freshness.heard_at_s == START.timestamp()
    assert home.stepped.now().utc == START + timedelta(minutes=20)


def test_time_passes_tick_by_tick(home: SteppedHome) -> None:
    """A jump of an hour is an hour of ticks: what is due in between is done in between."""
    ticks: list[float] = []
    daemon = home.daemon
    decide = home.decide

    def note(snapshot):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        ticks.append(snapshot.now_utc.timestamp())
        return decide(snapshot)

    home.decide = note
    advance(daemon, home.stepped, START + timedelta(hours=1))
    gaps = [late - early for early, late in pairwise(ticks)]
    assert len(ticks) >= 359
    assert max(gaps) <= 10.0


def test_driver_is_answered_when_the_daemon_is_idle_and_ends_it(home: SteppedHome) -> None:
    """One line in, one line out; the end of the pipe stops the daemon."""
    home.daemon.parts.inbox.post(LinkChanged("mqtt", is_up=True))
    steps = [START + timedelta(minutes=minutes) for minutes in (10, 20)]
    requests = io.StringIO(
        "".join(json.dumps({"advance_to": at.isoformat()}) + "\n" for at in steps)
    )
    answers = io.StringIO()
    run_stepped(home.daemon, home.stepped, requests, answers)
    idle = [json.loads(line)["idle"] for line in answers.getvalue().splitlines()]
    assert idle == [at.isoformat() for at in (START, *steps)]
    assert home.broker.retained[TOPICS.status] == "offline"


@pytest.mark.parametrize("how", ["told", "signal"])
def test_driver_or_signal_stops_a_stepped_daemon(home: SteppedHome, how: str) -> None:
    """A stop leaves later requests unanswered."""
    far = json.dumps({"advance_to": (START + timedelta(hours=1)).isoformat()}) + "\n"
    text = json.dumps({"stop": True}) + "\n" + far if how == "told" else far + far
    answers = io.StringIO()
    if how == "signal":
        home.daemon.parts.inbox.post(StopRequested("SIGTERM"))
    run_stepped(home.daemon, home.stepped, io.StringIO(text), answers)
    assert len(answers.getvalue().splitlines()) == (1 if how == "told" else 2)
    assert home.broker.retained[TOPICS.status] == "offline"


def test_daemon_that_never_rests_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scenario fails with words instead of hanging."""
    home = LoopHome(tmp_path, clock=TwoClocks())
    monkeypatch.setattr("daemon.stepping.SETTLE_TIMEOUT_S", 0.02)
    home.workers["phone"].is_idle = False
    with pytest.raises(TimeoutError, match="did not come to rest"):
        settle(home.daemon)
