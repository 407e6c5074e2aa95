"""What is in the book: operations, running amounts, sums, disputes, callbacks, settlement."""

from datetime import UTC, date, datetime
from typing import Annotated

import msgspec
from litestar import MediaType, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, Parameter
from msgspec import Meta, Struct

from florin.errors import NotFound
from simulator.domain.operations import Authorization, Kind, Operation, Status
from simulator.domain.terminals import TerminalId
from simulator.operations.deliver import CallbackSender
from simulator.operations.dispute import raise_dispute, resolve_dispute
from simulator.operations.expire import expire
from simulator.operations.owe_callback import owe_dispute_callback
from simulator.operations.settle import settle_day
from simulator.store.book import Book
from simulator.store.callbacks import SentCallback, list_callbacks
from simulator.store.disputes import Dispute, list_disputes
from simulator.store.operations import (
    BookedFilter,
    CurrencySum,
    find_authorization,
    list_operations,
    sum_by_currency,
)
from simulator.store.terminals import Register

Limit = Annotated[int, Parameter(ge=1, le=10_000)]
After = Annotated[int, Parameter(ge=0, le=2**62)]
Name = Annotated[str, Meta(min_length=1, max_length=64, description="Reference, or id, of an authorisation.")]
_LAST_NUMBER = 2**62
_decode_operation = msgspec.json.Decoder(Operation).decode


class BookPage(Struct, frozen=True):
    """Operations, oldest first; ``next_after`` is where the next page begins, null at the end."""

    operations: list[Operation]
    next_after: int | None


class Charge(Struct, frozen=True):
    """All operations of one reference, the newest last, and the running amounts where it is an authorisation."""

    operations: list[Operation]
    authorization: Authorization | None


class AuthorizationName(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An authorisation of the book, of any terminal where none is named."""

    authorization: Name
    terminal: TerminalId | None = None


class NewDispute(AuthorizationName, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which charge the cardholder disputes, and the scheme's reason code."""

    reason_code: Annotated[str, Meta(min_length=1, max_length=10)] | None = None


class DisputeEnd(Struct, frozen=True, forbid_unknown_fields=True):
    """How a dispute ends, from the merchant's side."""

    won: bool


def charge_routes(book: Book, register: Register, sender: CallbackSender) -> list[HTTPRouteHandler]:
    """Routes that read the book, and those that play the cardholder or the clock."""
    return [*_booked_routes(book), *_reading_routes(book, register), *_acting_routes(book, register, sender)]


def _booked_routes(book: Book) -> list[HTTPRouteHandler]:
    @get("/operations")
    async def operations(
        terminal: FromQuery[str | None] = None,
        reference: FromQuery[str | None] = None,
        kind: FromQuery[Kind | None] = None,
        status: FromQuery[Status | None] = None,
        currency: FromQuery[str | None] = None,
        after: After = 0,
        limit: Limit = 100,
    ) -> BookPage:
        """What was really booked."""
        wanted = BookedFilter(
            terminal=terminal,
            reference=reference,
            kind=kind,
            status=status,
            currency=currency,
            after=after,
            limit=limit,
        )
        found = list_operations(book, wanted)
        await book.durable()
        return BookPage([_decode_operation(body) for _, body in found], found[-1][0] if len(found) == limit else None)

    @get("/operations/{reference:str}")
    async def operation(reference: FromPath[str], terminal: FromQuery[str | None] = None) -> Charge:
        """Everything that was booked with one reference."""
        found = list_operations(book, BookedFilter(reference=reference, terminal=terminal, limit=1000))
        if not found:
            raise NotFound(f"The book has nothing with the reference {reference[:64]!r}.")
        decoded = [_decode_operation(body) for _, body in found]
        authorization = find_authorization(book, terminal, decoded[0].authorization)
        await book.durable()
        return Charge(decoded, authorization)

    return [operations, operation]


def _reading_routes(book: Book, register: Register) -> list[HTTPRouteHandler]:
    @get("/sums")
    async def sums(terminal: FromQuery[str | None] = None) -> list[CurrencySum]:
        """What was really authorised, captured and refunded, per currency."""
        summed = sum_by_currency(book, terminal)
        await book.durable()
        return summed

    @get("/settlements/{day:str}", media_type=MediaType.TEXT)
    async def settlement(day: FromPath[str], terminal: FromQuery[str | None] = None) -> Response[str]:
        """The settlement of a business day (UTC) as a CSV file."""
        try:
            parsed = date.fromisoformat(day)
        except ValueError:
            raise NotFound(f"{day[:32]!r} is no day; write it as 2026-01-31.") from None
        text = settle_day(book, register, parsed.isoformat(), terminal)
        await book.durable()
        name = f'attachment; filename="settlement-{parsed.isoformat()}.csv"'
        return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})

    @get("/disputes")
    async def disputes() -> list[Dispute]:
        """All disputes."""
        return list_disputes(book)

    @get("/callbacks")
    async def callbacks(after: After = 0, limit: Limit = 100) -> list[SentCallback]:
        """Callbacks that are owed, were delivered, or were given up."""
        return list_callbacks(book, after, limit)

    return [sums, settlement, disputes, callbacks]


def _acting_routes(book: Book, register: Register, sender: CallbackSender) -> list[HTTPRouteHandler]:
    def find(terminal: str | None, name: str) -> Authorization:
        found = find_authorization(book, terminal, name)
        if found is None:
            raise NotFound(f"The book has no approved authorisation {name[:64]!r}.", param="authorization")
        return found

    async def tell(dispute: Dispute, authorization: Authorization, now: datetime) -> None:
        terminal = register.find(authorization.terminal)
        if terminal is not None:
            owe_dispute_callback(book, terminal, dispute, authorization, now)
        await book.durable()
        sender.wake()

    @post("/disputes", status_code=201)
    async def dispute(data: JSONBody[NewDispute]) -> Dispute:
        """Let the cardholder dispute a charge now."""
        now = datetime.now(UTC)
        authorization = find(data.terminal, data.authorization)
        opened = raise_dispute(book, authorization, data.reason_code, now)
        await tell(opened, authorization, now)
        return opened

    @post("/disputes/{dispute_id:str}/end", status_code=200)
    async def end_dispute(dispute_id: FromPath[str], data: JSONBody[DisputeEnd]) -> Dispute:
        """Decide an open dispute."""
        now = datetime.now(UTC)
        ended = resolve_dispute(book, dispute_id, won=data.won, now=now)
        await tell(ended, find(None, ended.authorization_id), now)
        return ended

    @post("/expiries", status_code=200)
    async def expire_authorization(data: JSONBody[AuthorizationName]) -> Authorization:
        """Let an authorisation expire now."""
        expired = expire(book, find(data.terminal, data.authorization), datetime.now(UTC).timestamp())
        await book.durable()
        return expired

    return [dispute, end_dispute, expire_authorization]
