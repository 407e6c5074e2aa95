"""Terminals, test cards, and how the acquirer behaves."""

import secrets
from typing import Annotated

from litestar import get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict, replace

from florin.errors import Conflict, NotFound
from simulator.domain.cards import TEST_CARDS, TestCard
from simulator.domain.operations import Currency, Url
from simulator.domain.terminals import Callbacks, Conduct, Mid, Terminal
from simulator.store.book import Book
from simulator.store.terminals import Register

Credential = Annotated[str, Meta(min_length=16, max_length=200)]


class NewTerminal(Terminal, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A terminal to be made. A key or secret that is not given is made up."""

    key: Credential | None = None
    callback_secret: Credential | None = None


class CreatedTerminal(Terminal, frozen=True, kw_only=True):
    """A new terminal with its credentials, which are not shown again."""

    key: str
    callback_secret: str


class TerminalChange(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a terminal is treated from now on; what is left out stays."""

    callback_url: Url | UnsetType | None = UNSET
    deduplicate: bool | UnsetType = UNSET
    callbacks: Callbacks | UnsetType = UNSET
    settlement_currency: Currency | UnsetType | None = UNSET
    merchant_accounts: tuple[Mid, ...] | UnsetType = UNSET


def terminal_routes(book: Book, register: Register) -> list[HTTPRouteHandler]:
    """Terminals are made and changed here; so is the acquirer's conduct."""

    @get("/terminals", sync_to_thread=False)
    def list_terminals() -> list[Terminal]:
        """All terminals, without their credentials."""
        return register.all()

    @post("/terminals", status_code=201)
    async def create_terminal(data: JSONBody[NewTerminal]) -> CreatedTerminal:
        """Make a terminal."""
        if register.find(data.id) is not None:
            raise Conflict(f"There is a terminal {data.id} already.", param="id")
        key = data.key or f"trm_{secrets.token_urlsafe(24)}"
        if register.find_by_key(key) is not None:
            raise Conflict("Another terminal has this key.", param="key")
        callback_secret = data.callback_secret or secrets.token_urlsafe(24)
        terminal = Terminal(**{name: getattr(data, name) for name in Terminal.__struct_fields__})
        register.put(terminal, key=key, callback_secret=callback_secret)
        await book.durable()
        return CreatedTerminal(**asdict(terminal), key=key, callback_secret=callback_secret)

    @patch("/terminals/{terminal_id:str}")
    async def change_terminal(terminal_id: FromPath[str], data: JSONBody[TerminalChange]) -> Terminal:
        """Change how a terminal is treated."""
        terminal = register.find(terminal_id)
        if terminal is None:
            raise NotFound(f"There is no terminal {terminal_id[:40]!r}.")
        given = {name: value for name, value in asdict(data).items() if value is not UNSET}
        changed = replace(terminal, **given)
        register.change(changed)
        await book.durable()
        return changed

    @get("/conduct", sync_to_thread=False)
    def read_conduct() -> Conduct:
        """How the acquirer behaves."""
        return register.conduct

    @put("/conduct")
    async def set_conduct(data: JSONBody[Conduct]) -> Conduct:
        """Change how the acquirer behaves."""
        register.behave(data)
        await book.durable()
        return data

    @get("/cards", sync_to_thread=False)
    def list_cards() -> dict[str, TestCard]:
        """The test cards by token."""
        return TEST_CARDS

    return [list_terminals, create_terminal, change_terminal, read_conduct, set_conduct, list_cards]
