"""Second roads and carers in the settings: their addresses are secrets, and nobody is invented."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.advice import examine_settings
from config.home import build_carers, build_people
from daemon import bootstrap
from daemon.bootstrap.roads import examine_second_roads
from daemon.check import render_report
from tests.canary import CANARY, without_secret
from tests.config.test_credentials import put
from tests.settings_texts import (
    HOME,
    HOME_ASSISTANT,
    MINIMAL,
    PERSON,
    ROOM,
    load,
    refusal,
    warnings_of,
    write,
)

ROAD = '[[person.second_road]]\nurl_file = "road"\n'
UNNAMED = "[[person.second_road]]\n"
CARER = '[[carer]]\nid = "ben"\nname = "Ben"\n'
GOOD = f"ntfys://ntfy.example.com/{CANARY}"
PHONE = '[[carer.phone]]\nservice = "notify.mobile_app_bens_phone"\nkind = "iphone"\n'


def with_road(road: str = ROAD) -> str:
    """Return settings in which Anna has a second road."""
    return HOME + PERSON + road + ROOM


def address_of(folder: Path, text: str, credentials: Path | None = None) -> str:
    """Return the address of the only second road."""
    (road,) = load(folder, text, credentials=credentials, require_secrets=True).second_roads
    assert road.url is not None
    assert CANARY not in repr(road)
    return road.url.get_secret_value()


def test_address_comes_from_the_named_file(tmp_path: Path) -> None:
    """A file named beside the settings holds the address, its last newline left out."""
    put(tmp_path, "road", GOOD + "\n")
    assert address_of(tmp_path, with_road()) == GOOD
    (anna,) = build_people(load(tmp_path, with_road()))
    assert anna.second_roads == ("anna:second_road:1",)


def test_address_comes_from_the_folder_of_secrets(tmp_path: Path) -> None:
    """Without a name the file is second_road_<id>, with a number from the second on."""
    put(tmp_path / "secrets", "second_road_anna", GOOD)
    put(tmp_path / "secrets", "second_road_anna_2", GOOD + "-2")
    text = 'secrets_directory = "secrets"\n' + with_road(UNNAMED * 2)
    roads = load(tmp_path, text, require_secrets=True).second_roads
    assert [road.url.get_secret_value() for road in roads if road.url] == [GOOD, GOOD + "-2"]
    assert [road.channel_id for road in roads] == ["anna:second_road:1", "anna:second_road:2"]


def test_address_comes_from_systemd(tmp_path: Path) -> None:
    """What systemd hands over counts before the folder of secrets, whatever its mode."""
    put(tmp_path / "secrets", "second_road_anna", GOOD)
    put(tmp_path / "creds", "second_road_anna", GOOD + "-systemd", 0o644)
    text = 'secrets_directory = "secrets"\n' + with_road(UNNAMED)
    assert address_of(tmp_path, text, tmp_path / "creds") == GOOD + "-systemd"


def test_absent_file_warns_in_check_and_stops_run(tmp_path: Path) -> None:
    """An address that is not there yet is named by its file."""
    words = (
        "keepcool.toml:12  person.second_road.url_file: there is no file road; "
        "write it to road, then: chmod 600 road (as a service: chmod 640, and chgrp keepcool)"
    )
    assert refusal(tmp_path, with_road(), require_secrets=True) == [words]
    assert words in warnings_of(tmp_path, with_road())


@pytest.mark.parametrize(
    ("content", "mode", "what"),
    [
        (GOOD, 0o644, "road can be read by everyone on this machine (mode 0644"),
        ("", 0o600, "road is empty"),
        ("changeme", 0o600, "road is a placeholder"),
        (f"{GOOD}\n{GOOD}", 0o600, "road holds a newline or another control character"),
    ],
    ids=without_secret,
)
def test_file_that_holds_no_address(tmp_path: Path, content: str, mode: int, what: str) -> None:
    """A file that is open to others, empty or a placeholder is refused without its content."""
    put(tmp_path, "road", content, mode)
    (words,) = refusal(tmp_path, with_road())
    assert words.startswith(f"keepcool.toml:12  person.second_road.url_file: {what}")
    assert CANARY not in words


@pytest.mark.parametrize(
    ("address", "what"),
    [
        (f"xyz://{CANARY}", "is no address that apprise knows"),
        (CANARY, "is no address that apprise knows"),
        (f"json://user:{CANARY}@example.com", "leads to a public address"),
        (f"ntfy://ntfy.example.com/{CANARY}", "leads to a public address"),
        (f"mqtt://user:{CANARY}@8.8.8.8/topic", "leads to a public address"),
    ],
    ids=without_secret,
)
def test_address_that_is_refused(tmp_path: Path, address: str, what: str) -> None:
    """`check` refuses what apprise cannot read or what everyone could, and does not show it."""
    put(tmp_path, "road", address)
    report = bootstrap.check(write(tmp_path, with_road()), is_online=True)
    shown = render_report(report, width=2000)
    assert report.exit_code == 2
    assert f"second road of Anna: what {tmp_path}/road holds {what}" in shown
    assert CANARY not in shown
    assert all(row.name == "settings" or "second road" in row.what for row in report.rows)


@pytest.mark.parametrize(
    "address",
    [
        GOOD,
        f"ntfy://{CANARY}",  # ntfy.sh itself, which is always encrypted
        f"json://127.0.0.1:8080/{CANARY}",
        f"ntfy://ntfy.local/{CANARY}",
        f"tgram://123456789:{CANARY}_abcdefghijklmnop/12315544/",
    ],
    ids=without_secret,
)
def test_address_that_is_accepted(tmp_path: Path, address: str) -> None:
    """Encrypted services, and servers at home, are fine."""
    put(tmp_path, "road", address)
    assert list(examine_second_roads(load(tmp_path, with_road()))) == []


def test_carer_cares_for_everybody_unless_named(tmp_path: Path) -> None:
    """A carer without a list of people is told about everybody."""
    two = MINIMAL + '[[person]]\nid = "cleo"\nname = "Cleo"\nrooms = ["bedroom"]\n'
    named = CARER.replace("ben", "eva") + 'people = ["cleo"]\n'
    ben, eva = build_carers(load(tmp_path, two + CARER + PHONE + named + HOME_ASSISTANT))
    assert (ben.people, eva.people) == (("anna", "cleo"), ("cleo",))
    assert [phone.channel_id for phone in ben.phones] == ["ben:mobile_app_bens_phone"]


def test_carer_of_nobody(tmp_path: Path) -> None:
    """A person that a carer names must be there."""
    (words,) = refusal(tmp_path, MINIMAL + CARER + 'people = ["ana"]\n')
    assert words == (
        'keepcool.toml:19  carer.people = "ana": there is no [[person]] with this id; '
        'nearest "anna"'
    )


def test_ids_are_shared_by_nobody(tmp_path: Path) -> None:
    """A carer's id is nobody else's, for both are told by it."""
    assert refusal(tmp_path, MINIMAL + CARER.replace("ben", "anna")) == [
        (
            'keepcool.toml:17  carer.id = "anna": another person or carer has the id "anna" '
            "(keepcool.toml:8); give each one an id of its own"
        )
    ]


def test_roads_that_are_missing(tmp_path: Path) -> None:
    """Whoever cannot be reached is named; a carer's phone needs Home Assistant as anybody's."""
    found = warnings_of(tmp_path, MINIMAL + CARER)
    assert (
        "keepcool.toml:16  carer ben: has neither phone nor second road: keepcool cannot tell "
        "them; add a [[carer.phone]] or a [[carer.second_road]]"
    ) in found
    assert any("second road of Anna: there is none" in warning for warning in found)
    assert not any("carer of Anna" in warning for warning in found)
    (words,) = refusal(tmp_path, MINIMAL + CARER + PHONE)
    assert words.startswith("keepcool.toml:20  carer.phone.service")
    put(tmp_path, "road", GOOD)
    assert not any("second road of Anna" in each for each in warnings_of(tmp_path, with_road()))


def test_road_twice(tmp_path: Path) -> None:
    """The same road twice would ring twice."""
    (words,) = refusal(tmp_path, with_road(ROAD * 2))
    assert "person.second_road.url_file" in words
    assert "is there twice for this person" in words


def test_examination_keeps_the_address_to_itself(tmp_path: Path) -> None:
    """No printed form of the settings shows an address."""
    put(tmp_path, "road", GOOD)
    found = examine_settings(write(tmp_path, with_road()), environ={}, credentials_directory=None)
    assert CANARY not in repr(found)
