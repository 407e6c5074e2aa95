"""docs/reference/openapi/: the OpenAPI document of each service."""

from functools import partial

import msgspec

from devtools.reference.described import SERVICES, description_of


def render(service: str) -> str:
    """The text of a service's document."""
    document = msgspec.json.encode(description_of(service).openapi)
    return msgspec.json.format(document, indent=2).decode() + "\n"


PAGES = {f"openapi/{service}.json": partial(render, service) for service in SERVICES}
