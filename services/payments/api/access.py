"""Who is asking: the API key of a request, its rights and its rate."""

from typing import Any

from litestar import Request, Response

from florin.contracts.api_keys import Scope
from florin.directory import Directory, Principal
from florin.service import RateLimiter, idempotency_key
from payments.operations.submit import Reply
from payments.operations.submit import Request as Submission

HttpRequest = Request[Any, Any, Any]


class Access:
    """Authenticates merchants' requests."""

    def __init__(self, directory: Directory, limiter: RateLimiter) -> None:
        self._directory = directory
        self._limiter = limiter

    async def principal(self, request: HttpRequest, scope: Scope) -> Principal:
        """The merchant that a request's key speaks for. Raises Unauthenticated, ScopeMissing, RateLimited."""
        principal = await self._directory.authenticate_or_lookup(_authorization(request))
        principal.require(scope)
        self._limiter.take(principal.key_id, rate_per_s=principal.rate_limit_per_second)
        return principal

    async def submission(self, request: HttpRequest, scope: Scope, route: str) -> Submission:
        """A request that changes something, with its idempotency key."""
        principal = await self.principal(request, scope)
        return Submission(principal, idempotency_key(request), route, await request.body())


def _authorization(request: HttpRequest) -> str | None:
    for name, value in request.scope["headers"]:
        if name == b"authorization":
            return value.decode("latin-1")
    return None


def answer(reply: Reply) -> Response[Any]:
    """A stored reply as it goes out, marked where it is a replay."""
    stored = reply.stored
    headers = {"Idempotency-Replayed": "true"} if reply.replayed else {}
    media_type = "application/json" if stored.status < 400 else "application/problem+json"
    return Response(stored.body, status_code=stored.status, headers=headers, media_type=media_type)
