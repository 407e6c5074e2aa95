"""Rules of this house that no ready-made linter knows, each small. CONTRIBUTING.md says them to people."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from devtools.checks.check import Check, Paths
from devtools.places import CHECKOUT

_SAYS_NOTHING = re.compile(r"(^|_)(utils?|helpers?|common|managers?|misc)(_|$)")
_CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "time_ns", "monotonic_ns", "perf_counter"}
_CHANCE = ("import random", "import secrets", "import uuid", "from secrets ", "from uuid ")


def broken_rules(path: Path, source: str) -> Iterator[str]:
    """What one file does against the rules of the house, each with its line and what to do."""
    for part in (*path.parts[:-1], path.stem):
        if _SAYS_NOTHING.search(part):
            yield f"{path}:1: the name {part!r} says nothing; name the thing that is in it."
    tree = ast.parse(source)
    if "domain" in path.parts and path.parts[0] == "services":
        yield from (f"{path}:{line}: {problem}" for line, problem in _impure(tree))
    if path.parts[0] != "tests":
        yield from (f"{path}:{line}: {problem}" for line, problem in _of_structs(tree))
    yield from (f"{path}:{line}: {problem}" for line, problem in _of_tests_and_money(tree))


def _impure(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CLOCKS:
            whose = ast.unparse(node.func.value)
            if whose in ("datetime", "date", "time", "datetime.datetime", "datetime.date"):
                yield node.lineno, "a rule reads no clock; the time comes with the command."
        # A `Random` with a seed of its own is a function like any other.
        if isinstance(node, ast.Import | ast.ImportFrom) and ast.unparse(node).startswith(_CHANCE):
            yield node.lineno, "a rule draws nothing; ids come with the command."


def _of_structs(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & {"Struct", "msgspec.Struct"}:
            said = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            if said.get("frozen") != "True":
                yield node.lineno, f"Struct {node.name} can change under its readers; say frozen=True."


def _of_tests_and_money(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            if any(name == "unittest.mock" or name.startswith("mock") for name in names):
                yield node.lineno, "nothing of our own is mocked; use the real one, as the tests beside this do."
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            name = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
            if name.endswith("_minor") and "float" in ast.unparse(node.annotation):
                yield node.lineno, f"{name} is money: whole minor units, never a float."


def _problems(paths: Paths) -> str:
    sources = ((path, (CHECKOUT / path).read_text()) for path in paths)
    return "\n".join(problem for path, source in sources for problem in broken_rules(path, source))


HOUSE = Check("rules of the house", ("*.py",), _problems)
