"""One connection: statements out, rows back."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from florin.database.errors import translated
from florin.database.literals import compose, literal

Row = dict[str, Any]


class Connection:
    """Statements on one connection. Placeholders are ``%s``; a list or tuple becomes ``(a,b,...)`` for IN."""

    def __init__(self, raw: Any, timeout_s: float, *, begin: bool = False) -> None:
        self._raw = raw
        self._timeout_s = timeout_s
        self._to_begin = begin
        self.after_commit: list[Callable[[], None]] = []
        """Called once the transaction that this connection was opened for is durable, and never if it is not."""

    async def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run a statement; the number of rows that it changed."""
        affected, _ = await self._query(compose(sql, tuple(params)))
        return affected

    async def fetch_all(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """All rows, each by column name."""
        _, rows = await self._query(compose(sql, tuple(params)))
        return rows

    async def fetch_one(self, sql: str, params: Sequence[Any] = ()) -> Row | None:
        """The first row, or None."""
        rows = await self.fetch_all(sql, params)
        return rows[0] if rows else None

    async def insert_rows(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        ignore: bool = False,
        on_duplicate: str = "",
    ) -> int:
        """One INSERT for all rows; the number of rows changed. ``on_duplicate`` follows ON DUPLICATE KEY UPDATE."""
        statement = insert_statement(table, columns, rows, ignore=ignore, on_duplicate=on_duplicate)
        return (await self._query(statement))[0] if statement else 0

    async def script(self, statements: Sequence[str]) -> list[list[Row]]:
        """Several complete statements in one packet; the rows of each (empty for those that return none).

        It stops at the first error, and what follows is not run. It is not for the first statement of a transaction.
        """
        if self._to_begin:
            raise AssertionError("a script does not begin a transaction")
        results: list[list[Row]] = []
        with translated():
            async with asyncio.timeout(self._timeout_s):
                await self._raw.query(";".join(statements))
                results.append(_rows(self._raw._result))
                while self._raw._result.has_next:
                    await self._raw.next_result()
                    results.append(_rows(self._raw._result))
        return results

    async def _query(self, sql: str) -> tuple[int, list[Row]]:
        with translated():
            async with asyncio.timeout(self._timeout_s):
                if self._to_begin:  # in one packet with the first statement: a transaction costs no round trip more
                    self._to_begin = False
                    await self._raw.query(f"BEGIN;{sql}")
                    affected = await self._raw.next_result()
                else:
                    affected = await self._raw.query(sql)
        return affected, _rows(self._raw._result)


def insert_statement(
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    ignore: bool = False,
    on_duplicate: str = "",
) -> str:
    """The text of a multi-row INSERT, or an empty string where there are no rows."""
    values = ",".join(f"({','.join(map(literal, row))})" for row in rows)
    if not values:
        return ""
    tail = f" ON DUPLICATE KEY UPDATE {on_duplicate}" if on_duplicate else ""
    return f"INSERT {'IGNORE ' if ignore else ''}INTO {table} ({','.join(columns)}) VALUES {values}{tail}"


def _rows(result: Any) -> list[Row]:
    if result is None or not result.rows:
        return []
    names = [field.name for field in result.fields]
    return [dict(zip(names, row, strict=True)) for row in result.rows]
