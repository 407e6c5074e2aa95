"""Who is asking: the API key of a request, its rights and its rate."""

from typing import Any

from litestar import Request, Response

from florin.contracts.api_keys import Scope
from florin.directory import Directory, KeyMissing, Principal
from florin.errors import InvalidRequest, NotFound
from florin.ids import parse_id, shard_of
from florin.service import PageRequest, RateLimiter, idempotency_key
from payments.operations.submit import Reply
from payments.operations.submit import Request as Submission
from payments.store.window import Window

HttpRequest = Request[Any, Any, Any]
_PRINCIPAL = "principal"


class Access:
    """Authenticates merchants' requests."""

    def __init__(self, directory: Directory, limiter: RateLimiter) -> None:
        self._directory = directory
        self._limiter = limiter

    async def admit(self, request: HttpRequest) -> None:
        """Find out whose key a request carries. Raises Unauthenticated, MerchantDisabled, RateLimited."""
        principal = await self._directory.authenticate_or_lookup(_authorization(request))
        self._limiter.take(principal.key_id, rate_per_s=principal.rate_limit_per_second)
        request.scope["state"][_PRINCIPAL] = principal

    def principal(self, request: HttpRequest, scope: Scope) -> Principal:
        """The merchant that an admitted request's key speaks for. Raises ScopeMissing."""
        principal: Principal = request.scope["state"][_PRINCIPAL]
        principal.require(scope)
        return principal

    async def submission(self, request: HttpRequest, scope: Scope, route: str) -> Submission:
        """A request that changes something, with its idempotency key."""
        return Submission(self.principal(request, scope), idempotency_key(request), route, await request.body())


async def admit(request: HttpRequest) -> None:
    """The ``before_request`` of merchants' routes: strangers are turned away before anything of theirs is read."""
    await request.app.state.access.admit(request)


def window(page: PageRequest, kind: str, *, livemode: bool, merchant_id: str) -> Window:
    """What a page shows of a merchant's list.

    Raises InvalidRequest where the cursor is no id of this kind, merchant and mode: it would page to anywhere.
    """
    if page.cursor is not None and not _is_of(page.cursor, kind, livemode, merchant_id):
        param = "ending_before" if page.backwards else "starting_after"
        raise InvalidRequest(f"{param}: this list has no such id; send the `next_cursor` of a page.", param=param)
    return Window(merchant_id, livemode, page.fetch, page.cursor, page.backwards)


def _is_of(cursor: str, kind: str, livemode: bool, merchant_id: str) -> bool:
    try:
        parts = parse_id(cursor, kind)
    except NotFound:
        return False
    return (parts.livemode, parts.shard) == (livemode, shard_of(merchant_id))


def _authorization(request: HttpRequest) -> str | None:
    values = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if len(values) > 1:
        raise KeyMissing("Send one Authorization header.")
    return values[0].decode("latin-1") if values else None


def answer(reply: Reply) -> Response[Any]:
    """A stored reply as it goes out, marked where it is a replay."""
    stored = reply.stored
    headers = {"Idempotency-Replayed": "true"} if reply.replayed else {}
    media_type = "application/json" if stored.status < 400 else "application/problem+json"
    return Response(stored.body, status_code=stored.status, headers=headers, media_type=media_type)
