"""Look an operation up by the terminal's reference."""

from simulator.domain.errors import UnknownOperation
from simulator.operations.booking import Call
from simulator.store.operations import Booked, find_by_reference


def look_up(call: Call, reference: str) -> Booked:
    """The operation as it was answered. Raises UnknownOperation, also for one that a fault hides for now."""
    booked = find_by_reference(call.book, call.terminal.id, reference)
    if booked is None or booked.visible_at > call.now.timestamp():
        raise UnknownOperation(f"This terminal has no operation with the reference {reference[:32]!r}.")
    return booked
