"""What rows are kept, what is found, what the database refuses."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.conftest import DatabaseFactory
from tests.support.streaming import FOLDERS, STREAM, count, in_one_partition, new_event, record

from florin.database import Database, DuplicateKey
from florin.inbox.table import purge_inbox, record_seen
from florin.leases import LeaseLost, acquire
from florin.outbox import forget_group, record_events
from florin.outbox.floor_book import FloorBook
from florin.outbox.table import delete_old, find_unpublished, mark_published, owe_again
from florin.streams.floors import raise_floors, read_floors
from florin.streams.port import ORIGIN, EntryId, Partition

P0 = Partition(STREAM, 0)
MONTH = timedelta(days=30)


@pytest.fixture
async def db(database_factory: DatabaseFactory) -> Database:
    return await database_factory(FOLDERS)


async def _publish(db: Database, fence: int, limit: int = 1000) -> None:
    async with db.connection() as conn:
        leases = await acquire(conn, ["relay"], "test", 60)
        waiting = await find_unpublished(conn, [P0], limit=limit)
        await mark_published(conn, leases, {P0: (EntryId(fence, 0), waiting[P0])})


async def test_an_event_and_a_version_are_recorded_once(db: Database) -> None:
    event = new_event("pay_1", 1)
    await record(db, event)
    for twice in (event, new_event("pay_1", 1), msgspec.structs.replace(event, sequence=2)):
        with pytest.raises(DuplicateKey):
            await record(db, twice)
    await record(db, new_event("pay_1", 1, n=1))
    assert await count(db, "outbox") == 2


async def test_events_of_a_transaction_that_rolls_back_never_were(db: Database) -> None:
    async def fail_after_recording() -> None:
        async with db.transaction() as conn:
            await record_events(conn, STREAM, [new_event("pay_1", 1)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_recording()
    assert await count(db, "outbox") == 0


async def test_unpublished_rows_are_read_in_order_from_an_index_alone(db: Database) -> None:
    events = [new_event(name, version) for version in (1, 2) for name in in_one_partition(40)]
    await record(db, *events)
    await _publish(db, 1, limit=10)
    async with db.connection() as conn:
        found = await find_unpublished(conn, [P0, Partition(STREAM, 1), Partition("merchants", 0)], limit=20)
        plan = await conn.fetch_all(
            "EXPLAIN SELECT * FROM outbox FORCE INDEX (entry) WHERE stream = 'payments.test' AND partition_no = 0"
            " AND entry_fence IS NULL AND entry_seq IS NULL ORDER BY seq LIMIT 20"
        )
    assert [row.event_id for row in found.pop(P0)] == [event.id for event in events[10:30]]
    assert found == {}
    assert "filesort" not in plan[0]["Extra"]


async def test_only_rows_past_the_floor_are_owed_again_lowest_first(db: Database) -> None:
    await record(db, *(new_event(name, 1) for name in in_one_partition(30)))
    for fence in (2, 5, 9):
        await _publish(db, fence, limit=10)
    async with db.transaction() as conn:
        assert await owe_again(conn, P0, EntryId(5, 3), limit=4) == 4
        assert await owe_again(conn, P0, EntryId(5, 3), limit=100) == 12
        assert await owe_again(conn, P0, EntryId(5, 3), limit=100) == 0
    assert await count(db, "outbox", "entry_fence IS NULL AND seq > 14") == 16


async def test_a_mark_does_not_change_a_row_that_is_published(db: Database) -> None:
    await record(db, new_event(in_one_partition(1)[0], 1))
    async with db.connection() as conn:
        leases = await acquire(conn, ["relay"], "test", 60)
        waiting = await find_unpublished(conn, [P0], limit=1)
        await mark_published(conn, leases, {P0: (EntryId(4, 0), waiting[P0])})
        await mark_published(conn, leases, {P0: (EntryId(3, 7), waiting[P0])})
    assert await count(db, "outbox", "entry_fence = 4 AND entry_seq = 0") == 1


async def test_who_lost_one_of_its_leases_marks_nothing(db: Database) -> None:
    await record(db, *(new_event(name, 1) for name in in_one_partition(3)))
    async with db.connection() as conn:
        leases = await acquire(conn, ["a", "b"], "test", 60)
        waiting = await find_unpublished(conn, [P0], limit=3)
        await conn.execute("UPDATE leases SET holder = 'other', fence = fence + 1 WHERE name = 'b'")
        with pytest.raises(LeaseLost) as lost:
            await mark_published(conn, leases, {P0: (EntryId(4, 0), waiting[P0])})
    assert lost.value.names == {"b"}
    assert await count(db, "outbox", "entry_fence IS NULL") == 3


async def test_rows_are_deleted_when_old_published_and_past_every_floor(db: Database) -> None:
    names = in_one_partition(40)
    old = datetime.now(UTC) - timedelta(days=31)
    await record(db, *(msgspec.structs.replace(new_event(name, 1), occurred_at=old) for name in names[:30]))
    await record(db, *(new_event(name, 1) for name in names[30:]))
    await _publish(db, 1, limit=35)
    async with db.connection() as conn:
        await conn.execute("UPDATE outbox SET entry_fence = NULL, entry_seq = NULL WHERE seq = 1")
        await raise_floors(conn, "stream_floors", {P0: {"quick": EntryId(1, 34), "slow": EntryId(1, 19)}})

        async def purge() -> None:
            floors = await read_floors(conn, "stream_floors", [STREAM])
            after: int | None = 0
            while after is not None:
                after = await delete_old(conn, floors, [STREAM], after_seq=after, retention=MONTH, limit=7)

        await purge()
        assert await count(db, "outbox") == 40 - 19
        assert await count(db, "outbox", "seq = 1") == 1  # never published
        assert await forget_group(conn, STREAM, "slow") == 1
        await purge()
    assert await count(db, "outbox") == 11


async def test_floors_only_rise(db: Database) -> None:
    async with db.connection() as conn:
        for floor, expected in [
            (EntryId(3, 5), EntryId(3, 5)),
            (EntryId(3, 4), EntryId(3, 5)),
            (EntryId(2, 9), EntryId(3, 5)),
            (EntryId(4, 0), EntryId(4, 0)),
            (EntryId(4, 2), EntryId(4, 2)),
        ]:
            await raise_floors(conn, "stream_floors", {P0: {"g": floor}})
            assert (await read_floors(conn, "stream_floors", [STREAM]))[P0]["g"] == expected


async def test_a_report_past_the_end_of_a_partition_is_not_believed(db: Database) -> None:
    book = FloorBook(db, [STREAM], {STREAM: ["expected"]})
    assert book.lowest(P0) == ORIGIN
    await book.take({P0: {"g": EntryId(99, 0), "expected": EntryId(7, 2)}}, {P0: EntryId(7, 3)})
    assert book.groups(P0) == {"g": EntryId(7, 3), "expected": EntryId(7, 2)}
    again = FloorBook(db, [STREAM], {})
    assert again.lowest(P0) is None
    await again.load()
    assert again.lowest(P0) == EntryId(7, 2)


async def test_the_inbox_forgets_after_its_time(db: Database) -> None:
    async with db.connection() as conn:
        await record_seen(conn, "g", ["evt_1", "evt_2", "evt_3"])
        await conn.execute("UPDATE inbox SET created_at = NOW(6) - INTERVAL 61 DAY WHERE event_id <> 'evt_3'")
        assert await purge_inbox(conn, retention=timedelta(days=60), limit=1) == 1
        assert await purge_inbox(conn, retention=timedelta(days=60), limit=10) == 1
    assert await count(db, "inbox") == 1
