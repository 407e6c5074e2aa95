"""docs/reference/settings.md: every variable that a process of Florin reads, from the Structs that read them.

What a setting means is the docstring under its field, in the class that says it last.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from florin.service import ServiceSettings
from florin.settings import Secret, variable_of
from florin_cli.settings import OperatorSettings as CommandLineSettings
from merchant_operator.settings import OperatorSettings
from merchants.settings import MerchantsSettings
from notifications.settings import NotificationsSettings
from payments.settings import PaymentsSettings
from simulator.settings import SimulatorSettings

_HEAD = """# Settings

A process reads its settings once, at start, from environment variables. What is missing or wrong is named, all of it
at once, and the process ends. An empty variable counts as not set. Lists are separated by commas; booleans are `true`
or `false`. A *secret* is shown in no log, error or traceback. The command `migrate` of a service reads its
`FLORIN_DATABASE_*`, `FLORIN_MIGRATE_AT_START` and `FLORIN_LOG_LEVEL` alone.

This page is made from the code: `./dev generate`. `./dev up` sets all of these by itself.
"""
_TAIL = """## `./dev`
| variable | meaning |
|---|---|
| `FLORIN_HOME` | Where the platform of this checkout keeps its data and logs. |
| `FLORIN_CACHE` | Where environments and tools are kept, which checkouts share. |
"""
_UNITS = {
    "_s": "seconds",
    "_hours": "hours",
    "_days": "days",
    "_bytes": "bytes",
    "_ratio": "0 to 1",
    "port": "TCP port",
}
_NAMES = {
    int: "whole number", float: "number", str: "text", bool: "true or false", Path: "path", Secret: "secret",
    type(None): "",
}  # fmt: skip


class Setting(msgspec.Struct, frozen=True):
    """One field as a person reads it."""

    name: str
    type: str
    default: str
    meaning: str

    def row(self) -> str:
        """Its line of a table."""
        return f"| `{variable_of(self.name)}` | {self.type} | {self.default} | {self.meaning} |"


def settings_of(struct: type[msgspec.Struct], besides: type[msgspec.Struct] | None = None) -> Iterator[Setting]:
    """The settings of a Struct; with ``besides``, those alone that this base does not have, or has otherwise."""
    known = {field.name: field for field in msgspec.structs.fields(besides)} if besides else {}
    meanings = _meanings(struct)
    for field in msgspec.structs.fields(struct):
        base = known.get(field.name)
        if base is None or (base.required, base.default) != (field.required, field.default):
            yield Setting(field.name, _type(field.name, field.type), _default(field), meanings.get(field.name, ""))


def render() -> str:
    """The page."""
    return "\n".join([
        _HEAD,
        *_section("Every service", settings_of(ServiceSettings)),
        *_section("payments", settings_of(PaymentsSettings, ServiceSettings)),
        *_section("merchants", settings_of(MerchantsSettings, ServiceSettings)),
        *_section("notifications", settings_of(NotificationsSettings, ServiceSettings)),
        *_section("simulator", settings_of(SimulatorSettings, ServiceSettings)),
        *_section("The operator", settings_of(OperatorSettings)),
        *_section("The command line `florin`", settings_of(CommandLineSettings)),
        "They can stand in a file, too, which `FLORIN_CONFIG` names: [operate](../guides/operate-with-florin.md).\n",
        _TAIL,
    ])  # fmt: skip


def _section(title: str, settings: Iterable[Setting]) -> list[str]:
    rows = [setting.row() for setting in settings]
    return [f"## {title}", "| variable | type | default | meaning |", "|---|---|---|---|", *rows, ""]


def _type(name: str, annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(annotation))
    if get_origin(annotation) is tuple:
        return f"list of {_NAMES[get_args(annotation)[0]]}s"
    options = get_args(annotation) or (annotation,)
    text = _NAMES[next(option for option in options if option in _NAMES)]
    unit = next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")
    return f"{text}, {unit}" if unit and annotation is not bool else text


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "**required**"
    value = field.default
    if value in (None, "", ()) or (isinstance(value, Secret) and not value):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    return f"`{','.join(map(str, value))}`" if isinstance(value, tuple) else f"`{value}`"


def _meanings(struct: type) -> dict[str, str]:
    """The docstrings below the fields of a class and of its bases."""
    meanings: dict[str, str] = {}
    for cls in reversed(struct.__mro__):
        if not issubclass(cls, msgspec.Struct) or cls is msgspec.Struct:
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
        body = tree.body if isinstance(tree, ast.ClassDef) else []
        for field, below in pairwise(body):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    meanings[name] = " ".join(text.replace("``", "`").split())
    return meanings
