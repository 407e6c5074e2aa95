"""Let an authorisation expire before its time."""

from msgspec.structs import replace

from simulator.domain.operations import Authorization
from simulator.store.book import Book
from simulator.store.operations import update_authorization


def expire(book: Book, authorization: Authorization, now: float) -> Authorization:
    """No capture or void is taken from now on."""
    expired = replace(authorization, expires_at=now)
    update_authorization(book, expired)
    return expired
