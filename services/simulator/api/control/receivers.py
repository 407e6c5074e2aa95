"""How receivers are set."""

from typing import Annotated

from litestar import delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, Parameter

from simulator.domain.receivers import Receiver
from simulator.store.book import Book
from simulator.store.received import (
    ReceiverSummary,
    find_receiver,
    forget_received,
    put_receiver,
    summarize_receivers,
)

Name = Annotated[str, Parameter(pattern="^[a-z0-9_-]{1,60}$")]


def receiver_routes(book: Book) -> list[HTTPRouteHandler]:
    """Secrets and answers of receivers."""

    @get("/receivers")
    async def list_receivers() -> list[ReceiverSummary]:
        """Receivers with what they got."""
        summaries = summarize_receivers(book)
        await book.durable()
        return summaries

    @get("/receivers/{name:str}", sync_to_thread=False)
    def read_receiver(name: Name) -> Receiver:
        """How a receiver is set."""
        return find_receiver(book, name)

    @put("/receivers/{name:str}")
    async def set_receiver(name: Name, data: JSONBody[Receiver]) -> Receiver:
        """Set a receiver's secrets and how it answers."""
        put_receiver(book, name, data)
        await book.durable()
        return data

    @delete("/receivers/{name:str}/received", status_code=204)
    async def forget(name: Name) -> None:
        """Empty a receiver's log."""
        forget_received(book, name)
        await book.durable()

    return [list_receivers, read_receiver, set_receiver, forget]
