"""keepcool as an add-on of a real Home Assistant, whose Supervisor alone is pretended."""

from __future__ import annotations

from pathlib import Path

from tests.addon_process import AddonProcess
from tests.e2e.home import Home
from tests.supervisor import FakeSupervisor
from tests.waiting import wait_until

SOON_S = 120.0


THERMOMETER = "sensor.lab_temperature"


def put_into_area(home: Home, area_id: str | None) -> None:
    """Give the thermometer an area that Home Assistant has from the beginning, or none."""
    home.api.command("config/entity_registry/update", entity_id=THERMOMETER, area_id=area_id)


def notifications(home: Home) -> dict[str, str]:
    """Return what Home Assistant's frontend shows as notifications, by id."""
    found = home.api.command("persistent_notification/get")
    return {each["notification_id"]: each["message"] for each in found}


def test_first_start_in_a_real_home(home: Home, tmp_path: Path) -> None:
    """From nothing: settings from areas, a notification that is seen, entities, a message."""
    put_into_area(home, "bedroom")
    broker = {"host": "127.0.0.1", "port": home.broker.port}
    try:
        with (
            FakeSupervisor(home.url, home.api.token, broker, does_forward=True) as supervisor,
            AddonProcess(tmp_path, supervisor, {"person": "Lab"}) as addon,
        ):
            wait_until(lambda: "keepcool_proposal" in notifications(home), SOON_S)
            told = notifications(home)["keepcool_proposal"]
            assert f"Bedroom (bedroom) by {THERMOMETER}" in told
            assert "addon_configs/..._keepcool/keepcool.toml" in told
            assert f"notify.{home.lab_phone.service}" in told
            text = addon.settings.read_text()
            assert 'name = "Lab"' in text
            assert 'country = "NL"' in text
            assert 'presence_entity = "person.lab"' in text
            wait_until(
                lambda: "sensor.keepcool_bedroom_heat_level" in home.api.states(),
                SOON_S,
                what="Home Assistant to show the room",
            )
            home.wait_for("binary_sensor.keepcool_running", "on")
            home.api.fire("lab_temperature", {"value": 25.5})

            addon.settings.write_text(text.replace('wake_at = "07:00"', 'wake_at = "7 am"'))
            wait_until(lambda: "keepcool_settings" in notifications(home), SOON_S)
            assert "wake_at" in notifications(home)["keepcool_settings"]
            addon.settings.write_text(text)
            wait_until(lambda: "keepcool_settings" not in notifications(home), SOON_S)
            button = wait_until(
                lambda: next((e for e in home.api.states() if e.endswith("lab_test_alert")), None),
                SOON_S,
                what="the button of the test alert",
            )
            wait_until(lambda: addon.daemon_pid, SOON_S, what="the daemon")

            def pressed() -> bool:
                home.api.call("button.press", entity_id=button)
                return bool(home.lab_phone.shown)

            wait_until(pressed, SOON_S, what="the test alert on the phone")
            assert addon.stop() == 0
            assert home.api.token not in addon.log
    finally:
        put_into_area(home, None)
        for notice in notifications(home):
            home.api.call("persistent_notification.dismiss", notification_id=notice)
