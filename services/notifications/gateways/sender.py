"""One attempt: an HTTP request to a receiver that is not ours, with everything bounded."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import aiohttp
from opentelemetry.trace import SpanKind
from yarl import URL

from florin.errors import FlorinError
from florin.secrets import BadSeal
from florin.telemetry import inject, span
from florin.webhooks import ForbiddenAddress, InvalidEndpointUrl, Signer, UrlPolicy, check_endpoint_url, open_session
from notifications.domain.delivery import Attempt, Claim
from notifications.domain.endpoint import Endpoint
from notifications.domain.outcome import Failure, Outcome, parse_retry_after

EXCERPT_BYTES = 1024
_READ_MAX_BYTES = 16_384  # past this the connection is dropped: a receiver's answer is nothing we need
_USER_AGENT = "Florin-Webhooks/1"

Signers = Callable[[Endpoint], Awaitable[Signer]]


class Sender:
    """Signs and posts. Close it when done."""

    def __init__(self, session: aiohttp.ClientSession, policy: UrlPolicy, signers: Signers) -> None:
        self._session = session
        self._policy = policy
        self._signers = signers
        self._urls: dict[str, URL] = {}

    @classmethod
    def open(cls, policy: UrlPolicy, signers: Signers, *, connections: int) -> "Sender":
        """Must be called in a running loop."""
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_reuseconn.append(_note_reuse)
        session = open_session(policy.addresses, connections=connections, trace_configs=[tracing])
        return cls(session, policy, signers)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def send(self, endpoint: Endpoint, claim: Claim) -> Attempt:
        """Make one attempt. Whatever happens is an outcome; only cancellation raises."""
        started_at, began = datetime.now(UTC), time.perf_counter()
        headers: dict[str, str] = {}
        with span(
            "webhook attempt",
            claim.message.traceparent,
            kind=SpanKind.CLIENT,
            **{
                "florin.endpoint_id": endpoint.id,
                "florin.delivery_id": claim.delivery_id,
                "florin.attempt": claim.attempt,
                "messaging.message.id": claim.message.id,
            },
        ) as work:
            try:
                url = self._checked(endpoint.url)
                headers = await self._headers(endpoint, claim)
            except InvalidEndpointUrl as error:
                outcome = Outcome(failure=Failure.URL_FORBIDDEN, detail=error.detail)
            except BadSeal:
                outcome = Outcome(failure=Failure.SECRET_UNAVAILABLE, detail="The signing secret cannot be opened.")
            except FlorinError as error:
                outcome = Outcome(failure=Failure.SECRET_UNAVAILABLE, detail=error.detail)
            else:
                outcome = await self._post(url, claim.message.body, headers, float(endpoint.timeout_s))
            if outcome.status is not None:
                work.set("http.response.status_code", outcome.status)
            if outcome.failure is not None:
                work.set("error.type", outcome.failure)
        return Attempt(
            delivery_id=claim.delivery_id,
            number=claim.attempt,
            livemode=claim.message.livemode,
            started_at=started_at,
            duration_us=round((time.perf_counter() - began) * 1e6),
            url=endpoint.url,
            request_headers=headers,
            outcome=outcome,
        )

    def _checked(self, text: str) -> URL:
        # Again at each attempt: the policy may have become stricter since the endpoint was stored.
        url = self._urls.get(text)
        if url is None:
            url = check_endpoint_url(text, self._policy)
            if len(self._urls) > 10_000:
                self._urls.clear()
            self._urls[text] = url
        return url

    async def _headers(self, endpoint: Endpoint, claim: Claim) -> dict[str, str]:
        message = claim.message
        headers = (await self._signers(endpoint)).headers(message.id, int(time.time()), message.body)
        return inject({"content-type": "application/json", "user-agent": _USER_AGENT, **headers})

    async def _post(self, url: URL, body: bytes, headers: dict[str, str], timeout_s: float) -> Outcome:
        noted = SimpleNamespace(reused=False)
        try:
            async with asyncio.timeout(timeout_s):
                try:
                    return await self._exchange(url, body, headers, timeout_s, noted)
                except (aiohttp.ServerDisconnectedError, ConnectionError):
                    # The receiver closed an idle connection while we were taking it up: nothing was answered, and
                    # receivers know a message by its id, so the same attempt goes on over a new connection.
                    if not noted.reused:
                        raise
                    return await self._exchange(url, body, headers, timeout_s, noted)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return _failed(error, timeout_s)

    async def _exchange(
        self, url: URL, body: bytes, headers: dict[str, str], timeout_s: float, noted: SimpleNamespace
    ) -> Outcome:
        async with self._session.post(
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout_s, connect=min(timeout_s, 10.0)),
            trace_request_ctx=noted,
        ) as response:
            excerpt = await _read_excerpt(response)
            return Outcome(
                status=response.status,
                detail=_sentence(response.status),
                retry_after_s=parse_retry_after(response.headers.get("retry-after"), datetime.now(UTC)),
                excerpt=excerpt,
            )


async def _note_reuse(_: aiohttp.ClientSession, context: SimpleNamespace, __: Any) -> None:
    context.trace_request_ctx.reused = True


async def _read_excerpt(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of the body. The status decides; a body that breaks off or never ends changes nothing."""
    excerpt, total = b"", 0
    try:
        async with asyncio.timeout(2):
            while chunk := await response.content.read(4096):
                excerpt += chunk[: EXCERPT_BYTES - len(excerpt)]
                total += len(chunk)
                if total > _READ_MAX_BYTES:
                    break
    except (aiohttp.ClientError, TimeoutError, OSError):
        pass
    if not response.content.at_eof():
        response.close()
    return excerpt


def _sentence(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"The receiver answered {status}, a redirect; webhooks follow none. Register the final URL."
    try:
        return f"The receiver answered {status} {HTTPStatus(status).phrase}."
    except ValueError:
        return f"The receiver answered {status}."


def _failed(error: Exception, timeout_s: float) -> Outcome:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, ForbiddenAddress):
        # Not which one: where names lead inside our network is nobody's business.
        return Outcome(failure=Failure.ADDRESS_FORBIDDEN, detail="The host does not lead to a public address.")
    if isinstance(error, TimeoutError):
        return Outcome(failure=Failure.TIMED_OUT, detail=f"The receiver did not answer within {timeout_s:g} s.")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Outcome(failure=Failure.NAME_NOT_RESOLVED, detail="The host's name could not be resolved.")
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return Outcome(failure=Failure.TLS_FAILED, detail=f"TLS failed: {cause}.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return Outcome(failure=Failure.CONNECTION_FAILED, detail="The receiver did not take the connection.")
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionError | aiohttp.ClientOSError):
        return Outcome(
            failure=Failure.CONNECTION_CLOSED, detail="The receiver closed the connection without answering."
        )
    return Outcome(failure=Failure.RESPONSE_INVALID, detail=f"What came back is not HTTP ({type(error).__name__}).")
