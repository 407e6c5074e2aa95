"""Pages of docs that are made from the code, so that they cannot tell anything else; named from docs/reference."""

from collections.abc import Callable

from devtools.reference import events, metrics, openapi, services, settings, states, tables

PAGES: dict[str, Callable[[], str]] = {
    "states.md": states.render,
    "events.md": events.render,
    "metrics.md": metrics.render,
    "tables.md": tables.render,
    "../architecture.md": services.render,
    "settings.md": settings.render,
    **openapi.PAGES,
}
