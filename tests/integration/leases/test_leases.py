import asyncio

import pytest
from tests.conftest import DatabaseFactory
from tests.support.streaming import eventually, true

from florin.database import Connection, Database
from florin.leases import (
    MIGRATIONS,
    Lease,
    LeaseLost,
    LeaseShare,
    acquire,
    confirm,
    raise_fence,
    release,
    renew,
)


@pytest.fixture
async def db(database_factory: DatabaseFactory) -> Database:
    return await database_factory([MIGRATIONS])


async def _expire(db: Database) -> None:
    async with db.connection() as conn:
        await conn.execute("UPDATE leases SET expires_at = NOW(6)")


async def test_a_lease_has_one_holder_and_a_fence_that_rises_with_each(db: Database) -> None:
    async with db.connection() as conn:
        assert await acquire(conn, ["a", "b"], "one", 10) == [Lease("a", "one", 1), Lease("b", "one", 1)]
        assert await acquire(conn, ["a", "b"], "two", 10) == []
        await release(conn, [Lease("a", "one", 1)])
        assert await acquire(conn, ["a", "b"], "two", 10) == [Lease("a", "two", 2)]
        assert await renew(conn, [Lease("a", "one", 1), Lease("b", "one", 1)], 10) == [Lease("b", "one", 1)]


async def test_many_at_once_never_share_a_lease(db: Database) -> None:
    names = [f"lease:{n}" for n in range(20)]

    async def take(holder: str) -> list[Lease]:
        async with db.connection() as conn:
            return await acquire(conn, names, holder, 10, limit=5)

    for _ in range(3):
        taken = [lease for leases in await asyncio.gather(*(take(f"h{n}") for n in range(8))) for lease in leases]
        assert len({lease.name for lease in taken}) == len(taken)
        await _expire(db)


async def test_an_expired_lease_is_renewed_only_while_nobody_took_it(db: Database) -> None:
    async with db.connection() as conn:
        leases = await acquire(conn, ["a", "b"], "one", 10)
        await _expire(db)
        assert await acquire(conn, ["a"], "two", 10) == [Lease("a", "two", 2)]
        assert await renew(conn, leases, 10) == [Lease("b", "one", 1)]
        assert await acquire(conn, ["b"], "two", 10) == []


async def test_a_lost_lease_is_not_confirmed_and_its_fence_not_raised(db: Database) -> None:
    async with db.connection() as conn:
        (old,) = await acquire(conn, ["a"], "one", 10)
        await confirm(conn, [old])
        raised = await raise_fence(conn, old, above=41)
        assert raised == Lease("a", "one", 42)
        with pytest.raises(LeaseLost):
            await confirm(conn, [old])
        await _expire(db)
        await acquire(conn, ["a"], "two", 10)
        for lost in (old, raised):
            with pytest.raises(LeaseLost):
                await confirm(conn, [lost])
            with pytest.raises(LeaseLost):
                await raise_fence(conn, lost, above=0)


async def test_a_confirmed_lease_cannot_be_taken_before_the_commit(db: Database) -> None:
    async with db.connection() as conn:
        (lease,) = await acquire(conn, ["a"], "one", 10)
    await _expire(db)

    async def take(conn: Connection) -> list[Lease]:
        return await acquire(conn, ["a"], "two", 10)

    async with db.transaction() as conn:
        await confirm(conn, [lease])
        thief = asyncio.create_task(db.run(take))
        await asyncio.sleep(0.1)
        assert not thief.done()
    assert await thief == [Lease("a", "two", 2)]


async def test_members_hold_even_parts_and_take_over(db: Database) -> None:
    names = [f"lease:{n}" for n in range(9)]
    shares = [LeaseShare(db, "pool", names, f"h{n}", ttl_s=0.5) for n in range(3)]

    async def balanced(members: list[LeaseShare], *sizes: int) -> bool:
        for share in members:
            await share.rebalance()
        return sorted(len(share.held) for share in members) == sorted(sizes)

    await eventually(lambda: balanced(shares[:1], 9), what="one member holding all")
    await eventually(lambda: balanced(shares, 3, 3, 3), what="sharing")
    held = [name for share in shares for name in share.held]
    assert sorted(held) == names
    await shares[0].close()
    await eventually(lambda: balanced(shares[1:], 5, 4), what="taking over")
    for share in shares[1:]:
        await share.close()


async def test_leases_are_kept_for_longer_than_they_last_and_dropped_when_lost(db: Database) -> None:
    share = LeaseShare(db, "pool", ["a", "b"], "h", ttl_s=0.6)
    await share.rebalance()
    before = dict(share.held)
    await asyncio.sleep(1.0)
    assert share.held == before
    async with db.connection() as conn:
        await conn.execute("UPDATE leases SET holder = 'thief', fence = fence + 1 WHERE name = 'a'")
    await eventually(lambda: true(set(share.held) == {"b"}), what="noticing the loss")
    await share.close()
