"""Score the room model on two short recordings; docs/room_model.md has all of them."""

from __future__ import annotations

from pathlib import Path

from daemon.room_csv import read_indoor, read_outdoor
from daemon.room_score import RoomScore, RoomTask, score_room
from policies.room_forecast import Predictor
from tests.room_recordings import RECORDINGS, write_recording


def score(shared_data: Path, folder: Path, name: str, room: str) -> RoomScore:
    """Return the score of one room of a recording, by the files that the command reads."""
    recording = next(recording for recording in RECORDINGS if recording.name == name)
    indoor, outdoor = write_recording(recording, shared_data, folder)
    rooms, weather = read_indoor(indoor), read_outdoor(outdoor)
    assert rooms.faults == weather.faults == []
    series = weather.series
    return score_room(
        RoomTask(room, rooms.series[room], series["temperature_c"], series["ghi_w_m2"])
    )


def ratio(score: RoomScore, ahead_h: int, simple: str) -> float:
    """Return keepcool's error as a part of a simple predictor's."""
    sums = score.horizons[ahead_h].sums_k
    return sums["keepcool"] / sums[simple]


def test_hot_home_is_foretold_better_than_by_yesterday(shared_data: Path, tmp_path: Path) -> None:
    """Home C: 24 h under 0.6 of "yesterday", 6 h under 0.3 of "now", and an honest band."""
    found = score(shared_data, tmp_path, "baltimore", "C")
    assert found.starts > 120
    assert ratio(found, 24, "yesterday") < 0.6
    assert ratio(found, 6, "persistence") < 0.3
    coverage = sum(found.covered.values()) / sum(tally.count for tally in found.horizons.values())
    assert 0.75 <= coverage <= 0.85
    assert found.used[24][Predictor.ROOM_MODEL.value] > 0.7 * found.horizons[24].count


def test_heated_winter_is_not_worse_than_yesterday(shared_data: Path, tmp_path: Path) -> None:
    """With a heating that nobody told of, 24 h are as good as "yesterday" within 5 %."""
    found = score(shared_data, tmp_path, "darkgreybox", "house")
    assert ratio(found, 24, "yesterday") < 1.05
    assert found.used[48][Predictor.YESTERDAY.value] > 0.3 * found.horizons[48].count
