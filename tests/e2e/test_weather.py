"""The forecast of a weather entity of a real Home Assistant."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.home import Home
from tests.e2e.household import AIR_CONDITIONER, FORECAST_OF_HOME_ASSISTANT, Household

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("outdoors_c", "state"), [(34, "cool"), (10, "off")])
def test_forecast_of_the_weather_entity_is_used(
    home: Home, tmp_path: Path, outdoors_c: int, state: str
) -> None:
    """On a hot day a warm room is cooled; on a cold one it is the heating, which is said."""
    home.api.call("input_number.set_value", entity_id="input_number.forecast", value=outdoors_c)
    home.wait_for_attribute("weather.lab_weather", "temperature", outdoors_c)
    household = Household(
        home,
        tmp_path,
        home.android,
        cooling=AIR_CONDITIONER,
        weather=FORECAST_OF_HOME_ASSISTANT,
    )
    with household.stepped() as daemon:
        household.wait_until_shown()
        daemon.advance(daemon.now + MINUTE)
        home.wait_for("sensor.keepcool_forecast_source", "home_assistant")
        assert home.api.state("sensor.keepcool_forecast_at")["state"].startswith("20")
        home.say_room(27.5)
        household.let_pass(daemon, 5 * MINUTE, 27.5)
        home.wait_for("climate.living_room_ac", state)
        advice = [push.title for push in home.android.about("advice")]
        assert advice == ([] if state == "cool" else ["Turn the heating down: Living room"])
        forecast = household.status()["forecast"]
        assert forecast["source"] == "home_assistant"
        assert forecast["sources"] == [{"source": "home_assistant", "last_error": None}]
