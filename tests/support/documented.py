"""What the OpenAPI documents of running services say there is, for tests that try all of it."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.support.platform import Shop

METHODS = ("get", "post", "put", "patch", "delete")


class Route(NamedTuple):
    """One documented operation."""

    service: str
    method: str
    path: str
    secured: bool
    answers: frozenset[str]

    def at(self, values: dict[str, str]) -> str:
        """The path with its parameters filled in; those without a value get one that names nothing."""
        return re.sub(r"{(\w+)}", lambda name: values.get(name[1], "1"), self.path)

    def parameters(self) -> set[str]:
        return set(re.findall(r"{(\w+)}", self.path))


async def routes_of(shop: Shop, *services: str) -> list[Route]:
    """Every documented operation of services."""
    found: list[Route] = []
    for service in services:
        document = (await shop.get("/openapi.json", service=service)).ok()
        found += _routes(service, document)
    return found


def _routes(service: str, document: dict[str, Any]) -> Iterator[Route]:
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                answers = frozenset(operation["responses"])
                yield Route(service, method.upper(), path, bool(operation.get("security")), answers)
