"""The book's file: nothing is answered before it is committed, and nothing is committed by halves."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.domain.operations import Authorize
from simulator.domain.terminals import Terminal
from simulator.operations.deliver import CallbackSender
from simulator.operations.desk import Answered, Desk
from simulator.store.book import Book, BookInUse
from simulator.store.faults import FaultRules
from simulator.store.terminals import Register


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    opened = Book.open(tmp_path / "book.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def outside(book: Book, tmp_path: Path):
    """Another connection to the file: it sees what is committed and nothing else."""
    connection = sqlite3.connect(tmp_path / "book.sqlite3")
    yield lambda sql: connection.execute(sql).fetchall()
    connection.close()


INSERT = "INSERT INTO strikes (terminal, reference) VALUES (?, ?)"


async def test_commit_is_shared_and_waited_for(book, outside) -> None:
    book.write(INSERT, "t", "R1")
    book.write(INSERT, "t", "R2")
    assert outside("SELECT * FROM strikes") == []
    assert len(book.rows("SELECT * FROM strikes")) == 2
    await book.durable()
    assert len(outside("SELECT * FROM strikes")) == 2


async def test_failed_statement_takes_all_of_its_transaction_back(book, outside) -> None:
    book.write(INSERT, "t", "R1")
    await book.durable()
    book.write(INSERT, "t", "R2")
    neighbour = book.durable()
    neighbour.send(None)  # it waits for the commit that is to fail
    with pytest.raises(sqlite3.IntegrityError):
        book.write(INSERT, "t", "R1")
    await asyncio.sleep(0)
    with pytest.raises(sqlite3.IntegrityError):
        neighbour.send(None)
    book.write(INSERT, "t", "R3")
    await book.durable()
    assert [row[0] for row in outside("SELECT reference FROM strikes ORDER BY 1")] == ["R1", "R3"]


async def test_answer_comes_after_the_commit(book, outside) -> None:
    register = Register(book)
    terminal = Terminal(id="default")
    desk = Desk(book, register, FaultRules(book), CallbackSender(book, register))
    request = Authorize(reference="R1", amount_minor=100, currency="EUR", card="tok_visa")
    assert isinstance(await desk.perform(terminal, request), Answered)
    assert outside("SELECT reference FROM operations") == [("R1",)]
    assert isinstance(await desk.look_up(terminal, "R1"), Answered)


async def test_second_keeper_is_refused(book, tmp_path) -> None:
    with pytest.raises(BookInUse):
        Book.open(tmp_path / "book.sqlite3")


async def test_numbers_go_on_after_reopening(tmp_path) -> None:
    first = Book.open(tmp_path / "other.sqlite3")
    register = Register(first)
    desk = Desk(first, register, FaultRules(first), CallbackSender(first, register))
    terminal = Terminal(id="default")
    await desk.perform(terminal, Authorize(reference="R1", amount_minor=100, currency="EUR", card="tok_visa"))
    first.close()
    second = Book.open(tmp_path / "other.sqlite3")
    assert second.take_number() == 2
    second.close()
