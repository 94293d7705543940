"""Rows of the fault table about people who mean harm: forged words, steered terminals, wheels."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon import bootstrap
from daemon.asking import NoAnswerError, _read_answer
from daemon.check import CheckReport, render_report
from daemon.check_rows import CheckRow, Status
from daemon.cli_status import show_status
from daemon.commands import CommandError, check_amount
from daemon.faces import Faces
from daemon.status import build_status
from daemon.versions import describe_versions
from integrations.errors import LONGEST_TEXT, TransientError, one_line
from integrations.messages import PhoneMessage
from integrations.mobile_app import build_payload
from policies.alert import Severity
from policies.model import PhoneKind
from tests.builders import a_device, a_home, a_room
from tests.conftest import REPOSITORY
from tests.loop_home import TOPICS, LoopHome

HOSTILE = "calm\n\x1b[2J\x9b31m\0\u202e\u2066[red]<a href='x'>level=4\r\n[warning] forged"
EVIL = st.text(
    st.one_of(st.characters(), st.sampled_from("\n\r\t\0\x1b\x9b\x07\u202e\u2028\u200b[]<>")),
    max_size=2000,
)


def is_harmless(printed: str) -> bool:
    """Return whether nothing but lines of visible characters would reach a terminal."""
    return all(line.isprintable() for line in printed.split("\n"))


# ------------------------------------------------------------------------------ 71: forged readings


@pytest.mark.parametrize("silence_s", [30, 300], ids=["a step", "after a silence"])
def test_fault_71_one_forged_reading_neither_alarms_nor_cools(
    tmp_path: Path, silence_s: int
) -> None:
    """One reading of 44 °C in a room of 24 °C raises nothing, pushes nothing, switches nothing."""
    home = LoopHome(
        tmp_path,
        rooms=(a_room(devices=(a_device(),)),),
        home=a_home(),
        maximum_step_c_per_min=10.0,
    )
    for _ in range(12):
        home.read(24.0)
        home.run(300)
    home.run(silence_s)
    home.read(44.0)
    home.run(30)
    home.read(24.0)
    home.run(600)
    assert home.level() == 0
    assert home.phone.about("heat") == []
    assert home.house.commands == []


# ------------------------------------------------------------------------------ 72: odd commands


@pytest.mark.parametrize("key", ["person", "amount_ml", "at", "id", "kind", "road", "until"])
def test_fault_72_deep_command_is_refused(loop_home: LoopHome, key: str) -> None:
    """JSON nested as deep as can just be read, or deeper, is refused like any other nonsense."""
    for depth in (*range(900, 1000, 5), 30_000):
        nested = "[" * depth + "]" * depth
        for topic in (TOPICS.log_command, TOPICS.test_alert_command, TOPICS.mode_command):
            loop_home.hear(topic, f'{{"is_on": true, "kind": "holiday", "{key}": {nested}}}')
    assert loop_home.daemon.errors == 0
    assert loop_home.rows("SELECT * FROM drink") == []


def test_fault_72_value_too_deep_to_show_is_refused() -> None:
    """Where an interpreter reads JSON deeper than it can print it, the refusal still has words."""
    value: list[object] = []
    for _ in range(200_000):
        value = [value]
    with pytest.raises(CommandError, match="nested too deeply"):
        check_amount(value)


@pytest.fixture
def loop_home(tmp_path: Path) -> LoopHome:
    """Return a home of one person."""
    return LoopHome(tmp_path)


@pytest.mark.parametrize(
    "payload",
    [
        '{"amount_ml": ' + "9" * 60_000 + "}",
        '{"amount_ml": ' + "9" * 4_000 + "}",
        '{"amount_ml": 1e999999}',
        '{"amount_ml": NaN}',
        '{"amount_ml": -0.0}',
        '{"amount_ml": 5, "amount_ml": 100000}',
        '{"amount_ml": "' + "x" * 60_000 + '"}',
        "\udcff{}".encode("utf-8", "surrogateescape").decode("latin-1"),
        "9" * 60_000,
        "[" * 60_000,
        '"',
    ],
    ids=lambda payload: payload[:24],
)
@pytest.mark.parametrize("topic", [TOPICS.log_command, TOPICS.person_drink("anna")])
def test_fault_72_monstrous_amount_is_refused(
    loop_home: LoopHome, topic: str, payload: str
) -> None:
    """Numbers of 60,000 digits, infinity and keys said twice log no drink and crash nothing."""
    loop_home.hear(topic, payload)
    assert loop_home.daemon.errors == 0
    assert loop_home.rows("SELECT * FROM drink") == []


# ----------------------------------------------------------- 76: lines, terminals, notifications


@given(EVIL)
def test_fault_76_error_is_one_harmless_line(text: str) -> None:
    """Whatever a server answers, the error about it is one line, visible and not endless."""
    shown = str(TransientError(text))
    assert shown.isprintable()
    assert "\n" not in shown
    assert len(shown) <= LONGEST_TEXT + 3
    assert one_line(shown, len(shown)) == shown


@given(EVIL, EVIL)
def test_fault_76_check_prints_only_lines(name: str, what: str) -> None:
    """Names and answers of Home Assistant in `check` neither forge a row nor steer a terminal."""
    row = CheckRow(f"x{name}", Status.RED, what, what)
    printed = render_report(CheckReport((row,)), width=60)
    assert is_harmless(printed)
    assert sum(line.startswith(("RED ", "ok ")) for line in printed.split("\n")) == 1


@given(st.text(max_size=200), EVIL)
def test_fault_76_decode_prints_one_line(topic: str, payload: str) -> None:
    """`decode` answers each line with one line of plain ASCII."""
    for line in (json.dumps({"topic": topic, "payload": payload}), payload):
        printed = bootstrap.decode(line)
        assert printed.isascii()
        assert printed.isprintable()


def test_fault_76_status_cannot_be_steered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every text of the status, set to one full of escapes, breaks no line and steers nothing."""
    home = LoopHome(tmp_path, rooms=(a_room(devices=(a_device(),)),))
    home.read(33.0)
    faces = Faces(TOPICS, home.broker.publish, tmp_path / "home.status.json")
    status = build_status(home.daemon, home.clock.now())
    kept = {"at", "raised_at", "waiting_since", "starts_at", "ends_at", "freshness", "phase"}

    def hostile(value: object, key: str = "") -> object:
        match value:
            case str():
                return value if key in kept else HOSTILE
            case list():
                return [hostile(item) for item in value]
            case dict():
                return {name: hostile(item, name) for name, item in value.items()}
            case _:
                return value

    faces.write_status(
        {**dict(hostile(status).items()), "at": datetime.now(UTC).isoformat()}  # type: ignore[attr-defined]
    )
    capsys.readouterr()
    assert show_status("home", tmp_path, as_json=False, is_watching=False) == 0
    printed = capsys.readouterr().out
    assert "forged" in printed
    assert "[red]" in printed
    assert is_harmless(printed)


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"{}", b'{"done": true}', b"\xff", b"[" * 60_000, b'{"done": 1, "text": ""}x'],
)
def test_fault_76_answer_of_somebody_else_is_named(payload: bytes) -> None:
    """Where something else answers for keepcool the command says so, without a traceback."""
    with pytest.raises(NoAnswerError, match="not keepcool"):
        _read_answer(payload)


@given(EVIL)
def test_fault_76_forged_answer_is_one_harmless_line(text: str) -> None:
    """What is printed of an answer is one visible line, and "done" means true alone."""
    is_done, shown = _read_answer(json.dumps({"done": "yes", "text": text}).encode())
    assert not is_done
    assert shown.isprintable()


@pytest.mark.parametrize("kind", PhoneKind)
@given(EVIL)
def test_fault_76_push_carries_no_markup(kind: PhoneKind, text: str) -> None:
    """A name with tags in it is shown as it is: no link, no new line of the phone's own."""
    message = PhoneMessage("mobile_app_x", kind, "tag", text, text, Severity.WARNING)
    data = build_payload(message)
    assert not set("<>") & set(f"{data['title']}{data['message']}")


# ---------------------------------------------------------------------------- 80: what is installed


def wheel(folder: Path) -> Path:
    """Write a wheel of one module."""
    path = folder / "harmless-1.0-py3-none-any.whl"
    info = "harmless-1.0.dist-info"
    files = {
        "harmless.py": "WORD = 'as it was'\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: harmless\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.mark.parametrize("is_tampered", [False, True], ids=["as it was", "changed"])
def test_fault_80_tampered_wheel_is_refused(tmp_path: Path, *, is_tampered: bool) -> None:
    """The installer's own script takes a wheel of the locked hash, and none with a byte changed."""
    made = wheel(tmp_path)
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    if is_tampered:
        made.write_bytes(made.read_bytes().replace(b"as it was", b"as he was"))
    (tmp_path / "some.lock").write_text(f"harmless==1.0 --hash=sha256:{digest}\n")
    (tmp_path / "requirements-build.lock").write_text("")
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    target = tmp_path / "installed"
    done = subprocess.run(
        [REPOSITORY / ".ci" / "install-locked", "venv", "some.lock"],
        cwd=tmp_path,  # with nothing there to build, so that the last step ends both runs
        env={
            "PATH": os.environ["PATH"],
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(tmp_path),
            "PIP_TARGET": str(target),
            "PIP_CONFIG_FILE": os.devnull,
        },
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (target / "harmless.py").exists() is not is_tampered, done.stderr
    assert ("DO NOT MATCH THE HASHES" in done.stderr) is is_tampered


def test_fault_80_check_names_what_runs() -> None:
    """`check` ends with the versions of keepcool and of what it stands on."""
    said = describe_versions()
    for name in ("keepcool ", "Python 3.", "SQLite 3.", "OpenSSL ", "paho-mqtt ", "requests "):
        assert name in said
    assert is_harmless(said)
