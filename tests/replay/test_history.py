"""A replay can be made of what a daemon recorded itself."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daemon.cli import main
from daemon.records import HistoryRow
from daemon.replay.history import read_history
from daemon.room_csv import RecordingError
from daemon.store import DATABASE_NAME
from policies.model import Forecast, HourlyForecast
from policies.plausibility import INDOORS
from tests.builders import a_home
from tests.loop_home import FakeWeather, LoopHome, TwoClocks
from tests.opened import open_store
from tests.replay.homes import SETTINGS, write_settings

START = datetime(2026, 7, 13, 22, tzinfo=UTC)
HISTORY = SETTINGS.replace(
    'topic = "zigbee2mqtt/living"', 'topic = "zigbee2mqtt/living"\nid = "living-sensor"'
)


def indoor_c(hour: float) -> float:
    """Return a room that is warmest at 16 h UTC, over 29 °C for some hours."""
    return 27.0 + 3.5 * math.sin(2 * math.pi * (hour - 12) / 24)


def a_forecast() -> Forecast:
    """Return three days that are as warm as the room."""
    hours = (HourlyForecast(START + timedelta(hours=n), indoor_c(n) + 1.0) for n in range(72))
    return Forecast("fake", START, tuple(hours))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a real loop that lived for a day and a half."""
    folder = tmp_path_factory.mktemp("lived")
    home = LoopHome(
        folder,
        home=a_home(),
        clock=TwoClocks(START),
        weather=(FakeWeather(a_forecast()),),
        is_learning=True,
        maximum_step_c_per_min=INDOORS.maximum_step_c_per_min,
    )
    for step in range(36 * 6):
        home.say(("zigbee2mqtt/living", json.dumps({"temperature": indoor_c(step / 6)})))
        home.run(600, step_s=300)
    home.daemon.stop()
    return folder


def replay(config: Path, *options: str) -> Result:
    """Run the command on the database that the settings name."""
    return CliRunner().invoke(main, ["replay", "--config", str(config), "--from-history", *options])


def settings(folder: Path, lived: Path, text: str = HISTORY) -> Path:
    """Write settings whose state is in a folder."""
    return write_settings(folder, f'{text}\n[storage]\nstate_directory = "{lived}"\n')


def test_daemons_own_past_is_replayed(tmp_path: Path, lived: Path) -> None:
    """Its readings are all there, and its weather; what is read is left as it was."""
    before = (lived / DATABASE_NAME).read_bytes()
    result = replay(settings(tmp_path, lived), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["days"] == pytest.approx(1.5, abs=0.05)
    assert found["too_hot"]["spells"] == 1
    assert found["too_hot"]["announced_spells"] == 1
    assert "216 readings of 1.5 days" in result.stderr
    assert "no weather" not in result.stderr
    assert (lived / DATABASE_NAME).read_bytes() == before


def test_readings_and_weather_are_those_of_the_daemon(lived: Path) -> None:
    """Values are as they were heard, hours as they were expected."""
    sensors, weather = read_history(lived / DATABASE_NAME)
    assert set(sensors) == {"living-sensor"}
    sample = sensors["living-sensor"].at((START + timedelta(hours=6, minutes=1)).timestamp())
    assert sample is not None
    assert sample.temperature_c == pytest.approx(indoor_c(6), abs=0.006)
    assert weather is not None
    present = int(START.timestamp()) // 3600
    assert weather.outdoor_c(present + 6) == pytest.approx(indoor_c(6) + 1.0, abs=0.006)
    assert weather.outdoor_c(present + 71) is not None  # what the last forecast says of later
    assert weather.outdoor_c(present + 72) is None


def test_a_reading_of_a_clock_that_ran_ahead_is_left_out(tmp_path: Path) -> None:
    """One of the year 2099 would have the replay live through all the years before it."""
    ahead = datetime(2099, 1, 1, tzinfo=UTC)
    times = [START, ahead, START + timedelta(minutes=5), START + timedelta(minutes=4)]
    store = open_store(tmp_path / DATABASE_NAME)
    for at in times:
        store.write_history([HistoryRow(at, "one", 24.0, None)], {"one": "{}"})
    sensors, _ = read_history(tmp_path / DATABASE_NAME)
    at_s = [sample.at_s for sample in sensors["one"]]
    assert at_s == [at.timestamp() for at in (times[0], times[3], times[2])]


def test_sensor_that_the_settings_do_not_name_is_told(tmp_path: Path, lived: Path) -> None:
    """Without any in common it is exit 2, with both lists."""
    text = HISTORY.replace('id = "living-sensor"', 'id = "other"')
    result = replay(settings(tmp_path, lived, text))
    assert result.exit_code == 2
    assert "that the settings do not name: living-sensor; rooms of which nothing was " in (
        result.stderr
    )
    assert "recorded: living." in result.stderr


def test_absent_database_is_told(tmp_path: Path) -> None:
    """Where no daemon ran there is nothing to replay."""
    result = replay(settings(tmp_path, tmp_path / "nowhere"))
    assert result.exit_code == 2
    assert f"{DATABASE_NAME} is not there: has the daemon run yet?" in result.stderr
    with pytest.raises(RecordingError, match="is not there"):
        read_history(tmp_path / DATABASE_NAME)


@pytest.mark.parametrize("options", [(), ("--from-history", "--outdoor", __file__)])
def test_files_or_history_but_not_both(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Neither and a mixture are wrong use."""
    command = ["replay", "--config", str(tmp_path / "keepcool.toml"), *options]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    assert "give --indoor with --outdoor, or --from-history alone" in result.stderr
