"""Puts a service together: Litestar for its routes, inside the frame that every service shares."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.spec import Tag
from litestar.types import ControllerRouterHandler

from florin.service.body import JsonBodies
from florin.service.docs import documentation_routes
from florin.service.frame import Frame
from florin.service.health import Check, Health, health_routes
from florin.service.loop_lag import watching_loop_lag
from florin.service.methods import CompleteOptions
from florin.service.openapi import StructSchemas, openapi_config, openapi_document
from florin.service.problems import answer_error
from florin.service.reference import reference_routes
from florin.service.settings import ServiceSettings

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


class ServiceApp(Frame):
    """The ASGI application of a service, for `serve` or any other ASGI server."""

    def __init__(
        self, litestar: Litestar, *, name: str, version: str, health: Health, settings: ServiceSettings
    ) -> None:
        super().__init__(
            litestar,  # type: ignore[arg-type]  # Litestar types ASGI by TypedDicts of its own
            limits=settings.limits,
            access_log_ratio=settings.access_log_ratio,
        )
        self.litestar = litestar
        self.name = name
        self.version = version
        self.health = health

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, as plain data."""
        return openapi_document(self.litestar)


def create_app(
    *,
    name: str,
    version: str,
    description: str,
    route_handlers: Sequence[ControllerRouterHandler],
    settings: ServiceSettings,
    lifespan: Sequence[Lifespan] = (),
    readiness: Mapping[str, Check] | None = None,
    dependencies: Mapping[str, Provide] | None = None,
    state: Mapping[str, Any] | None = None,
    tags: Sequence[Tag] = (),
) -> ServiceApp:
    """Make a service.

    ``lifespan`` opens what the service needs and closes it again, in order; it may put things on ``app.state``,
    where handlers find them, and add readiness checks with ``app.state.health.add``. A handler's ``data`` is
    decoded strictly from JSON; what it raises becomes a problem document.
    """
    health = Health(readiness or {})
    litestar = Litestar(
        route_handlers=[
            *route_handlers,
            health_routes(health),
            documentation_routes(f"Florin {name}"),
            reference_routes(name),
        ],
        lifespan=[watching_loop_lag, *lifespan],
        dependencies=dict(dependencies or {}),
        state=State({**(state or {}), "health": health, "settings": settings}),
        exception_handlers={Exception: answer_error},
        return_dto=None,
        plugins=[JsonBodies(), StructSchemas(), CompleteOptions()],
        openapi_config=openapi_config(name=name, version=version, description=description, tags=tags),
        logging_config=None,
        request_max_body_size=None,  # the frame holds the limit, also for routes that do not exist
        debug=False,
    )
    return ServiceApp(litestar, name=name, version=version, health=health, settings=settings)
