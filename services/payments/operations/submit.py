"""What every request that changes something has in common: claim its key, decide, commit, wait for the reply."""

import asyncio
import contextlib
from collections.abc import Callable

from msgspec import Struct

from florin.clock import Clock
from florin.database import Database
from florin.directory import Principal
from florin.errors import NotFound, Unavailable
from florin.ids import parse_id, shard_of
from florin.telemetry import current_traceparent
from payments.domain.decision import Context, Decision
from payments.domain.payment import Payment
from payments.operations.context import new_context
from payments.operations.repair import Repair
from payments.store.committer import Committed, Committer, Proposal
from payments.store.idempotency import Claim, IdempotencyKeyInFlight, claim_of, find_reply, is_claimed
from payments.store.payments import find_payment
from payments.store.spending import Allowance
from payments.store.statements import StoredReply

_LOOK_EVERY_S = 1.0
"""How often a caller that waits looks for a reply that another replica stored."""

Rule = Callable[[Payment, Context], Decision]


class Request(Struct, frozen=True):
    """A merchant's request: who sends it, its idempotency key, its endpoint and its body as it was sent."""

    principal: Principal
    idempotency_key: str
    route: str
    body: bytes


class Reply(Struct, frozen=True):
    """The answer: a stored reply, and whether it is a replay."""

    stored: StoredReply
    replayed: bool = False


class Submitter:
    """Takes requests to their reply. ``patience_s`` is how long a caller is kept waiting for the acquirer."""

    def __init__(
        self, database: Database, committer: Committer, repair: Repair, clock: Clock, *, patience_s: float
    ) -> None:
        self._database = database
        self._committer = committer
        self._repair = repair
        self._clock = clock
        self._patience_s = patience_s

    async def own_payment(self, request: Request, payment_id: str) -> Payment:
        """A merchant's payment, as it is stored. Another merchant's, or another mode's, is not there: NotFound."""
        principal = request.principal
        parts = parse_id(payment_id, "pay")
        if parts.livemode != principal.livemode or parts.shard != shard_of(principal.merchant_id):
            raise _no_payment(payment_id)
        payment = await find_payment(self._database, payment_id)
        if payment is None or payment.merchant_id != principal.merchant_id:
            raise _no_payment(payment_id)
        return payment

    async def change(
        self,
        request: Request,
        payment_id: str,
        rule: Rule,
        *,
        operation_kind: str = "op",
        allowance_of: Callable[[Payment], Allowance | None] = lambda _: None,
    ) -> Reply:
        """Apply a rule to a merchant's payment. Raises NotFound, and what the rule raises."""
        payment = await self.own_payment(request, payment_id)
        # A replay is owed its reply, and no question: the acquirer may be long in answering.
        if self._repair.owed_answers(payment) and not await is_claimed(self._database, _claim_of(request).key_id):
            await self._repair.ask_first(payment)

        def decide(current: Payment | None, context: Context) -> Decision:
            return rule(current or payment, context)

        return await self.submit(
            request, payment_id, decide, operation_kind=operation_kind, allowance=allowance_of(payment)
        )

    async def submit(
        self,
        request: Request,
        payment_id: str,
        decide: Callable[[Payment | None, Context], Decision],
        *,
        creates: bool = False,
        operation_kind: str = "op",
        allowance: Allowance | None = None,
    ) -> Reply:
        """Claim the key, decide and commit as one, then wait for the reply, or for patience to end."""
        principal = request.principal
        claim = _claim_of(request)
        context = new_context(
            clock=self._clock,
            actor=f"key:{principal.key_id}",
            merchant_id=principal.merchant_id,
            livemode=principal.livemode,
            key_id=claim.key_id,
            operation_kind=operation_kind,
        )
        proposal = Proposal(
            payment_id,
            context,
            lambda current: decide(current, context),
            claim=claim,
            creates=creates,
            allowance=allowance,
            traceparent=current_traceparent(),
        )
        committed = await self._committer.commit(proposal)
        if committed.reply is not None:
            return Reply(committed.reply, committed.replayed)
        return Reply(await self._wait(committed, context))

    async def _wait(self, committed: Committed, context: Context) -> StoredReply:
        waiter = self._committer.expect_reply(context.key_id)
        try:
            reply = await self._reply_in_time(waiter, context.key_id)
            if reply is None and committed.decision is not None:
                await self._repair.answer_pending(committed.decision.payment, context.key_id)
            return reply or await self._stored(context.key_id)
        finally:
            self._committer.forget_reply(context.key_id)

    async def _reply_in_time(self, waiter: "asyncio.Future[StoredReply]", key_id: str) -> StoredReply | None:
        """The reply, as soon as this process commits it or soon after another replica did; None where patience ends."""
        clock = asyncio.get_running_loop().time
        give_up_at = clock() + self._patience_s
        while (left_s := give_up_at - clock()) > 0:
            done, _ = await asyncio.wait((waiter,), timeout=min(left_s, _LOOK_EVERY_S))
            if done:
                return waiter.result()
            with contextlib.suppress(Unavailable):
                reply = await find_reply(self._database, key_id)
                if reply is not None:
                    return reply
        return None

    async def _stored(self, key_id: str) -> StoredReply:
        reply = await find_reply(self._database, key_id)
        if reply is None:  # the operation went on to another attempt meanwhile; its reply is still owed
            raise IdempotencyKeyInFlight(
                "The acquirer has not answered yet; send the same request again to learn more."
            )
        return reply


def _claim_of(request: Request) -> Claim:
    return claim_of(
        livemode=request.principal.livemode,
        merchant_id=request.principal.merchant_id,
        idempotency_key=request.idempotency_key,
        route=request.route,
        body=request.body,
    )


def _no_payment(payment_id: str) -> NotFound:
    return NotFound(f"No payment has the id {payment_id[:80]!r}.")
