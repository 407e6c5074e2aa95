"""``POST /v1/payments``: claim the key, commit, charge, commit, reply."""

import hashlib
import time
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import aiohttp
from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from .models import ApiKey, IdempotencyKey, LedgerEntry, Operation, OutboxEvent, Payment

router = APIRouter()
_KEYS_FOR_S = 5.0
_known_keys: dict[str, tuple[str, float]] = {}


class PaymentMethod(BaseModel):
    """A card by its token."""

    model_config = ConfigDict(extra="forbid")
    token: str = Field(max_length=64)


class CreatePayment(BaseModel):
    """The request."""

    model_config = ConfigDict(extra="forbid")
    amount_minor: int = Field(gt=0, lt=10**12)
    currency: str = Field(pattern="^[A-Z]{3}$")
    confirm: Literal[True]
    payment_method: PaymentMethod


class PaymentOut(BaseModel):
    """The payment as merchants see it."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    status: str
    amount_minor: int
    captured_minor: int
    currency: str
    created_at: datetime


def hash_key(api_key: str) -> str:
    """Keys are kept as hashes."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def new_id(kind: str) -> str:
    """Random, and in the order of time, as is kind to an index."""
    return f"{kind}_{time.time_ns() // 1000:x}{uuid.uuid4().hex[:16]}"


async def merchant_of(request: Request, authorization: Annotated[str, Header()]) -> str:
    """Whose key it is; asked again after five seconds."""
    key_hash = hash_key(authorization.removeprefix("Bearer "))
    merchant_id, known_until = _known_keys.get(key_hash, ("", 0.0))
    if known_until < time.monotonic():
        async with request.app.state.sessions() as session:
            found = await session.get(ApiKey, key_hash)
        if found is None:
            raise HTTPException(401, "This API key is not valid.")
        merchant_id = found.merchant_id
        _known_keys[key_hash] = (merchant_id, time.monotonic() + _KEYS_FOR_S)
    return merchant_id


@router.post("/v1/payments", status_code=201, response_model=PaymentOut)
async def create_payment(
    body: CreatePayment,
    request: Request,
    response: Response,
    idempotency_key: Annotated[str, Header(max_length=255)],
    merchant_id: Annotated[str, Depends(merchant_of)],
) -> Any:
    """Take a payment."""
    sessions = request.app.state.sessions
    request_hash = hashlib.sha256(await request.body()).hexdigest()
    claim = IdempotencyKey(merchant_id=merchant_id, key=idempotency_key, request_hash=request_hash)
    try:
        async with sessions.begin() as session:
            payment, operation = await begin_payment(session, claim, body)
    except IntegrityError:
        async with sessions() as session:
            return await replay(session, claim, response)
    said = await charge(request.app.state.acquirer, payment, operation)
    async with sessions.begin() as session:
        payment, reply = await finish_payment(session, payment.id, operation.id, said)
        used = await session.get_one(IdempotencyKey, (merchant_id, idempotency_key))
        used.status, used.reply = 201, reply.model_dump(mode="json")
    return reply


async def begin_payment(session: AsyncSession, claim: IdempotencyKey, body: CreatePayment) -> tuple[Payment, Operation]:
    """The first transaction: the key is ours, and what will be asked of the acquirer is written down."""
    session.add(claim)
    await session.flush()
    now = datetime.now(UTC).replace(tzinfo=None)
    payment = Payment(
        id=new_id("pay"),
        merchant_id=claim.merchant_id,
        status="processing",
        amount_minor=body.amount_minor,
        captured_minor=0,
        currency=body.currency,
        card_token=body.payment_method.token,
        created_at=now,
    )
    operation = Operation(
        id=new_id("op"),
        payment=payment,
        kind="charge",
        state="sending",
        amount_minor=body.amount_minor,
        reference=uuid.uuid4().hex[:20],
        created_at=now,
    )
    session.add_all([payment, operation, event("payment.created", payment, now)])
    return payment, operation


async def charge(acquirer: aiohttp.ClientSession, payment: Payment, operation: Operation) -> dict[str, Any]:
    """Ask the acquirer, with no transaction open."""
    asked = {
        "reference": operation.reference,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "card": payment.card_token,
        "capture": True,
    }
    async with acquirer.post("/acquirer/v1/authorizations", json=asked) as answer:
        said: dict[str, Any] = await answer.json()
    if answer.status != 200 or said["status"] != "approved":
        raise HTTPException(502, "The acquirer did not approve.")
    return said


async def finish_payment(
    session: AsyncSession, payment_id: str, operation_id: str, said: dict[str, Any]
) -> tuple[Payment, PaymentOut]:
    """The second transaction: what the acquirer said, the ledger, the events."""
    now = datetime.now(UTC).replace(tzinfo=None)
    payment = (await session.scalars(select(Payment).where(Payment.id == payment_id).with_for_update())).one()
    operation = await session.get_one(Operation, operation_id)
    payment.status, payment.captured_minor = "succeeded", payment.amount_minor
    operation.state, operation.finished_at, operation.acquirer_id = "succeeded", now, said["id"]
    operation.auth_code, operation.rrn, operation.arn = said["auth_code"], said["rrn"], said["arn"]
    operation.network_transaction_id = said["network_transaction_id"]
    lines = {"acquirer_receivable": payment.amount_minor - said["fee_minor"], "acquirer_fees": said["fee_minor"]}
    lines["merchant_payable"] = -payment.amount_minor
    session.add_all(
        LedgerEntry(
            id=new_id("led"),
            payment_id=payment.id,
            merchant_id=payment.merchant_id,
            account=account,
            currency=payment.currency,
            amount_minor=amount_minor,
            created_at=now,
        )
        for account, amount_minor in lines.items()
    )
    session.add(event("payment.captured", payment, now))
    return payment, PaymentOut.model_validate(payment)


async def replay(session: AsyncSession, claim: IdempotencyKey, response: Response) -> Any:
    """What a key that was used before is answered."""
    used = await session.get_one(IdempotencyKey, (claim.merchant_id, claim.key))
    if used.request_hash != claim.request_hash:
        raise HTTPException(422, "This Idempotency-Key was used with another body.")
    if used.reply is None or used.status is None:
        raise HTTPException(409, "A request with this Idempotency-Key is in flight.")
    response.status_code = used.status
    return used.reply


def event(kind: str, payment: Payment, now: datetime) -> OutboxEvent:
    """An event with the payment as it is now."""
    data = PaymentOut.model_validate(payment).model_dump(mode="json")
    return OutboxEvent(event_id=new_id("evt"), payment_id=payment.id, type=kind, payload=data, created_at=now)
