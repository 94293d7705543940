"""Read the product's source and say where it breaks the rules of the house.

Every checker takes source text and returns its complaints, so that the checkers are tested on
bad input like anything else.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

PACKAGES = ("daemon", "integrations", "policies", "config")
MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 450

# What would give a policy a clock, chance, a log, a disk, a network or a second thread.
_WORLDLY = """
asyncio builtins concurrent ctypes fcntl glob http importlib io logging mmap multiprocessing os
pathlib queue random sched secrets select selectors shutil signal socket socketserver sqlite3 ssl
subprocess syslog tempfile threading time urllib uuid
"""
WORLDLY_MODULES = frozenset(_WORLDLY.split())

# The vocabulary that all adapters share with the daemon; no adapter itself.
VOCABULARY = ("integrations.errors", "integrations.messages")
# What adapters share among themselves: words for a refused certificate, an end for every answer,
# and the guards of every weather request and of its answer.
SHARED_BY_ADAPTERS = (
    *VOCABULARY,
    "integrations.certificates",
    "integrations.deadlines",
    "integrations.documents",
    "integrations.hourly",
    "integrations.web",
)

WORLDLY_CALLS = frozenset({"open", "print", "input", "exec", "eval", "__import__", "breakpoint"})
CLOCK_READS = frozenset({"now", "utcnow", "today"})

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """Hold one source file: its path inside the repository and its text."""

    path: str
    source: str

    @property
    def name(self) -> str:
        """Return the dotted name under which Python imports it."""
        parts = PurePosixPath(self.path).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> str:
        """Return the top-level package that it lives in."""
        return self.name.split(".")[0]

    @property
    def tree(self) -> ast.Module:
        """Return its syntax tree."""
        return ast.parse(self.source, self.path)


def imported_names(module: Module) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of everything imported, wherever in the file it stands.

    `from a.b import c` yields `a.b.c`, because `c` may be a module; relative imports are resolved;
    `importlib.import_module("a.b")` counts when its argument is a literal.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = _absolute_base(module, node)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and _called_name(node) in {"import_module", "__import__"}:
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield node.lineno, argument.value


def _absolute_base(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    is_package = PurePosixPath(module.path).name == "__init__.py"
    kept = parts[: len(parts) - node.level + is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _called_name(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _is_under(name: str, *roots: str) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)


def check_imports(module: Module, adapters: Collection[str] = ()) -> list[str]:
    """Return what the module imports against the dependency direction.

    Args:
        module: a file of one of the four packages.
        adapters: the names of all modules in `integrations`, to know which belong together.
    """
    check = {
        "policies": _policies_may_not_import,
        "integrations": _integrations_may_not_import,
        "daemon": _daemon_may_not_import,
        "config": _config_may_not_import,
    }[module.package]
    return [
        f"{module.path}:{line} imports {name}: {reason}"
        for line, name in imported_names(module)
        if (reason := check(module, name, adapters))
    ]


def _policies_may_not_import(_module: Module, name: str, _adapters: Collection[str]) -> str | None:
    root = name.partition(".")[0]
    if root == "policies":
        return None
    if root not in sys.stdlib_module_names:
        return "policies know only the standard library and themselves"
    return "policies cannot reach the world" if root in WORLDLY_MODULES else None


def _integrations_may_not_import(
    module: Module, name: str, adapters: Collection[str]
) -> str | None:
    if _is_under(name, "daemon", "config", "tests"):
        return "an adapter knows neither the shell nor the settings"
    if not _is_under(name, "integrations") or _is_under(name, *SHARED_BY_ADAPTERS):
        return None
    parts = name.split(".")
    own = module.name.split(".")[1:2]
    if own and len(parts) > 1 and _adapter(own[0], adapters) == _adapter(parts[1], adapters):
        return None
    return "adapters never import each other"


def _adapter(name: str, names: Collection[str]) -> str:
    """Return the adapter that a module belongs to: `mqtt_payloads` belongs to `mqtt`."""
    roots = [other for other in names if name == other or name.startswith(f"{other}_")]
    return min(roots, key=len, default=name)


def _daemon_may_not_import(module: Module, name: str, _adapters: Collection[str]) -> str | None:
    is_bootstrap = _is_under(module.name, "daemon.bootstrap")
    is_cli = _is_under(module.name, "daemon.cli") or module.name.startswith("daemon.cli_")
    if _is_under(name, "tests"):
        return "the product does not know its tests"
    if _is_under(name, "integrations") and not _is_under(name, *VOCABULARY):
        return None if is_bootstrap else "only daemon/bootstrap names adapters"
    if _is_under(name, "config"):
        return None if is_bootstrap or is_cli else "only bootstrap and the command line know config"
    return None


def _config_may_not_import(_module: Module, name: str, _adapters: Collection[str]) -> str | None:
    if _is_under(name, "daemon", "integrations", "tests"):
        return "settings know neither the shell nor the adapters"
    return None


def check_purity(module: Module) -> list[str]:
    """Return the calls by which a policy would read a clock or touch the world."""
    complaints = []
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name) if name in WORLDLY_CALLS:
                complaints.append(f"{module.path}:{node.lineno} calls {name}()")
            case ast.Attribute(attr=name) if name in CLOCK_READS:
                complaints.append(f"{module.path}:{node.lineno} reads the clock by .{name}()")
    return complaints


def _functions(module: Module) -> Iterator[FunctionNode]:
    for node in ast.walk(module.tree):
        if isinstance(node, FunctionNode):
            yield node


def function_lines(node: FunctionNode) -> int:
    """Return the number of lines from `def` to the end, without the docstring."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is None:
        return total
    docstring = node.body[0]
    return total - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def check_function_lengths(module: Module) -> list[str]:
    """Return the functions that are too long to be read at once."""
    return [
        f"{module.path}:{node.lineno} {node.name} has {lines} lines, at most {MAX_FUNCTION_LINES}"
        for node in _functions(module)
        if (lines := function_lines(node)) > MAX_FUNCTION_LINES
    ]


def check_file_length(module: Module) -> list[str]:
    """Return a complaint when the file is too long."""
    lines = len(module.source.splitlines())
    if lines <= MAX_FILE_LINES:
        return []
    return [f"{module.path} has {lines} lines, at most {MAX_FILE_LINES}"]


def check_tests_assert(module: Module) -> list[str]:
    """Return the test functions that could not fail by an assertion.

    `assert` on anything but a constant counts, and so do `raises`, `warns` and `fail` of pytest,
    `wait_until` and any function named `assert_...`.
    """
    return [
        f"{module.path}:{node.lineno} {node.name} asserts nothing"
        for node in _functions(module)
        if node.name.startswith("test_") and not any(map(_can_fail, ast.walk(node)))
    ]


def _can_fail(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return not isinstance(node.test, ast.Constant)
    if not isinstance(node, ast.Call):
        return False
    name = _called_name(node)
    return name in {"raises", "warns", "fail", "wait_until"} or name.startswith("assert_")
