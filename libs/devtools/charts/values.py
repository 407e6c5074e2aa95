"""Reads a values.yaml with its comments, which are its documentation.

A comment right above a key describes it. Lines in it that begin with @ say what the default cannot:
``@enum a, b``, ``@minimum 1``, ``@items string`` (of a list), ``@open`` (an object with any keys).
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

_KEY = re.compile(r"(?P<indent> *)(?P<key>[A-Za-z][\w.-]*):( |$)")


class Value(NamedTuple):
    """One key: what it is by default, and what is said about it."""

    path: tuple[str, ...]
    default: Any
    description: str
    marks: dict[str, str]

    @property
    def is_open(self) -> bool:
        """An object whose keys are the reader's."""
        return "open" in self.marks

    @property
    def children(self) -> list[str]:
        """Keys below, where they are ours."""
        return list(self.default) if isinstance(self.default, dict) and not self.is_open else []


def read_values(file: Path) -> dict[tuple[str, ...], Value]:
    """Every key of a values.yaml by its path, in the order of the file."""
    text = file.read_text()
    document = yaml.safe_load(text) or {}
    values: dict[tuple[str, ...], Value] = {}
    comment: list[str] = []
    path: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            comment.append(stripped.removeprefix("#").strip())
            continue
        if match := _KEY.match(line):
            depth = len(match["indent"]) // 2
            path = [*path[:depth], match["key"]]
            _add(values, tuple(path), document, comment)
        comment = []
    return {found.path: found for found in _with_inline_keys(values)}


def _add(values: dict[tuple[str, ...], Value], path: tuple[str, ...], document: Any, comment: list[str]) -> None:
    above = values.get(path[:-1])
    if above is not None and (above.is_open or not isinstance(above.default, dict)):
        return  # an example inside, not a value of its own
    default: Any = document
    for key in path:
        default = default[key]
    marks = dict(line[1:].partition(" ")[::2] for line in comment if line.startswith("@"))
    description = " ".join(line for line in comment if not line.startswith("@"))
    values[path] = Value(path, default, description, marks)


def _with_inline_keys(values: dict[tuple[str, ...], Value]) -> list[Value]:
    """Keys of objects in one line ({a: 1}) have no comments; they are values all the same."""
    found: list[Value] = []
    for value in values.values():
        found.append(value)
        inline = [key for key in value.children if (*value.path, key) not in values]
        found += [Value((*value.path, key), value.default[key], "", {}) for key in inline]
    return found
