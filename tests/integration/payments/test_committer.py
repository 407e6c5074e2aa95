"""The committer on a real database: grouping, splitting, keys, and answers to COMMIT that are lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from tests.support.cutting_proxy import Cut, cutting_proxy
from tests.support.streaming import eventually, true

from florin.clock import SystemClock
from florin.database import Database, DatabaseSettings
from florin.errors import NotFound
from florin.ids import new_id, shard_of
from payments.domain.capture import Capture, capture
from payments.domain.create import Create, create
from payments.domain.decision import Context, Decision
from payments.domain.errors import CaptureExceedsAuthorized
from payments.domain.outcome import Approved
from payments.domain.payment import CaptureMethod, Card, Payment, Route
from payments.domain.record_outcome import RecordOutcome, record_outcome
from payments.main import MIGRATIONS
from payments.operations.context import new_context
from payments.operations.replies import render
from payments.store.committer import Committed, Committer, Proposal
from payments.store.idempotency import IdempotencyKeyInFlight, IdempotencyKeyReused, claim_of
from payments.store.ledger import check
from payments.store.payments import find_payment

MERCHANT = "shop"
ROUTES = (Route("simulator"),)


@asynccontextmanager
async def running(database: Database) -> AsyncIterator[tuple[Committer, list[str]]]:
    """A committer, and the operations that it had performed."""
    performed: list[str] = []

    def perform(payment: Payment, operation_ids: Sequence[str], _: str | None) -> None:
        performed.extend(operation_ids)

    committer = Committer(database, render, perform, lambda: None)
    task = asyncio.create_task(committer.run())
    try:
        yield committer, performed
    finally:
        committer.stop()
        await task


def a_context(key_id: str = "") -> Context:
    return new_context(clock=SystemClock(), actor="test", merchant_id=MERCHANT, livemode=False, key_id=key_id)


def a_claim(key: str, body: bytes = b"{}", route: str = "POST /v1/payments") -> Any:
    return claim_of(livemode=False, merchant_id=MERCHANT, idempotency_key=key, route=route, body=body)


def creation(key: str, *, body: bytes = b"{}", confirm: bool = True, payment_id: str = "", **fields: Any) -> Proposal:
    claim = a_claim(key, body)
    context = a_context(claim.key_id)
    payment_id = payment_id or new_id("pay", livemode=False, shard=shard_of(MERCHANT))
    command = Create(
        context=context,
        payment_id=payment_id,
        livemode=False,
        merchant_id=MERCHANT,
        config_version=1,
        amount_minor=1000,
        currency="EUR",
        exponent=2,
        capture_method=CaptureMethod.MANUAL,
        card=Card("tok_visa"),
        routes=ROUTES if confirm else None,
        **fields,
    )
    return Proposal(payment_id, context, lambda _: create(command), claim=claim, creates=True)


def change(payment_id: str, rule: Callable[[Payment], Decision], context: Context, claim: Any = None) -> Proposal:
    def decide(payment: Payment | None) -> Decision:
        assert payment is not None
        return rule(payment)

    return Proposal(payment_id, context, decide, claim=claim)


async def authorized(committer: Committer, key: str) -> Payment:
    """A payment with an open authorisation."""
    made = await committer.commit(creation(key))
    assert made.decision is not None
    (operation_id,) = made.decision.perform
    command = RecordOutcome(a_context(), operation_id, Approved("acq-1", 1000, "EUR"))
    rule = partial(lambda c, p: record_outcome(p, c), command)
    done = await committer.commit(change(made.decision.payment.id, rule, command.context))
    assert done.decision is not None
    return done.decision.payment


async def count(database: Database, table: str, where: str = "1=1") -> int:
    async with database.connection() as conn:
        row = await conn.fetch_one(f"SELECT COUNT(*) AS n FROM {table} WHERE {where}")
    assert row is not None
    return int(row["n"])


async def test_decisions_that_arrive_together_share_a_transaction(database_factory: Any) -> None:
    database = await database_factory(MIGRATIONS)
    async with running(database) as (committer, performed):
        results = await asyncio.gather(*(committer.commit(creation(f"k{n}")) for n in range(64)))
        assert len({result.decision.payment.id for result in results if result.decision}) == 64
        assert committer.commits <= 2
        assert len(performed) == 64
    assert await count(database, "payments") == 64
    assert await count(database, "outbox") == 64
    assert await check(database) == []


async def test_a_batch_that_waits_holds_up_only_what_it_is_about(database_factory: Any) -> None:
    database = await database_factory(MIGRATIONS)
    async with running(database) as (committer, _):
        held, free = await authorized(committer, "held"), await authorized(committer, "free")

        def captured(payment: Payment) -> "asyncio.Task[Committed]":
            command = Capture(a_context(), 100)
            rule = partial(lambda c, p: capture(p, c), command)
            return asyncio.create_task(committer.commit(change(payment.id, rule, command.context)))

        async with database.connection() as other:
            await other.execute("BEGIN")
            await other.execute("SELECT 1 FROM payments WHERE id=%s FOR UPDATE", (held.id,))
            first = captured(held)
            await asyncio.sleep(0)
            await eventually(lambda: true(committer.waiting == 0))
            second = captured(held)
            await captured(free)
            assert not first.done()
            assert not second.done()
            assert committer.waiting == 1  # it is not even sent, or it would wait for the first one's row
            await other.execute("ROLLBACK")
        await asyncio.gather(first, second)
    stored = await find_payment(database, held.id)
    assert stored is not None
    assert [operation.amount_minor for operation in stored.operations()] == [1000, 100, 100]


async def test_who_asks_again_after_going_away_is_answered(database_factory: Any) -> None:
    database = await database_factory(MIGRATIONS)
    async with running(database) as (committer, _):
        gone = [asyncio.create_task(committer.commit(creation("key-1"))) for _ in range(3)]
        again = asyncio.create_task(committer.commit(creation("key-1")))
        await asyncio.sleep(0)
        for each in gone:
            each.cancel()
        assert committer.waiting == 4  # all wait for the same turn, and nothing else comes
        async with asyncio.timeout(5):
            assert (await again).decision is not None


async def test_one_refused_item_fails_alone_and_frees_its_key(database_factory: Any) -> None:
    database = await database_factory(MIGRATIONS)
    async with running(database) as (committer, _):
        payment = await authorized(committer, "base")
        claim = a_claim("too-much", route="capture")
        context = a_context(claim.key_id)
        refused = change(payment.id, lambda p: capture(p, Capture(context, 1001)), context, claim)
        results = await asyncio.gather(
            *(committer.commit(creation(f"n{n}")) for n in range(5)),
            committer.commit(refused),
            *(committer.commit(creation(f"m{n}")) for n in range(5)),
            return_exceptions=True,
        )
        (error,) = [result for result in results if isinstance(result, BaseException)]
        assert isinstance(error, CaptureExceedsAuthorized)
        assert await count(database, "idempotency_keys", f"key_id='{claim.key_id}'") == 0
        again = a_context(claim.key_id)
        allowed = change(payment.id, lambda p: capture(p, Capture(again, 1000)), again, claim)
        assert (await committer.commit(allowed)).decision is not None


async def test_a_duplicate_spoils_nobody_else(database_factory: Any) -> None:
    database = await database_factory(MIGRATIONS)
    async with running(database) as (committer, _):
        first = await committer.commit(creation("first"))
        assert first.decision is not None
        taken = first.decision.payment.id
        results = await asyncio.gather(
            *(committer.commit(creation(f"a{n}")) for n in range(10)),
            committer.commit(creation("twin", payment_id=taken)),
            return_exceptions=True,
        )
        assert [isinstance(result, Committed) for result in results] == [True] * 10 + [False]
    assert await count(database, "payments") == 11
    stored = await find_payment(database, taken)
    assert stored is not None
    assert stored.version == 1


async def test_a_fault_in_a_rule_is_its_callers_alone(database_factory: Any) -> None:
    database = await database_factory(MIGRATIONS)

    def broken(_: Payment | None) -> Decision:
        raise ZeroDivisionError

    async with running(database) as (committer, _):
        claim = a_claim("broken")
        bad = Proposal("pay_x", a_context(claim.key_id), broken, claim=claim, creates=True)
        results = await asyncio.gather(
            committer.commit(creation("good")), committer.commit(bad), return_exceptions=True
        )
        assert isinstance(results[0], Committed)
        assert isinstance(results[1], ZeroDivisionError)
    assert await count(database, "idempotency_keys") == 1


async def test_keys_answer_for_themselves(database_factory: Any) -> None:
    database = await database_factory(MIGRATIONS)
    async with running(database) as (committer, _):
        first = await committer.commit(creation("k", confirm=False))
        again = await committer.commit(creation("k", confirm=False))
        assert again.replayed
        assert again.reply == first.reply
        with pytest.raises(IdempotencyKeyReused):
            await committer.commit(creation("k", body=b'{"other": 1}', confirm=False))
        await committer.commit(creation("waits"))
        with pytest.raises(IdempotencyKeyInFlight):
            await committer.commit(creation("waits"))
        with pytest.raises(NotFound):
            await committer.commit(change("pay_unknown", lambda p: capture(p, Capture(a_context())), a_context()))
    assert await count(database, "payments") == 2


async def test_one_key_sent_to_two_replicas_at_once_makes_one_payment(database_factory: Any) -> None:
    database = await database_factory(MIGRATIONS)
    async with running(database) as (one, _), running(database) as (two, _):
        for number in range(20):
            results = await asyncio.gather(
                *(replica.commit(creation(f"k{number}")) for replica in (one, two, one, two)), return_exceptions=True
            )
            made = [result for result in results if isinstance(result, Committed) and result.decision]
            assert len(made) == 1
            others = [result for result in results if result not in made]
            assert all(isinstance(result, IdempotencyKeyInFlight) for result in others), others
    assert await count(database, "payments") == 20


async def test_replicas_never_capture_more_than_is_authorized(database_factory: Any) -> None:
    database = await database_factory(MIGRATIONS)
    async with running(database) as (one, _), running(database) as (two, _):
        payment = await authorized(one, "k")

        def part(replica: Committer) -> Any:
            context = a_context()
            return replica.commit(change(payment.id, lambda p: capture(p, Capture(context, 300)), context))

        results = await asyncio.gather(*(part(one if n % 2 else two) for n in range(12)), return_exceptions=True)
        assert sum(isinstance(result, Committed) for result in results) == 3
        refused = [result for result in results if not isinstance(result, Committed)]
        assert all(isinstance(result, CaptureExceedsAuthorized) for result in refused), refused


@pytest.mark.parametrize("where", list(Cut))
async def test_a_lost_answer_to_commit_is_read_back(database_factory: Any, mariadb: Any, where: Cut) -> None:
    """The client cannot know whether it happened: the same decision is there once, whichever it was."""
    direct = await database_factory(MIGRATIONS)
    async with direct.connection() as conn:
        row = await conn.fetch_one("SELECT DATABASE() AS name")
    assert row is not None
    async with cutting_proxy(mariadb.port) as proxy:
        url = mariadb.url(row["name"]).replace(f":{mariadb.port}/", f":{proxy.port}/")
        database = await Database.open(DatabaseSettings(url=url, pool_size=2))
        try:
            async with running(database) as (committer, performed):
                await committer.commit(creation("warm"))
                proxy.cut_next(b";COMMIT", where)
                results = await asyncio.gather(*(committer.commit(creation(f"k{n}")) for n in range(8)))
                assert proxy.cuts == 1
                assert all(result.decision for result in results)
                assert len(performed) == len(set(performed)) == 9
        finally:
            await database.close()
    assert await count(direct, "payments") == 9
    assert await count(direct, "decisions") == 9
    assert await check(direct) == []
