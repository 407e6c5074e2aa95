"""Faults on demand, and a book as good as new."""

from litestar import delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from florin.errors import NotFound
from simulator.domain.faults import FaultOrder, FaultRule
from simulator.store.book import Book
from simulator.store.faults import FaultRules
from simulator.store.terminals import Register


def fault_routes(book: Book, register: Register, rules: FaultRules) -> list[HTTPRouteHandler]:
    """Rules in force, orders for more, and the reset."""

    @get("/faults", sync_to_thread=False)
    def list_faults() -> list[FaultRule]:
        """The rules in force, with how many requests they saw and struck."""
        return rules.all()

    @post("/faults", status_code=201)
    async def add_fault(data: JSONBody[FaultOrder]) -> FaultRule:
        """Disturb requests from now on."""
        rule = rules.add(data)
        await book.durable()
        return rule

    @delete("/faults", status_code=204)
    async def clear_faults() -> None:
        """End all faults."""
        rules.clear()
        await book.durable()

    @delete("/faults/{fault_id:str}", status_code=204)
    async def remove_fault(fault_id: FromPath[str]) -> None:
        """End one fault."""
        found = rules.remove(fault_id)
        await book.durable()
        if not found:
            raise NotFound(f"No fault has the id {fault_id[:64]!r}.")

    @post("/reset", status_code=204)
    async def reset() -> None:
        """Forget operations, disputes, callbacks, faults and received webhooks. Terminals and receivers stay."""
        book.forget()
        await book.durable()
        rules.reload()
        register.reload()

    return [list_faults, add_fault, clear_faults, remove_fault, reset]
