"""The one place that writes: stores decisions of many callers as one transaction, and answers each after it is durable.

No timer groups them: whatever arrives while transactions are under way makes up the next one. Two may be under way, so
that one is prepared while the other waits for the disk; they never hold decisions of the same payment or key. A batch
takes two round trips. The first claims idempotency keys and locks the payments; every rule is then run on what was read
under those locks, so that a decision is never made on a stale payment; the second writes and commits. What one item
does wrong (a refused rule, a key that is taken, a duplicate) is that item's alone.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from msgspec import Struct

from florin.database import Connection, Database, DatabaseUnavailable, Row, TransactionRolledBack
from florin.database.connection import insert_statement
from florin.database.literals import compose
from florin.errors import FlorinError, NotFound, Unavailable
from payments.domain.decision import Answer, Context, Decide, Decision
from payments.domain.payment import Payment
from payments.store.encoding import decode_payment
from payments.store.idempotency import CLAIM_COLUMNS, Claim, reply_of_earlier
from payments.store.spending import Allowance, Spending, locking_statements
from payments.store.statements import StoredReply, Write, snapshot_of, statements_for

_log = logging.getLogger(__name__)
_BATCH_MOST = 64
_WAITING_MOST = 2_000
_AT_ONCE = 2
_TRIES = 8
_FREE_CLAIMS = "DELETE FROM idempotency_keys WHERE key_id IN %s AND decision_id IN %s AND reply IS NULL"

Render = Callable[[Decision, Answer, bytes], StoredReply]
Perform = Callable[[Payment, Sequence[str], str | None], None]


class Proposal(Struct, frozen=True, eq=False):
    """A command bound to its rule. ``claim`` is the caller's key; ``creates`` says that there is no payment yet.

    ``allowance`` is the daily limit that the payment counts against, where its merchant has one.
    """

    payment_id: str
    context: Context
    decide: Decide
    claim: Claim | None = None
    creates: bool = False
    allowance: Allowance | None = None
    traceparent: str | None = None


class Committed(Struct, frozen=True):
    """What is durable now. ``reply`` is what the key says, if it does yet; ``replayed`` that it said so before."""

    decision: Decision | None
    reply: StoredReply | None = None
    replayed: bool = False


class _Item:
    """A proposal that waits, and what became of it.

    ``sent`` holds what may have been committed though the answer to COMMIT was lost. Once ``answered``, an item is
    never decided again: its caller acts on what it was told.
    """

    __slots__ = ("answered", "future", "proposal", "sent")

    def __init__(self, proposal: Proposal, future: "asyncio.Future[Committed]") -> None:
        self.proposal = proposal
        self.future = future
        self.sent: list[Write] = []
        self.answered = False

    def fail(self, error: BaseException) -> None:
        self.answered = True
        if not self.future.done():
            self.future.set_exception(error)

    def finish(self, committed: Committed) -> None:
        self.answered = True
        if not self.future.done():
            self.future.set_result(committed)


class Committer:
    """Stores decisions of one schema. ``perform`` is told of operations that were just committed as sending."""

    def __init__(self, database: Database, render: Render, perform: Perform, published: Callable[[], None]) -> None:
        self._database = database
        self._render = render
        self._perform = perform
        self._published = published
        self._waiting: deque[_Item] = deque()
        self._arrived = asyncio.Event()
        self._reply_waiters: dict[str, asyncio.Future[StoredReply]] = {}
        self._stopping = False
        self._busy: set[str] = set()  # names of what is under way
        self.commits = 0
        self.decisions = 0

    @property
    def waiting(self) -> int:
        """How many decisions wait for the next transaction."""
        return len(self._waiting)

    async def commit(self, proposal: Proposal) -> Committed:
        """Decide and store; returns once it is durable.

        Raises what the rule raises, IdempotencyKeyReused, IdempotencyKeyInFlight, NotFound for a payment that is not
        there, Unavailable when too much waits, and DatabaseUnavailable when it is not known whether it was stored.
        """
        if proposal.claim is not None and len(self._waiting) >= _WAITING_MOST:
            raise Unavailable("Too many requests wait for the database; try again.", retry_after_s=1)
        future: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Item(proposal, future))
        self._arrived.set()
        return await future

    def expect_reply(self, key_id: str) -> "asyncio.Future[StoredReply]":
        """A future of the reply that a later decision will give to a key.

        Ask for it right after `commit` has returned, before anything else is awaited: no later commit can come between.
        """
        waiter = self._reply_waiters.get(key_id)
        if waiter is None:
            waiter = self._reply_waiters[key_id] = asyncio.get_running_loop().create_future()
        return waiter

    def forget_reply(self, key_id: str) -> None:
        """Nobody waits for this key any more."""
        self._reply_waiters.pop(key_id, None)

    async def run(self) -> None:
        """Write until stopped; returns when everything that waited is stored."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._store_batches())

    def stop(self) -> None:
        """Let `run` return once nothing waits."""
        self._stopping = True
        self._arrived.set()

    async def _store_batches(self) -> None:
        while True:
            batch = self._take()
            if batch:
                names = set().union(*map(_names_of, batch))
                self._busy |= names
                try:
                    await self._store(batch)
                finally:
                    self._busy -= names
                    self._arrived.set()  # what had to wait for these names may be taken now
            elif self._stopping and not self._waiting:
                return
            else:
                self._arrived.clear()
                await self._arrived.wait()

    def _take(self) -> list[_Item]:
        """The next batch: at most one decision for a payment and one claim of a key; the others keep their turn."""
        batch: list[_Item] = []
        taken = set(self._busy)
        passed: list[_Item] = []
        while self._waiting and len(batch) < _BATCH_MOST:
            item = self._waiting.popleft()
            if item.proposal.claim and item.future.cancelled():
                continue  # its caller has gone before anything was done
            names = _names_of(item)
            (passed if names & taken else batch).append(item)
            taken |= names
        self._waiting.extendleft(reversed(passed))
        return batch

    async def _store(self, batch: list[_Item]) -> None:
        """Store a batch, again and again where the server gave it up, one by one where an item spoils it."""
        for attempt in range(1, _TRIES + 1):
            batch = [item for item in batch if not item.answered]
            if not batch:
                return
            try:
                await self._store_once(batch)
                return
            except TransactionRolledBack:
                await asyncio.sleep(0.005 * attempt)
            except DatabaseUnavailable as error:
                if attempt == _TRIES or not any(item.sent for item in batch):
                    _fail_all(batch, error)
                    return
                await asyncio.sleep(0.1 * 2**attempt)  # up to 25 s in all: a COMMIT's answer was lost, read it back
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to one item and must not stop the writer
                if len(batch) == 1:
                    _log.exception("a decision on payment %s could not be stored", batch[0].proposal.payment_id)
                    _fail_all(batch, error)
                    return
                for item in batch:
                    await self._store([item])
                return
        _fail_all(batch, DatabaseUnavailable("The database is too contended; try again."))

    async def _store_once(self, batch: list[_Item]) -> None:
        async with self._database.connection() as conn:
            writes: list[tuple[_Item, Write]] = []
            try:
                found = await _read(conn, batch)
                writes, freed = self._decide(batch, found)
                statements = statements_for([write for _, write in writes])
                if freed:
                    statements.append(compose(_FREE_CLAIMS, (list(freed), list(freed.values()))))
                for item, write in writes:
                    item.sent.append(write)
                await conn.script([*statements, "COMMIT"])
            except DatabaseUnavailable:
                raise
            except Exception:
                for item, _ in writes:
                    item.sent.pop()  # the server answered, so it is certain that this try was not committed
                await conn.execute("ROLLBACK")
                raise
        self.commits += 1
        self.decisions += len(writes)
        self._tell(writes)

    def _decide(self, batch: list[_Item], found: "_Found") -> tuple[list[tuple[_Item, Write]], dict[str, str]]:
        """Run every rule on what was read; what is refused, replayed or already done is answered here.

        Returns what is to be written, and the keys that become free again with the decisions that claimed them.
        """
        writes: list[tuple[_Item, Write]] = []
        freed: dict[str, str] = {}
        for item in batch:
            proposal = item.proposal
            decision_id = proposal.context.decision_id
            if decision_id in found.done:
                self._finish_done(item, found.done[decision_id])
                continue
            try:
                claim = proposal.claim
                if claim and found.claims[claim.key_id]["decision_id"] != decision_id:
                    item.finish(Committed(None, reply_of_earlier(claim, found.claims[claim.key_id]), replayed=True))
                    continue
                before = found.payments.get(proposal.payment_id)
                if before is None and not proposal.creates:
                    raise NotFound(f"No payment has the id {proposal.payment_id!r}.")
                decision = proposal.decide(before)
                if proposal.allowance:
                    found.spending.take(proposal.allowance, before, decision.payment)
                if decision.changed:
                    writes.append((item, self._write_of(proposal, before, decision)))
                    continue
                item.finish(Committed(decision))
            except FlorinError as refusal:
                item.fail(refusal)
            except Exception as error:  # noqa: BLE001 - a fault in a rule is that payment's alone
                _log.exception("a rule failed on payment %s", proposal.payment_id)
                item.fail(error)
            if proposal.claim:
                freed[proposal.claim.key_id] = decision_id
        return writes, freed

    def _write_of(self, proposal: Proposal, before: Payment | None, decision: Decision) -> Write:
        snapshot = snapshot_of(decision.payment)
        replies = {a.key_id: self._render(decision, a, snapshot.body) for a in decision.answers if a.key_id}
        return Write(proposal.context, before, decision, snapshot, proposal.traceparent, replies)

    def _finish_done(self, item: _Item, version: int) -> None:
        """An earlier try was committed though its answer was lost: it is the one with the version that is stored."""
        for write in item.sent:
            if write.decision.payment.version == version:
                self._tell([(item, write)])
                return
        item.fail(DatabaseUnavailable("The decision is stored; send the same request again to read its reply."))

    def _tell(self, writes: list[tuple[_Item, Write]]) -> None:
        """It is durable: answer callers and waiting keys, send what is to be performed, wake the relay."""
        published = False
        for item, write in writes:
            own_key = write.context.key_id
            item.finish(Committed(write.decision, write.replies.get(own_key)))
            for key_id, reply in write.replies.items():
                waiter = self._reply_waiters.pop(key_id, None)
                if waiter is not None and not waiter.done():
                    waiter.set_result(reply)
            if write.decision.perform:
                self._perform(write.decision.payment, write.decision.perform, write.traceparent)
            published = published or bool(write.decision.events)
        if published:
            self._published()


def _names_of(item: _Item) -> set[str]:
    """What no other decision under way may have: its payment, and the key that it claims."""
    claim = item.proposal.claim
    return {item.proposal.payment_id, claim.key_id} if claim else {item.proposal.payment_id}


def _fail_all(batch: list[_Item], error: BaseException) -> None:
    for item in batch:
        item.fail(error)


class _Found(Struct, frozen=True):
    """What round trip one brought: keys' rows, locked payments, versions of decisions that are there, what is spent."""

    claims: dict[str, Row]
    payments: dict[str, Payment]
    done: dict[str, int]
    spending: Spending


async def _read(conn: Connection, batch: list[_Item]) -> _Found:
    """Round trip one: claim keys, lock limits and payments, see which decisions are there already; in sorted order."""
    claims = sorted(
        ((item.proposal.claim, item.proposal) for item in batch if item.proposal.claim), key=lambda pair: pair[0].key_id
    )
    statements = ["BEGIN"]
    if claims:
        rows = [
            (
                claim.key_id,
                claim.livemode,
                claim.merchant_id,
                claim.idempotency_key,
                claim.route,
                claim.request_hash,
                proposal.context.decision_id,
                proposal.payment_id,
            )
            for claim, proposal in claims
        ]
        statements.append(insert_statement("idempotency_keys", CLAIM_COLUMNS, rows, ignore=True))
        statements.append(
            compose(
                "SELECT key_id, decision_id, route, request_hash, status, reply FROM idempotency_keys "
                "WHERE key_id IN %s",
                ([claim.key_id for claim, _ in claims],),
            )
        )
    allowances = [item.proposal.allowance for item in batch if item.proposal.allowance]
    if allowances:
        statements += locking_statements(allowances)
    existing = sorted(item.proposal.payment_id for item in batch if not item.proposal.creates)
    if existing:
        statements.append(compose("SELECT body FROM payments WHERE id IN %s ORDER BY id FOR UPDATE", (existing,)))
    retried = [item.proposal.context.decision_id for item in batch if item.sent]
    if retried:
        statements.append(compose("SELECT id, version FROM decisions WHERE id IN %s", (retried,)))
    results = iter((await conn.script(statements))[1:])
    if claims:
        next(results)
    claimed = {row["key_id"]: row for row in next(results)} if claims else {}
    if allowances:
        next(results)
    spending = Spending(next(results) if allowances else [])
    payments = [decode_payment(row["body"]) for row in next(results)] if existing else []
    done = {row["id"]: row["version"] for row in next(results)} if retried else {}
    return _Found(claimed, {payment.id: payment for payment in payments}, done, spending)
