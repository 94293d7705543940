"""The manual page comes from the commands themselves, and man reads it without a complaint."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from daemon.cli import main
from daemon.cli_man import render_manual

PAGE = render_manual()
PLAIN = PAGE.replace(r"\-", "-").replace(r"\&", "")


def commands(
    command: click.Command, context: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield every command that does something, with its whole name."""
    if not isinstance(command, click.Group):
        yield context.command_path, command, context
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from commands(inner, click.Context(inner, info_name=name, parent=context))


ALL = list(commands(main, click.Context(main, info_name="keepcool")))


@pytest.mark.parametrize(("path", "command"), [(path, command) for path, command, _ in ALL])
def test_command_is_described(path: str, command: click.Command) -> None:
    """Every command stands in the page with its help and options, unless it is hidden."""
    assert (f'.SS "{path} [OPTIONS]' in PLAIN) is not command.hidden
    if command.hidden:
        return
    section = PLAIN.split(f'.SS "{path} [OPTIONS]')[1].split("\n.SS ")[0]
    assert command.help is not None
    assert command.help.split("\n")[0] in section
    options = [option for option in command.params if isinstance(option, click.Option)]
    for option in options:
        assert (f".B {option.opts[0]}" in section) is not option.hidden, option.name


def test_nested_command_has_its_whole_name() -> None:
    """A command within a group is called as one types it."""
    assert '.SS "keepcool log drink [OPTIONS] AMOUNT_ML"' in PLAIN


def test_exit_codes_have_a_section() -> None:
    """Every exit code that the help names stands in the section where people look for it."""
    section = PLAIN.split('.SH "EXIT STATUS"')[1].split(".SH")[0].split("\n")
    assert [line for line in section if line.startswith(".B ")] == [".B 0", ".B 1", ".B 2"]
    assert section[3:4] == ["done"]


def test_help_stays_on_one_screen() -> None:
    """`keepcool --help` fits a narrow terminal: 80 columns, 32 lines."""
    text = main.get_help(click.Context(main, info_name="keepcool", max_content_width=80))
    assert len(text.splitlines()) <= 32
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.partition("Commands:")[2]  # nothing is cut off


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_man_has_no_complaint(tmp_path: Path) -> None:
    """`man -l` renders the page without a warning, in 60 columns and in 100."""
    (tmp_path / "keepcool.1").write_text(PAGE)
    for columns in ("60", "100"):
        done = subprocess.run(
            ["man", "--warnings", "-E", "UTF-8", "-l", str(tmp_path / "keepcool.1")],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={"MANWIDTH": columns, "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "EXIT STATUS" in done.stdout
