"""Starts the simulator: ``python -m simulator.main``."""

import contextlib
import sys
from collections.abc import AsyncIterator

from litestar import Litestar
from litestar.openapi.spec import Tag

from florin.service import Server, ServiceApp, create_app, prepare, settings_or_exit
from florin.telemetry import shutdown_tracing
from florin.version import VERSION
from simulator.api.acquirer import acquirer_routes
from simulator.api.connection import hanging_up
from simulator.api.control import control_routes
from simulator.api.receiver import receiver_page_routes
from simulator.domain.terminals import Terminal
from simulator.operations.deliver import CallbackSender
from simulator.operations.desk import Desk
from simulator.settings import SimulatorSettings
from simulator.store.book import Book, BookInUse
from simulator.store.faults import FaultRules
from simulator.store.terminals import Register

DEFAULT_TERMINAL = "default"
_DESCRIPTION = "An acquirer and card issuer to develop and test against: stateful, durable, with faults on demand."
_TAGS = (
    Tag("Acquirer", "What a terminal's software calls, with `Authorization: Bearer <terminal key>`."),
    Tag("Control", "The truth of the book, and faults on demand."),
    Tag("Receiver", "An endpoint to send webhooks to."),
)


def build_app(settings: SimulatorSettings, book: Book) -> ServiceApp:
    """Wire the simulator together over an open book."""
    register, rules = Register(book), FaultRules(book)
    sender = CallbackSender(book, register)
    desk = Desk(book, register, rules, sender)

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        install_default_terminal(settings, register)
        try:
            async with sender.running():
                yield
        finally:
            book.close()

    async def check_book() -> None:
        book.row("SELECT 1")

    return create_app(
        name="simulator",
        version=VERSION,
        description=_DESCRIPTION,
        route_handlers=[
            acquirer_routes(desk, register),
            control_routes(book, register, rules, sender, settings.simulator_control_token),
            receiver_page_routes(book),
        ],
        settings=settings,
        lifespan=[lifespan],
        readiness={"book": check_book},
        tags=_TAGS,
    )


def install_default_terminal(settings: SimulatorSettings, register: Register) -> None:
    """Have the terminal of the environment with its present credentials; how it is treated stays as it was set."""
    if settings.simulator_terminal_key is None or settings.simulator_callback_secret is None:
        return
    terminal = register.find(DEFAULT_TERMINAL) or Terminal(
        id=DEFAULT_TERMINAL, callback_url=settings.simulator_callback_url
    )
    register.put(
        terminal,
        key=settings.simulator_terminal_key.reveal(),
        callback_secret=settings.simulator_callback_secret.reveal(),
    )


def main() -> None:
    """Serve until told to stop."""
    settings = settings_or_exit(SimulatorSettings)
    try:
        book = Book.open(settings.simulator_book)
    except (BookInUse, OSError) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(3) from None
    app = build_app(settings, book)
    prepare(app.name, app.version, settings)
    server = Server(app, settings)
    server.config.http = hanging_up(server.config.http)  # type: ignore[arg-type]  # a class, as Server sets it
    try:
        server.run()
    finally:
        shutdown_tracing()


if __name__ == "__main__":
    main()
