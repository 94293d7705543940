"""The dashboard that `keepcool dashboard` prints, for this household alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from daemon import dashboard
from daemon.cli import main
from integrations.discovery import announcements
from policies.model import DeviceKind, Flag
from policies.wording import safety_card
from tests import entity_reference
from tests.builders import a_device, a_home, a_person, a_room
from tests.entity_reference import HOUSEHOLD, REPOSITORY

HOME = a_home(emergency_number="999")
ID = re.compile(r"\b(?:sensor|binary_sensor|switch|button|event)\.keepcool_[a-z0-9_]+")


def laid_out(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - the fields of the household
    """Return the dashboard of the reference household, changed."""
    household = replace(HOUSEHOLD, **changes)
    announced = [json.loads(each.payload) for each in announcements(household, {})]
    ids = dashboard.read_ids(announced, household.home_id)
    shown = dashboard.Shown("Home", household.rooms, household.people, ids, safety_card(HOME))
    return dashboard.lay_out(shown)


def test_sample_is_up_to_date() -> None:
    """The sample is what the command prints for the household of the demo."""
    assert entity_reference.DASHBOARD.read_text() == entity_reference.dashboard(), (
        f"run {entity_reference.COMMAND}"
    )


def test_long_safety_text_stands_there_word_for_word() -> None:
    """When to call for help stands on the dashboard, with the home's own number."""
    text = safety_card(HOME)
    assert "Call 999 now" in text
    assert json.dumps(text, ensure_ascii=False)[1:-1] in json.dumps(laid_out(), ensure_ascii=False)


def test_every_entity_is_announced() -> None:
    """No card shows an entity that keepcool does not announce."""
    announced = {
        entity["default_entity_id"]
        for each in announcements(HOUSEHOLD, {})
        for entity in json.loads(each.payload)["components"].values()
    }
    shown = set(ID.findall(json.dumps(laid_out())))
    assert shown <= announced
    assert {"button.keepcool_anna_drink", "sensor.keepcool_living_room_feels_like"} <= shown


def test_restricted_fluids_are_shown_without_volumes() -> None:
    """For someone whose fluids are restricted the button stays and no volume is there."""
    anna = a_person(flags=frozenset({Flag.FLUID_RESTRICTED}))
    shown = set(ID.findall(json.dumps(laid_out(people=(anna,)))))
    assert "button.keepcool_anna_drink" in shown
    assert not [each for each in shown if "drinks" in each or "next_drink" in each]


def test_names_stand_in_no_template() -> None:
    """A name that looks like a template is shown as it is, not carried out."""
    name = "{{ states('lock.door') }}"
    household = laid_out(people=(a_person(name=name),), rooms=(a_room(name=name),))
    for section in household["views"][0]["sections"]:
        for card in section["cards"]:
            assert name not in card.get("content", "")


def test_what_a_hand_changed_is_said_while_it_is_left_alone() -> None:
    """A device's card stands there only then, and takes name and time from the entity."""
    control = "sensor.keepcool_living_room_ac_control"
    cards = laid_out()["views"][0]["sections"][1]["cards"]
    (card,) = [each for each in cards if "by hand" in each.get("content", "")]
    assert card["visibility"] == [{"condition": "state", "entity": control, "state": "left alone"}]
    assert f"state_attr('{control}', 'left_alone_until')" in card["content"]
    assert "AC" not in card["content"]


def test_today_says_how_hot_each_room_gets_while_that_is_known() -> None:
    """One card a room, named by Home Assistant, with the windows; it goes when nothing is known."""
    today = laid_out()["views"][0]["sections"][0]["cards"]
    peak = "sensor.keepcool_living_room_expected_maximum"
    (card,) = [each for each in today if f"states('{peak}')" in each.get("content", "")]
    known = {"condition": "state", "entity": peak, "state_not": ["unavailable", "unknown"]}
    assert card["visibility"] == [known]
    for key in ("expected_maximum_at", "open_windows_at", "close_windows_at"):
        assert f"has_value('sensor.keepcool_living_room_{key}')" in card["content"]
    assert f"device_attr('{peak}', 'name')" in card["content"]


def test_plug_over_mqtt_has_no_tile() -> None:
    """What Home Assistant does not know as an entity is not asked of it."""
    plug = a_device(room_id="living", entity_id="zigbee2mqtt/plug/set", kind=DeviceKind.PLUG)
    assert "zigbee2mqtt" not in json.dumps(laid_out(rooms=(a_room(devices=(plug,)),)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": "b c", "d": [{"e": 1}, "f"]}, "a: b c\nd:\n  - e: 1\n  - f"),
        ({"a": "on", "b": "{{ x }}", "c": True}, 'a: "on"\nb: "{{ x }}"\nc: true'),
        ({"a": 'Anna: "x" # y', "b": ""}, 'a: "Anna: \\"x\\" # y"\nb: ""'),
        ({"a": "one\n\n  two"}, "a: |-\n  one\n\n    two"),
        ({"a": ["unknown", "x"]}, "a:\n  - unknown\n  - x"),
    ],
)
def test_yaml_says_what_is_meant(value: object, text: str) -> None:
    """Words that YAML would take for something else are quoted."""
    assert "\n".join(dashboard.to_yaml(value)) == text


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    """Settings that are refused make no dashboard."""
    path = tmp_path / "keepcool.toml"
    path.write_text("[home]\n")
    result = CliRunner().invoke(main, ["dashboard", "--config", str(path)])
    assert result.exit_code == 2
    assert "keepcool.toml" in result.output


def test_command_prints_it() -> None:
    """With the settings of the example the command prints what the blueprints ask for, too."""
    example = REPOSITORY / "config" / "example.toml"
    result = CliRunner().invoke(main, ["dashboard", "--config", str(example)])
    assert result.exit_code == 0, result.output
    assert re.search(r"the topic of the home is keepcool/[a-z-]+,\n# people: anna;", result.output)
