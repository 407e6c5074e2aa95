"""docs/reference/tables.md: the tables of each service, drawn from its schema."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

_ROOT = Path(__file__).parents[3]
_SERVICES = ("payments", "merchants", "notifications")
_TABLE = re.compile(r"^CREATE TABLE `?(\w+)`? \((.*?)^\)", re.M | re.S)
_COLUMN = re.compile(r"^  `(\w+)` (\w+)", re.M)
_KEY = re.compile(r"^  (PRIMARY|UNIQUE) KEY (?:`\w+` )?\(([^)]*)\)", re.M)
_HEAD = """# Tables

Each service has a schema of its own and reads no other's. There are no foreign keys: a line is a column that names a
row of another table. `PK` and `UK` mark columns that are part of the primary or of a unique key.

This page is made from `services/*/schema.sql`, which equal the migrations: `./dev generate`. The
simulator's book is a SQLite file.
"""
_OF_LIBRARIES = """What the shared library keeps in the schema of each service that uses it: events to publish and how
far their readers are, what was processed and what was given up, who owns a partition, and the projection of merchants.
"""


class Table(Struct, frozen=True):
    """A table with its columns: name, type, and which keys they belong to."""

    name: str
    columns: list[tuple[str, str, str]]

    def draw(self) -> Iterator[str]:
        """Its box."""
        yield f"    {self.name} {{"
        yield from (f"        {type_} {name} {keys}".rstrip() for name, type_, keys in self.columns)
        yield "    }"


def tables_in(schema: str) -> list[Table]:
    """The tables of a schema file."""
    return [Table(name, list(_columns(body))) for name, body in _TABLE.findall(schema)]


def render() -> str:
    """The page."""
    shared = {name for file in _ROOT.glob("libs/florin/*/migrations/*.sql") for name, _ in _TABLE.findall(_read(file))}
    lines = [_HEAD]
    of_libraries: dict[str, Table] = {}
    for service in _SERVICES:
        tables = tables_in(_read(_ROOT / f"services/{service}/schema.sql"))
        of_libraries |= {table.name: table for table in tables if table.name in shared}
        lines += [f"## {service}", *_picture([table for table in tables if table.name not in shared]), ""]
    lines += ["## Of libraries", "", _OF_LIBRARIES, *_picture(of_libraries.values())]
    return "\n".join(lines) + "\n"


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _columns(body: str) -> Iterator[tuple[str, str, str]]:
    keys = {"PRIMARY": "PK", "UNIQUE": "UK"}
    parts = [(keys[kind], re.findall(r"`(\w+)`", columns)) for kind, columns in _KEY.findall(body)]
    for name, type_ in _COLUMN.findall(body):
        yield name, type_, ", ".join(dict.fromkeys(key for key, columns in parts if name in columns))


def _picture(tables: Iterable[Table]) -> list[str]:
    tables = list(tables)
    names = {_singular(table.name): table.name for table in tables}
    lines = ["```mermaid", "erDiagram"]
    for table in tables:
        lines += table.draw()
    for table in tables:
        for column, _, _ in table.columns:
            named = names.get(column.removesuffix("_id"))
            if column.endswith("_id") and named not in (None, table.name):
                lines.append(f"    {named} ||--o{{ {table.name} : {column}")
    return [*lines, "```"]


def _singular(name: str) -> str:
    return re.sub(r"ies$", "y", name) if name.endswith("ies") else name.removesuffix("s")
