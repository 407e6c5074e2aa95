"""Lists, newest first, by cursor: ``limit``, ``starting_after`` or ``ending_before``, as merchants know them."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from florin.errors import InvalidRequest

LIMIT_DEFAULT = 10
LIMIT_MAX = 100
CURSOR = r"^[!-~]+$"
"""Columns of ids are ASCII; comparing them with anything else is an error of the database."""

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list."""

    object: Literal["list"] = "list"
    data: list[T]
    has_more: bool
    """Whether there is another page in the direction that was asked for."""
    next_cursor: str | None = None
    """What to send as `starting_after` (or `ending_before`, going backwards) for that page."""


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which page is asked for."""

    limit: int = LIMIT_DEFAULT
    starting_after: str | None = None
    ending_before: str | None = None

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than asked for tells whether there are more."""
        return self.limit + 1

    @property
    def cursor(self) -> str | None:
        """The id to begin behind."""
        return self.starting_after or self.ending_before

    @property
    def backwards(self) -> bool:
        """Read towards newer things: the query is ``id > cursor ORDER BY id ASC``, not ``id < cursor ... DESC``."""
        return self.ending_before is not None


def page_request(
    limit: Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX, description="How many to return.")] = LIMIT_DEFAULT,
    starting_after: Annotated[
        str | None, QueryParameter(pattern=CURSOR, max_length=255, description="Return what follows this id.")
    ] = None,
    ending_before: Annotated[
        str | None, QueryParameter(pattern=CURSOR, max_length=255, description="Return what comes before this id.")
    ] = None,
) -> PageRequest:
    """The dependency of a list route: ``dependencies={"page": PAGE}``, then ``page: UsePage`` in the handler."""
    if starting_after is not None and ending_before is not None:
        raise InvalidRequest("Send starting_after or ending_before, not both.", param="ending_before")
    return PageRequest(limit=limit, starting_after=starting_after, ending_before=ending_before)


PAGE = Provide(page_request, sync_to_thread=False)
UsePage = NamedDependency[PageRequest]


def page_of(found: Sequence[T], request: PageRequest, cursor_of: Callable[[T], str]) -> Page[T]:
    """Make the page of the up to ``request.fetch`` things that the query found, in the query's order."""
    data = list(found[: request.limit])
    has_more = len(found) > request.limit
    next_cursor = cursor_of(data[-1]) if has_more else None
    if request.backwards:
        data.reverse()  # the answer is newest first whichever way it was read
    return Page(data=data, has_more=has_more, next_cursor=next_cursor)
