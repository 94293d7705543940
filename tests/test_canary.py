"""The look for planted secrets finds each way out; without that, 0 findings would say nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canary import CANARY, files_with_secrets, has_secret, main
from tests.conftest import REPOSITORY

LEAKS = {
    "print": "print(CANARY)",
    "log": "logging.getLogger('a').error('Bearer %s', CANARY)",
    "file": "(tmp_path / 'keepcool.sqlite3').write_text('x' * 5000 + CANARY)",
    "capsys": "print(CANARY); capsys.readouterr()",
    "child": "subprocess.run(['cat'], input=CANARY.encode(), capture_output=True)",
    "command_line": "subprocess.run(['true', CANARY], capture_output=True)",
    "failure": "raise ValueError(f'token {CANARY} refused')",
}
HEAD = """
import logging, subprocess
import pytest
from tests.canary import CANARY
"""
NAMED = '@pytest.mark.parametrize("a", [CANARY])\ndef test_named(a):\n    pass\n'
CONFTEST = "from tests.canary_watch import register as pytest_configure\n"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder of which nothing is left for the outer look."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "conftest.py").write_text(CONFTEST)
    yield inner
    shutil.rmtree(inner)


def run(folder: Path, body: str, *options: str) -> tuple[int, str]:
    """Run tests in a process of their own; return its exit code and what it printed."""
    (folder / "test_it.py").write_text(HEAD + body)
    with (folder / "out.txt").open("w") as out:  # not captured: the outer look would hear it
        code = subprocess.call(
            [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", str(folder),
             "-p", "no:cacheprovider", "-p", "xdist", f"--basetemp={folder / 'base'}", *options,
             str(folder)],
            cwd=REPOSITORY,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdout=out,
            stderr=out,
        )  # fmt: skip
    return code, (folder / "out.txt").read_text()


def as_test(name: str, leak: str) -> str:
    """Return a test that leaks."""
    return f"def test_{name}(tmp_path, capsys):\n    {leak}\n"


@pytest.mark.parametrize("workers", ["0", "2"])
def test_fault_77_canary_watch_finds_every_way_out(folder: Path, workers: str) -> None:
    """Printed, logged, written, captured, told to a child or by it: each fails the run, named."""
    body = "".join(as_test(name, leak) for name, leak in LEAKS.items()) + NAMED
    code, output = run(folder, body, "-n", workers)
    assert code == 1
    _, _, summary = output.partition("planted secrets found in output")
    for name in LEAKS:
        assert f"test_{name}" in summary, (name, summary)
    assert "the name of a test" in summary


@pytest.mark.parametrize(("leak", "workers"), [("file", "1"), ("capsys", "0")])
def test_fault_77_one_leak_fails_a_green_run(folder: Path, leak: str, workers: str) -> None:
    """Where all tests pass, one secret in a file or in what a test took away is enough."""
    code, output = run(folder, as_test(leak, LEAKS[leak]), "-n", workers)
    assert code == 1
    assert "1 passed" in output
    assert f"test_{leak}" in output


def test_fault_77_run_without_leaks_passes(folder: Path) -> None:
    """A secret in its own file and in a settings file is where it belongs."""
    own = "(tmp_path / 'token').write_text(CANARY + chr(10))"
    settings = "(tmp_path / 'keepcool.toml').write_text('# ' * 500 + CANARY)"
    code, output = run(folder, as_test("own", own) + as_test("settings", settings))
    assert code == 0, output


def test_fault_77_ci_looks_through_its_own_log(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`.ci/run` keeps what it printed; a secret in it fails the run, and is not shown again."""
    log = folder / "log"
    log.write_text("=== tests\n4711 passed\n")
    assert main(folder) == 0
    log.write_text(f"=== tests\nAuthorization: Bearer {CANARY}\n")
    assert main(folder) == 1
    said = capsys.readouterr().out
    assert str(log) in said
    assert not has_secret(said)
    assert list(files_with_secrets(folder)) == [log]
