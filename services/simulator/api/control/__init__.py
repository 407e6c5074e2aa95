"""The control API: what was really booked, and faults, terminals, disputes, receivers on demand."""

from litestar import Router

from florin.service import ADMIN_TOKEN, token_guard
from florin.settings import Secret
from simulator.api.control.charges import charge_routes
from simulator.api.control.faults import fault_routes
from simulator.api.control.receivers import receiver_routes
from simulator.api.control.terminals import terminal_routes
from simulator.operations.deliver import CallbackSender
from simulator.store.book import Book
from simulator.store.faults import FaultRules
from simulator.store.terminals import Register


def control_routes(book: Book, register: Register, rules: FaultRules, sender: CallbackSender, token: Secret) -> Router:
    """/control/v1, behind its token."""
    return Router(
        "/control/v1",
        route_handlers=[
            *charge_routes(book, register, sender),
            *fault_routes(book, register, rules),
            *terminal_routes(book, register),
            *receiver_routes(book),
        ],
        guards=[token_guard(token)],
        security=ADMIN_TOKEN,
        tags=["Control"],
    )
