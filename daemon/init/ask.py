"""Ask a person at a terminal: plain questions, numbered lists, wrong answers asked again."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

# Returns what was meant. Raises: ValueError with the reason in words.
Check = Callable[[str], str]

NONE_WORDS = frozenset({"none", "no", "0", "-"})


class Terminal(Protocol):
    """Talk to a person line by line; works on a dumb terminal."""

    @property
    def width(self) -> int:
        """Return how many columns a line may have."""
        ...

    def say(self, text: str = "") -> None:
        """Print a line."""
        ...

    def ask(self, question: str, default: str = "", *, is_hidden: bool = False) -> str:
        """Return one line of answer, without blanks around it; the default for an empty one."""
        ...

    def show_progress(self, text: str) -> None:
        """Show how far something is, in place of what was shown before; empty ends it."""
        ...


def ask_checked(
    terminal: Terminal, question: str, check: Check, default: str = "", *, is_hidden: bool = False
) -> str:
    """Ask until the answer passes the check."""
    while True:
        answer = terminal.ask(question, default, is_hidden=is_hidden)
        try:
            return check(answer)
        except ValueError as error:
            terminal.say(f"  That does not work: {error}")


def ask_yes(terminal: Terminal, question: str, *, default: bool) -> bool:
    """Ask for yes or no."""
    words = {"y": True, "yes": True, "n": False, "no": False}
    while True:
        answer = terminal.ask(f"{question} (y/n)", "y" if default else "n").lower()
        if answer in words:
            return words[answer]
        terminal.say("  Please answer y or n.")


def choose(terminal: Terminal, question: str, options: Sequence[str], default: int = 0) -> int:
    """Show a numbered list and return the position of the one that was chosen."""
    _list(terminal, options)
    while True:
        answer = terminal.ask(question, str(default + 1))
        if answer.isdecimal() and 1 <= int(answer) <= len(options):
            return int(answer) - 1
        terminal.say(f"  Please type one number from 1 to {len(options)}.")


def choose_many(
    terminal: Terminal, question: str, options: Sequence[str], default: Collection[int] = ()
) -> list[int]:
    """Show a numbered list and return the positions of those that were chosen, maybe none."""
    _list(terminal, options)
    shown = " ".join(str(number + 1) for number in sorted(default)) or "none"
    if len(default) == len(options) > 1:
        shown = "all"
    while True:
        answer = terminal.ask(f"{question} (numbers, all or none)", shown).lower()
        if answer in NONE_WORDS:
            return []
        if answer == "all":
            return list(range(len(options)))
        parts = [part for part in re.split(r"[\s,;]+", answer) if part]
        if parts and all(part.isdecimal() and 1 <= int(part) <= len(options) for part in parts):
            return sorted({int(part) - 1 for part in parts})
        terminal.say(
            f"  Please type numbers from 1 to {len(options)}, such as 1 or 1 2, or all, or none."
        )


def _list(terminal: Terminal, options: Sequence[str]) -> None:
    for number, option in enumerate(options, start=1):
        terminal.say(f"  {number:>2}. {option}")
