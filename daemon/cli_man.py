"""Write the manual page from the commands' own help: `python -m daemon.cli_man > keepcool.1`."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator

import click

from daemon import __version__
from daemon.cli import DEFAULT_CONFIG, main

PROGRAM = "keepcool"
_EXIT_CODES = "Exit codes: "
_EXIT_CODE = re.compile(r"(\d) (.+?)(?=, \d |\.$)", re.DOTALL)
_FILES = (
    (DEFAULT_CONFIG, "The settings."),
    ("/etc/keepcool/secrets/", "Passwords and tokens, one in each file."),
    ("/var/lib/keepcool/", "The database, and the last settings that ran."),
    ("/run/keepcool/", "What `keepcool status` shows."),
)
_ENVIRONMENT = (
    ("KEEPCOOL_CONFIG", "The settings file, where --config names none."),
    ("KEEPCOOL_TABLE__KEY", "One setting: KEEPCOOL_MQTT__HOST is host of [mqtt]."),
)
_SEE_ALSO = "systemctl(1), journalctl(1), mosquitto(8)"


def render_manual() -> str:
    """Return the manual page of all commands that are not hidden, in roff."""
    context = click.Context(main, info_name=PROGRAM, **main.context_settings)
    first, *paragraphs = _paragraphs(main)
    name = first.rstrip(".")
    lines = [
        f'.TH {PROGRAM.upper()} 1 "" "{PROGRAM} {__version__}" "User Commands"',
        ".SH NAME",
        rf"{PROGRAM} \- {_escaped(name[:1].lower() + name[1:])}",
        ".SH SYNOPSIS",
        *_usage(context),
        ".SH DESCRIPTION",
    ]
    codes: list[tuple[str, str]] = []
    for paragraph in paragraphs:
        if paragraph.startswith(_EXIT_CODES):
            codes = _EXIT_CODE.findall(paragraph)
        else:
            lines += [".PP", _escaped(paragraph)]
    lines += [".SH OPTIONS", *_options(context), ".SH COMMANDS", *_commands(main, context)]
    for title, items in (
        ("EXIT STATUS", codes),
        ("ENVIRONMENT", _ENVIRONMENT),
        ("FILES", _FILES),
    ):
        lines += [f'.SH "{title}"', *_items(items)]
    return "\n".join([*lines, '.SH "SEE ALSO"', _escaped(_SEE_ALSO), ""])


def _commands(group: click.Group, context: click.Context) -> Iterator[str]:
    """Render every command; of a group, the commands in it."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from _commands(command, inner)
            continue
        usage = " ".join([inner.command_path, *command.collect_usage_pieces(inner)])
        yield f'.SS "{_escaped(usage)}"'
        for paragraph in _paragraphs(command):
            yield from (".PP", _escaped(paragraph))
        yield from _options(inner)


def _usage(context: click.Context) -> Iterator[str]:
    pieces = " ".join(context.command.collect_usage_pieces(context))
    yield from (f".B {context.command_path}", _escaped(pieces))


def _options(context: click.Context) -> Iterator[str]:
    """Render a command's options; `--help`, which all have, once at the top."""
    of_all = set() if context.parent is None else set(context.help_option_names)
    records = [
        record
        for parameter in context.command.get_params(context)
        if (record := parameter.get_help_record(context)) is not None
        and not of_all & set(parameter.opts)
        and (isinstance(parameter, click.Option) or record[1])
    ]
    yield from _items(records)


def _items(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, text in items:
        yield from (".TP", f".B {_escaped(term)}", _escaped(text) or r"\&")


def _paragraphs(command: click.Command) -> list[str]:
    """Return a command's help as paragraphs, each in one line."""
    text = inspect.cleandoc(command.help or "").replace("\b", "").replace("\f", "")
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def _escaped(text: str) -> str:
    r"""Return a text that roff prints as it is.

    >>> _escaped("--online")
    '\\-\\-online'
    """
    plain = text.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain


if __name__ == "__main__":
    sys.stdout.write(render_manual())
