"""What is allowed and still worth knowing is said as a warning."""

from __future__ import annotations

from pathlib import Path

from config.advice import Examination, examine_settings
from tests.settings_texts import HOME, HOME_ASSISTANT, MINIMAL, PERSON, ROOM, warnings_of, write

PHONE = '[[person.phone]]\nservice = "notify.mobile_app_x"\nkind = "android"\n'
ONE_ROAD = (
    "keepcool.toml:7  second road of Anna: there is none: if Home Assistant is down nothing "
    "reaches them; add a [[person.second_road]] for Anna; until then agree a daily call"
)
NO_CARER = (
    "keepcool.toml:7  carer of Anna: there is none: nobody else is told when they do not answer; "
    "add a [[carer]] with a phone or a second road"
)
ABSENT = ".token: is not given; "


def only(warnings: list[str]) -> list[str]:
    """Return the warnings that are not about roads, carers or absent secrets."""
    return [
        warning
        for warning in warnings
        if warning not in (ONE_ROAD, NO_CARER) and ABSENT not in warning
    ]


def test_one_road_is_always_said(tmp_path: Path) -> None:
    """A home in perfect order is still told that there is one road to the phone."""
    warnings = warnings_of(tmp_path, HOME + PERSON + PHONE + ROOM + HOME_ASSISTANT)
    assert ONE_ROAD in warnings
    assert only(warnings) == []


def test_nobody_and_nothing(tmp_path: Path) -> None:
    """A home without people, rooms and Home Assistant is told so."""
    assert only(warnings_of(tmp_path, HOME)) == [
        (
            "keepcool.toml  home_assistant: without [home_assistant] no phone is told and "
            'only plugs on MQTT are switched; add it with url = "http://homeassistant.local:8123"'
        ),
        (
            "keepcool.toml  person: nobody is looked after, so nobody is told anything; "
            "add a [[person]]"
        ),
        "keepcool.toml  room: keepcool sees no room; add a [[room]] with a sensor",
    ]


def test_room_without_sensor_and_people(tmp_path: Path) -> None:
    """A room that nobody is in, or that has no sensor, is named."""
    room = '[[room]]\nid = "hall"\nname = "Hall"\n'
    assert only(warnings_of(tmp_path, HOME + PERSON + PHONE + ROOM + room + HOME_ASSISTANT)) == [
        (
            "keepcool.toml:19  room hall: has no sensor: keepcool cannot see it; "
            "add a [[room.sensor]] with its topic or its entity"
        ),
        (
            "keepcool.toml:19  room hall: nobody is in it, so nobody is warned; "
            'add "hall" to somebody\'s rooms'
        ),
    ]


def test_settings_of_a_person_that_do_nothing(tmp_path: Path) -> None:
    """A goal beside a fluid plan, and a night warmer than the day, are named."""
    lines = "fluid_restricted = true\ndrinks_goal_ml = 1500\nlevel_1_c = 23\n"
    assert only(warnings_of(tmp_path, HOME + PERSON + lines + PHONE + ROOM + HOME_ASSISTANT)) == [
        (
            "keepcool.toml:12  person anna: drinks_goal_ml does nothing while "
            "fluid_restricted = true; "
            "follow the plan from your care team"
        ),
        (
            "keepcool.toml:7  person anna: the night's level 1 (24 °C) is above the day's; "
            "most people want the bedroom cooler"
        ),
    ]


def test_target_at_the_limit(tmp_path: Path) -> None:
    """An air conditioner that aims at the limit itself, by day or by night, is named."""
    text = (
        HOME + PERSON + "heat_sensitive = true\nreduced_sweating = true\n" + PHONE
        + ROOM.replace('"Bedroom"', '"Bedroom"\nbedroom = true')
        + '[[room.cooling]]\nentity = "climate.a"\n' + HOME_ASSISTANT
    )  # fmt: skip
    assert only(warnings_of(tmp_path, text)) == [
        (
            "keepcool.toml:22  room.cooling.target_day_c: Anna's limit there is 24 °C after their "
            "offset, and the AC aims at 24 °C; set target_day_c = 22.5 or lower"
        ),
        (
            "keepcool.toml:22  room.cooling.target_night_c: Anna's limit there is 22 °C "
            "after their "
            "offset, and the AC aims at 22 °C; set target_night_c = 20.5 or lower"
        ),
    ]
    text = text.replace('"climate.a"\n', '"climate.a"\ntarget_day_c = 23.9\ntarget_night_c = 21\n')
    assert only(warnings_of(tmp_path, text)) == []


def test_switched_off_protection(tmp_path: Path) -> None:
    """What only a test bench should switch off is named."""
    text = (
        HOME + PERSON + PHONE + ROOM
        + '[[room.cooling]]\nentity = "climate.a"\nminimum_off_s = 0\n' + HOME_ASSISTANT
        + "[thresholds]\nbudgets = false\nmax_step_c_per_min = 0\n"
    )  # fmt: skip
    assert only(warnings_of(tmp_path, text)) == [
        (
            "keepcool.toml:25  thresholds.budgets: false: the phone may get any number of "
            "messages a "
            "day; set it to true"
        ),
        (
            "keepcool.toml:26  thresholds.max_step_c_per_min: 0: a sensor's sudden jump is "
            "believed at "
            "once; take it out"
        ),
        (
            "keepcool.toml  room.cooling: climate.a may be switched as fast as it goes, "
            "which harms it; "
            "take 0 out"
        ),
    ]


def test_examination_holds_either_settings_or_problems(tmp_path: Path) -> None:
    """`check` gets data for both outcomes, never an exception."""

    def examine(text: str) -> Examination:
        path = write(tmp_path, text)
        return examine_settings(path, environ={}, credentials_directory=None)

    good, bad = examine(MINIMAL), examine(MINIMAL.replace("52.5", "152.5"))
    assert good.settings is not None
    assert good.problems == ()
    assert len(good.warnings) == 4
    assert bad.settings is None
    assert [problem.key for problem in bad.problems] == ["home.latitude_deg"]
