"""The one place where errors become HTTP: problem documents (RFC 9457) with a status, a code and a page of reference.

`problem_of` renders any `FlorinError`; `answer_error` is Litestar's exception handler for everything else, too.
"""

import logging
import re
from http import HTTPStatus
from typing import Any, ClassVar, NamedTuple

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from florin.errors import FlorinError, InvalidRequest, Kind, NotFound, TooLarge, Unavailable
from florin.service.methods import allow
from florin.telemetry import request_id

MEDIA_TYPE = "application/problem+json"

STATUS_OF_KIND: dict[Kind, int] = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.DECLINED: 402,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.RATE_LIMITED: 429,
    Kind.UNAVAILABLE: 503,
}

_MISSING = re.compile(r"Missing required \w+ parameter '(?P<param>[^']+)'")
_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder(enc_hook=str).encode


class HttpError(FlorinError):
    """What is wrong with the HTTP of a request. Only the frame raises these, so they may know their status."""

    status: ClassVar[int]
    headers: dict[str, str]

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail, **members)
        self.headers = headers or {}


class RouteNotFound(NotFound):
    """No route has this path. A path with an id of an object that does not exist answers `not_found` instead."""

    code = "route_not_found"
    title = "There is nothing at this path"


class MalformedBody(InvalidRequest):
    """The body is no JSON: a syntax error, bytes that are not UTF-8, or nested too deeply."""

    code = "malformed_body"
    title = "The body is not valid JSON"


class MethodNotAllowed(HttpError):
    """The path exists with other methods; the `Allow` header names them."""

    code = "method_not_allowed"
    title = "This path does not have that method"
    status = 405


class BodyTimeout(HttpError):
    """The body did not arrive in time. Nothing was done; send the request again."""

    code = "body_timeout"
    title = "The body took too long to arrive"
    status = 408
    retryable = True


class UnsupportedMediaType(HttpError):
    """The body's `Content-Type` is not `application/json`."""

    code = "unsupported_media_type"
    title = "Bodies are JSON"
    status = 415


class ClientGone(HttpError):
    """The client closed the connection before its request was complete. Nobody reads this answer."""

    code = "client_gone"
    title = "The client closed the connection"
    status = 499


class InternalError(HttpError):
    """A fault of ours. It is logged under the request id; the same request may be sent again with the same key."""

    code = "internal_error"
    title = "Something went wrong on our side"
    status = 500
    retryable = True


class Overloaded(Unavailable):
    """More requests are under way than this process takes. Nothing was done; come back after `Retry-After`."""

    code = "overloaded"
    title = "Too many requests are under way"


class Problem(NamedTuple):
    """A rendered error: what to send, or to store for a replay."""

    status: int
    headers: dict[str, str]
    body: bytes


def status_of(error: FlorinError | type[FlorinError]) -> int:
    """The HTTP status of an error."""
    if isinstance(error, HttpError) or (isinstance(error, type) and issubclass(error, HttpError)):
        return error.status
    return 422 if error.contradicts else STATUS_OF_KIND[error.kind]


def problem_of(error: FlorinError, *, instance: str | None = None) -> Problem:
    """Render an error. ``instance`` is the request id, by default the current one."""
    status = status_of(error)
    page = f"/errors/{error.code}"
    document = {
        **error.extensions,
        "type": page,
        "title": error.title,
        "status": status,
        "detail": error.detail,
        "instance": instance or request_id.get(),
        "code": error.code,
        "retryable": error.retryable,
        "doc_url": page,
    }
    if error.param is not None:
        document["param"] = error.param
    return Problem(status, _headers_of(error), _encode(document))


def _headers_of(error: FlorinError) -> dict[str, str]:
    headers = dict(error.headers) if isinstance(error, HttpError) else {}
    if error.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="florin"'
    if (retry_after_s := getattr(error, "retry_after_s", None)) is not None:
        headers["Retry-After"] = str(retry_after_s)
    return headers


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer whatever a handler, Litestar or a dependency raised."""
    problem = problem_of(as_florin_error(error, path=request.scope["path"]))
    return Response(problem.body, status_code=problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def as_florin_error(error: Exception, *, path: str) -> FlorinError:
    """Put any exception into our tree. What nobody expected is logged here, and told to nobody."""
    if isinstance(error, FlorinError):
        return error
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _from_litestar(error, path)
    _log.error("Unexpected %s while answering a request.", type(error).__name__, exc_info=error)
    return InternalError("The request could not be answered because of a fault on our side.")


def _from_litestar(error: HTTPException, path: str) -> FlorinError:
    match error.status_code:
        case 404:
            return RouteNotFound(f"No route has the path {path[:200]!r}.")
        case 405:
            allowed = allow((error.headers or {}).get("allow", "").split(", "))
            return MethodNotAllowed(f"Use one of {allowed}.", headers={"Allow": allowed})
        case 413:
            return TooLarge("The request body is larger than this server takes.")
        case 415:
            return UnsupportedMediaType("Send the body as application/json.")
    return _invalid_parameter(error)


def _invalid_parameter(error: HTTPException) -> InvalidRequest:
    """A parameter of the path, query or headers that Litestar could not convert."""
    faults = error.extra if isinstance(error.extra, list) else []
    if missing := _MISSING.match(error.detail):
        return InvalidRequest(f"{missing['param']}: this parameter is needed.", param=missing["param"])
    if not faults:
        return InvalidRequest(f"{error.detail.rstrip('.')}.")
    fault = faults[0]
    param = str(fault.get("key", "")) or None
    if param == "data":
        return InvalidRequest("This request needs a JSON object as its body.")
    if param is None:
        return InvalidRequest(f"{fault.get('message', error.detail)}.")
    return InvalidRequest(sentence_about(param, str(fault.get("message") or "not valid")), param=param)


def sentence_about(param: str, what: str) -> str:
    """Say "Expected `int`, got `str`" about ``amount_minor`` as a sentence."""
    return f"{param}: {what[:1].lower()}{what[1:]}."
