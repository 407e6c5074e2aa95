"""Where webhooks can be sent to, and looked at: `/receiver/{name}`, and a page at `/receiver`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import MediaType, Request, Response, Router, get, post
from litestar.params import FromQuery, Parameter
from msgspec import Struct

from simulator.api.receiver_page import render_page
from simulator.operations.receive import receive
from simulator.store.book import Book
from simulator.store.received import Received, list_received

Name = Annotated[str, Parameter(pattern="^[a-z0-9_-]{1,60}$")]


class ReceivedPage(Struct, frozen=True):
    """Webhooks in the order of arrival; ``next_after`` is where the next page begins, null at the end."""

    received: list[Received]
    next_after: int | None


def receiver_page_routes(book: Book) -> Router:
    """/receiver: open to everyone who reaches the simulator, like a merchant's endpoint would be."""

    @post("/{name:str}", status_code=200, media_type=MediaType.TEXT)
    async def take(name: Name, request: Request[Any, Any, Any]) -> Response[str]:
        """Take a webhook: verify it against the receiver's secrets, remember it, answer as the receiver is set."""
        body = await request.body()
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in request.scope["headers"]}
        answer = receive(book, name, headers, body, datetime.now(UTC))
        await book.durable()
        if answer.delay_ms:
            await asyncio.sleep(answer.delay_ms / 1000)
        reply = {}
        if answer.retry_after_s is not None:
            reply["Retry-After"] = str(answer.retry_after_s)
        if answer.location is not None:
            reply["Location"] = answer.location
        return Response("", status_code=answer.status, headers=reply, media_type=MediaType.TEXT)

    @get("/{name:str}")
    async def list_webhooks(
        name: Name,
        webhook_id: FromQuery[str | None] = None,
        after: Annotated[int, Parameter(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Parameter(ge=1, le=10_000)] = 100,
    ) -> ReceivedPage:
        """What came, and whether its signature was good."""
        found = list_received(book, name, webhook_id=webhook_id, after=after, limit=limit)
        await book.durable()
        return ReceivedPage(found, found[-1].number if len(found) == limit else None)

    @get("/", media_type=MediaType.HTML, include_in_schema=False)
    async def page() -> str:
        """A page for people."""
        html = render_page(book)
        await book.durable()
        return html

    return Router("/receiver", route_handlers=[take, list_webhooks, page], tags=["Receiver"])
