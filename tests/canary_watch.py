"""Fail a test run in whose output a planted secret is found, whatever the tests themselves say.

Looked through are the names of the tests, what they printed and logged, what `capsys` took away,
what child processes printed and the words that started them, and every file that the run left.
"""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.canary import files_with_secrets, has_secret

NAME = "canary-watch"
_OUTPUT = "canary_found"  # from a worker of xdist to the process that counts


class CanaryWatch:
    """Look through one process's part of a run; workers tell what they found when they end."""

    def __init__(self, config: pytest.Config) -> None:
        self.found: list[str] = []
        self._config = config
        self._test = "before the first test"
        self._is_worker = hasattr(config, "workerinput")
        self._undo = pytest.MonkeyPatch()
        for owner, name in (
            (pytest.CaptureFixture, "readouterr"),
            (subprocess.Popen, "communicate"),
        ):
            self._undo.setattr(owner, name, self._overheard(getattr(owner, name)))

    def look(self, where: str, outputs: Iterable[object]) -> None:
        """Note `where` when one of the outputs holds a secret."""
        if any(has_secret(output) for output in outputs):
            self.found.append(where)

    def _overheard(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that takes output away, and has it looked through on its way."""

        @functools.wraps(function)
        def overheard(subject: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            outputs = function(subject, *arguments, **options)
            self.look(f"{self._test}: what was captured", outputs)
            self.look(f"{self._test}: a command line", [getattr(subject, "args", "")])
            return outputs

        return overheard

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Look through the tests' names, which every report shows."""
        for item in session.items:
            self.look(f"{item.location[0]}: the name of a test", [item.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Know which test runs."""
        self._test = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look through what a test printed, logged and failed with, where all comes together."""
        if not self._is_worker:
            texts = [text for _, text in report.sections]
            self.look(f"{report.nodeid}: output of {report.when}", [*texts, report.longreprtext])

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401 - of xdist
        """Take over what a worker found."""
        self.found += getattr(node, "workeroutput", {}).get(_OUTPUT, [])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look through the files of this process, and fail the run."""
        if not self._config.pluginmanager.hasplugin("dsession"):
            factory = getattr(self._config, "_tmp_path_factory", None)
            if factory is not None:
                paths = files_with_secrets(factory.getbasetemp())
                self.found += [f"{path}: a file" for path in paths]
        if self._is_worker:
            self._config.workeroutput[_OUTPUT] = self.found  # type: ignore[attr-defined] # of xdist
        elif self.found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where."""
        if self.found:
            terminalreporter.section("planted secrets found in output", red=True)
            for where in sorted(set(self.found)):
                terminalreporter.line(where)

    def pytest_unconfigure(self) -> None:
        """Leave the captured classes as they were."""
        self._undo.undo()


def register(config: pytest.Config) -> None:
    """Watch a run."""
    config.pluginmanager.register(CanaryWatch(config), NAME)
