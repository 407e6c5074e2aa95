"""Who is asking: the API key of a request, its rights and its rate."""

from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import Provide

from florin.contracts.api_keys import Scope
from florin.directory import Principal
from notifications.operations.change_endpoint import Address
from notifications.runtime import Runtime

HttpRequest = Request[Any, Any, Any]


async def authenticate(request: HttpRequest, runtime: Runtime, scope: Scope) -> Principal:
    """The merchant that a request's key speaks for. Raises Unauthenticated, ScopeMissing, RateLimited."""
    header = next((value for name, value in request.scope["headers"] if name == b"authorization"), None)
    authorization = None if header is None else header.decode("latin-1")
    principal = await runtime.directory.authenticate_or_lookup(authorization)
    principal.require(scope)
    runtime.limiter.take(principal.key_id, rate_per_s=principal.rate_limit_per_second)
    return principal


async def provide_reader(request: HttpRequest, runtime: Runtime) -> Principal:
    """For handlers that read."""
    return await authenticate(request, runtime, Scope.WEBHOOKS_READ)


async def provide_writer(request: HttpRequest, runtime: Runtime) -> Principal:
    """For handlers that change something."""
    return await authenticate(request, runtime, Scope.WEBHOOKS_WRITE)


def provide_runtime(state: State) -> Runtime:
    """The parts of this process."""
    runtime: Runtime = state.runtime
    return runtime


def address(principal: Principal, endpoint_id: str) -> Address:
    """An endpoint among those of the key's merchant and mode."""
    return Address(endpoint_id, principal.merchant_id, principal.livemode)


DEPENDENCIES = {
    "runtime": Provide(provide_runtime, sync_to_thread=False),
    "reader": Provide(provide_reader),
    "writer": Provide(provide_writer),
}
