"""Files and functions stay small: a ratchet. What is above the limits is on record, and may only shrink.

Something that grows past a limit holds two ideas. The record (`sizes.txt`) has the lines and the name of each thing
that is larger than it should be. It is lowered with ``./dev lint --fix``, which never raises it.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from devtools.checks.check import Check, Paths
from devtools.places import CHECKOUT

FILE_LINES = 400
FUNCTION_LINES = 60
RECORD = Path(__file__).with_name("sizes.txt")


def too_large(path: str, source: str) -> Iterator[tuple[str, int]]:
    """Names (``file.py``, ``file.py:Class.function``) and lines of what is above its limit in one file."""
    lines = len(source.splitlines())
    if lines > FILE_LINES:
        yield path, lines
    for name, function in _functions(ast.parse(source)):
        length = (function.end_lineno or 0) - function.lineno + 1
        if length > FUNCTION_LINES:
            yield f"{path}:{name}", length


def grown(now: Mapping[str, int], record: Mapping[str, int]) -> list[str]:
    """What is larger than is on record, or can be taken from it, each with what to do."""
    problems = []
    for name, lines in now.items():
        limit = FUNCTION_LINES if ":" in name else FILE_LINES
        if lines > (before := record.get(name, limit)):
            advice = "It holds two ideas: give one a name and a place of its own."
            problems.append(f"{name} has grown from at most {before} to {lines} lines. {advice}")
    for name, before in record.items():
        if now.get(name, 0) < before:
            problems.append(
                f"{name} is smaller than the {before} lines on record. Well done: ./dev lint --fix lowers it."
            )
    return problems


def lowered(now: Mapping[str, int], record: Mapping[str, int]) -> dict[str, int]:
    """The record without what has shrunk. Nothing is added or raised."""
    return {name: min(before, now[name]) for name, before in record.items() if name in now}


def read_record(path: Path = RECORD) -> dict[str, int]:
    """Name -> lines that it may have."""
    rows = (line.split(maxsplit=1) for line in path.read_text().splitlines() if not line.startswith("#"))
    return {name: int(lines) for lines, name in rows}


def write_record(record: Mapping[str, int], path: Path = RECORD) -> None:
    """Largest first, below the remark that the file begins with."""
    remark = [line for line in path.read_text().splitlines() if line.startswith("#")]
    rows = [f"{lines:5} {name}" for name, lines in sorted(record.items(), key=lambda row: (-row[1], row[0]))]
    path.write_text("\n".join([*remark, *rows]) + "\n")


def _measured(paths: Paths) -> dict[str, int]:
    sources = ((str(path), (CHECKOUT / path).read_text()) for path in paths)
    return {name: lines for path, source in sources for name, lines in too_large(path, source)}


def _problems(paths: Paths) -> str:
    looked_at = {str(path) for path in paths}
    gone = {name for name in read_record() if not (CHECKOUT / name.partition(":")[0]).is_file()}
    record = {
        name: lines for name, lines in read_record().items() if name.partition(":")[0] in looked_at or name in gone
    }
    return "\n".join(grown(_measured(paths), record))


def _lower(paths: Paths) -> None:
    record = read_record()
    if (less := lowered(_measured(paths), record)) != record:
        write_record(less)


def _functions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{child.name}", child
        name = (
            getattr(child, "name", None)
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            else None
        )
        yield from _functions(child, f"{prefix}{name}." if name else prefix)


SIZES = Check("sizes", ("*.py", "dev"), _problems, _lower)
