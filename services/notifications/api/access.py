"""Who is asking: the API key of a request, its rights and its rate."""

from typing import Annotated, Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter

from florin.contracts.api_keys import Scope
from florin.directory import KeyMissing, Principal
from florin.service import WORD
from notifications.operations.change_endpoint import Address
from notifications.runtime import Runtime

HttpRequest = Request[Any, Any, Any]
_PRINCIPAL = "principal"
PathId = Annotated[str, PathParameter(pattern=WORD, max_length=64)]
UseRuntime = NamedDependency[Runtime]
Reader = NamedDependency[Principal]
"""Whoever asks, with the right to read."""
Writer = NamedDependency[Principal]
"""Whoever asks, with the right to change something."""


async def admit(request: HttpRequest) -> None:
    """The ``before_request`` of merchants' routes: strangers are turned away before anything of theirs is read.

    Raises Unauthenticated, MerchantDisabled, RateLimited.
    """
    runtime: Runtime = request.app.state.runtime
    values = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if len(values) > 1:
        raise KeyMissing("Send one Authorization header.")
    principal = await runtime.directory.authenticate_or_lookup(values[0].decode("latin-1") if values else None)
    runtime.limiter.take(principal.key_id, rate_per_s=principal.rate_limit_per_second)
    request.scope["state"][_PRINCIPAL] = principal


def _holder_of(scope: Scope, request: HttpRequest) -> Principal:
    principal: Principal = request.scope["state"][_PRINCIPAL]
    principal.require(scope)
    return principal


def provide_reader(request: HttpRequest) -> Principal:
    """For handlers that read. Raises ScopeMissing."""
    return _holder_of(Scope.WEBHOOKS_READ, request)


def provide_writer(request: HttpRequest) -> Principal:
    """For handlers that change something. Raises ScopeMissing."""
    return _holder_of(Scope.WEBHOOKS_WRITE, request)


def provide_runtime(state: State) -> Runtime:
    """The parts of this process."""
    runtime: Runtime = state.runtime
    return runtime


def address(principal: Principal, endpoint_id: str) -> Address:
    """An endpoint among those of the key's merchant and mode."""
    return Address(endpoint_id, principal.merchant_id, principal.livemode)


DEPENDENCIES = {
    "runtime": Provide(provide_runtime, sync_to_thread=False),
    "reader": Provide(provide_reader, sync_to_thread=False),
    "writer": Provide(provide_writer, sync_to_thread=False),
}
