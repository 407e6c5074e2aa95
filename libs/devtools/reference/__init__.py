"""Pages of docs/reference that are made from the code, so that they cannot tell anything else."""

from collections.abc import Callable

from devtools.reference import events, openapi, states

PAGES: dict[str, Callable[[], str]] = {
    "states.md": states.render,
    "events.md": events.render,
    **openapi.PAGES,
}
