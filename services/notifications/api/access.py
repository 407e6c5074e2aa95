"""Who is asking: the API key of a request, its rights and its rate."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter, QueryParameter

from florin.contracts.api_keys import Scope
from florin.directory import Principal
from florin.errors import InvalidRequest
from notifications.operations.change_endpoint import Address
from notifications.runtime import Runtime

HttpRequest = Request[Any, Any, Any]
_WORD = r"^[A-Za-z0-9_.-]+$"
PathId = Annotated[str, PathParameter(pattern=_WORD, max_length=64)]
FilterText = Annotated[str | None, QueryParameter(pattern=_WORD, max_length=64)]
FilterTime = Annotated[datetime | None, QueryParameter(description="RFC 3339, with a zone.")]
UseRuntime = NamedDependency[Runtime]
Reader = NamedDependency[Principal]
"""Whoever asks, with the right to read."""
Writer = NamedDependency[Principal]
"""Whoever asks, with the right to change something."""


async def authenticate(request: HttpRequest, runtime: Runtime, scope: Scope) -> Principal:
    """The merchant that a request's key speaks for. Raises Unauthenticated, ScopeMissing, RateLimited."""
    header = next((value for name, value in request.scope["headers"] if name == b"authorization"), None)
    authorization = None if header is None else header.decode("latin-1")
    principal = await runtime.directory.authenticate_or_lookup(authorization)
    principal.require(scope)
    runtime.limiter.take(principal.key_id, rate_per_s=principal.rate_limit_per_second)
    return principal


async def provide_reader(request: HttpRequest, runtime: UseRuntime) -> Principal:
    """For handlers that read."""
    return await authenticate(request, runtime, Scope.WEBHOOKS_READ)


async def provide_writer(request: HttpRequest, runtime: UseRuntime) -> Principal:
    """For handlers that change something."""
    return await authenticate(request, runtime, Scope.WEBHOOKS_WRITE)


def provide_runtime(state: State) -> Runtime:
    """The parts of this process."""
    runtime: Runtime = state.runtime
    return runtime


def address(principal: Principal, endpoint_id: str) -> Address:
    """An endpoint among those of the key's merchant and mode."""
    return Address(endpoint_id, principal.merchant_id, principal.livemode)


def with_zone(value: datetime | None, param: str) -> datetime | None:
    """A time of a query. Raises InvalidRequest where it has no zone, for then it could mean any."""
    if value is not None and value.tzinfo is None:
        raise InvalidRequest(f"{param} needs a zone, such as 2026-01-31T12:00:00Z.", param=param)
    return value


DEPENDENCIES = {
    "runtime": Provide(provide_runtime, sync_to_thread=False),
    "reader": Provide(provide_reader),
    "writer": Provide(provide_writer),
}
