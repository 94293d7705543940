"""The add-on as a whole: a Supervisor that is pretended, a real broker, keepcool as a process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.kept import capture, load_kept
from config.settings import load_settings
from daemon.demo.fake_home_assistant import FakeHomeAssistant
from tests.addon_process import AddonProcess
from tests.broker import Mosquitto
from tests.canary import files_with_secrets, has_secret
from tests.lab_home import furnish
from tests.mqtt_client import TestClient
from tests.supervisor import FakeSupervisor
from tests.waiting import wait_until

WITHIN_S = 60.0
PHONE = "mobile_app_annas_phone"


@dataclass(frozen=True)
class Lab:
    """Hold a Home Assistant with one room and one person, and the add-on beside it."""

    home_assistant: FakeHomeAssistant
    supervisor: FakeSupervisor
    addon: AddonProcess

    def notice(self, notice_id: str) -> str:
        """Return a notification's title and text; empty when there is none."""
        return "\n".join(self.supervisor.notices.get(notice_id, ()))

    def wait_for_daemon(self, other_than: int | None = None) -> int:
        """Wait until a daemon runs, and return its process."""

        def running() -> int:
            found = self.addon.daemon_pid
            return 0 if found in {None, other_than} else int(found or 0)

        return wait_until(running, WITHIN_S, what="the daemon")

    def edit(self, old: str, new: str) -> None:
        """Change the settings as an editor does, which leaves them open to others."""
        text = self.addon.settings.read_text()
        assert old in text
        self.addon.settings.write_text(text.replace(old, new))
        self.addon.settings.chmod(0o644)


@pytest.fixture
def lab(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Lab]:
    """Return an add-on that was never started, in a home with a broker."""
    with FakeHomeAssistant(phones=(PHONE,)) as home_assistant:
        furnish(home_assistant)
        home_assistant.set_state("person.anna", "home", {"friendly_name": "Anna"})
        broker = {"host": "127.0.0.1", "port": mosquitto.port}
        with FakeSupervisor(home_assistant.url, home_assistant.token, broker) as supervisor:
            addon = AddonProcess(tmp_path, supervisor)
            yield Lab(home_assistant, supervisor, addon)


def test_first_start_proposes_runs_and_takes_what_is_changed(
    lab: Lab, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Nothing becomes a home that is watched; a wrong change is told, a right one is taken."""
    with TestClient(mosquitto.port) as client, lab.addon:
        client.subscribe("keepcool/#")
        first = lab.wait_for_daemon()
        told = wait_until(lambda: lab.notice("keepcool_proposal"), WITHIN_S, what="the notice")
        assert "addon_configs/..._keepcool/keepcool.toml" in told
        assert f"notify.{PHONE}" in told
        assert "Bedroom (bedroom) by sensor.t" in told
        assert lab.addon.settings.stat().st_mode & 0o777 == 0o600
        assert (lab.addon.config / "example.toml").exists()
        wait_until(
            lambda: any(text == "online" for topic, text in client.messages if "status" in topic),
            WITHIN_S,
            what="the daemon at the Supervisor's broker",
        )
        wait_until(lambda: "event_stream.connected" in lab.addon.log, WITHIN_S, what="the events")

        lab.edit('wake_at = "07:00"', 'wake_at = "late"')
        wait_until(lambda: lab.notice("keepcool_settings"), WITHIN_S, what="what is wrong")
        assert "keepcool.toml:" in lab.notice("keepcool_settings")
        assert "wake_at" in lab.notice("keepcool_settings")
        assert lab.addon.daemon_pid == first  # it goes on with what it had
        assert "keepcool.toml:" in lab.addon.log

        lab.edit('wake_at = "late"', 'wake_at = "08:00"')
        lab.wait_for_daemon(other_than=first)
        wait_until(lambda: not lab.notice("keepcool_settings"), WITHIN_S, what="the notice to go")
        assert lab.addon.stop() == 0
    assert "views:" in (lab.addon.config / "dashboard.yaml").read_text()
    assert not list(files_with_secrets(tmp_path / "config"))
    assert not has_secret(lab.addon.settings.read_text())
    assert not has_secret(lab.addon.log)
    assert not any(has_secret(path.read_bytes()) for path in lab.addon.data.iterdir())


def test_provided_secrets_are_not_kept_and_new_ones_count(tmp_path: Path) -> None:
    """Basic mode takes the Supervisor's present token: the one before is not on the disk."""
    text = (
        '[home]\nname = "Flat"\nlatitude_deg = 52.5\nlongitude_deg = 13.4\n'
        'time_zone = "Europe/Berlin"\ncountry = "DE"\n'
        '[[person]]\nid = "anna"\nname = "Anna"\nrooms = ["bed"]\n'
        '[[room]]\nid = "bed"\nname = "Bed"\n[[room.sensor]]\nentity = "sensor.t"\n'
    )
    path = tmp_path / "keepcool.toml"
    path.write_text(text)

    def provided(token: str) -> dict[str, str]:
        mqtt = f'{{"host": "core-mosquitto", "port": 1883, "username": "a", "password": "{token}"}}'
        core = f'{{"url": "http://supervisor/core", "token": "{token}"}}'
        return {"ADDON_PROVIDES": f'{{"home_assistant": {core}, "mqtt": {mqtt}}}'}

    settings = load_settings(
        path, environ=provided("token-one"), credentials_directory=None, require_secrets=True
    )
    assert {settings.home_assistant_token, settings.mqtt_password} == {"token-one"}
    assert (settings.mqtt.host, settings.mqtt.username) == ("core-mosquitto", "a")
    assert not settings.is_home_assistant_readable_by_others
    assert not settings.is_mqtt_readable_by_others
    kept = capture(settings, text, provided("token-one"))
    assert "token-one" not in f"{kept.text}{kept.variables}"
    loaded = load_kept(kept, path, provided("token-two"))
    assert {loaded.home_assistant_token, loaded.mqtt_password} == {"token-two"}


def test_a_named_broker_counts_before_the_provided_one(tmp_path: Path) -> None:
    """A broker that the file names is used with its own user and password alone."""
    path = tmp_path / "keepcool.toml"
    path.write_text(
        '[home]\nname = "Flat"\nlatitude_deg = 52.5\nlongitude_deg = 13.4\n'
        'time_zone = "Europe/Berlin"\ncountry = "DE"\n[mqtt]\nhost = "nas"\n'
        '[[person]]\nid = "anna"\nname = "Anna"\nrooms = ["bed"]\n'
        '[[room]]\nid = "bed"\nname = "Bed"\n[[room.sensor]]\ntopic = "zigbee2mqtt/bed"\n'
    )
    mqtt = '{"host": "core-mosquitto", "port": 1884, "username": "a", "password": "Xk2-b"}'
    settings = load_settings(
        path,
        environ={"ADDON_PROVIDES": f'{{"mqtt": {mqtt}}}'},
        credentials_directory=None,
        require_secrets=True,
    )
    assert (settings.mqtt.host, settings.mqtt_port) == ("nas", 1883)
    assert settings.mqtt.username is None
    assert settings.mqtt_password is None
