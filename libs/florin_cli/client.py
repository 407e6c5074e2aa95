"""HTTP to one service: the token goes to the address that the settings name and nowhere else.

No proxy of the environment is used and no redirect is followed. Nothing is sent twice: where an answer is lost, the
person is told that the service may have done it.
"""

import errno
import http.client
import socket
import ssl
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from florin.settings import Secret, variable_of
from florin_cli.failure import Broken, Misused, Refused, Unreachable

PAGE_MOST = 100
_CONNECT_TIMEOUT_S = 5.0

Document = dict[str, Any]
Query = str | int | bool | datetime | None


class Paging(NamedTuple):
    """How much of a list is wanted: the first ``most`` things behind ``after``, or all of them."""

    most: int | None
    after: str | None = None


class Service:
    """One service of the installation."""

    def __init__(self, name: str, url: str, token: Secret, *, timeout_s: float = 30.0) -> None:
        self.name = name
        self.url = url.rstrip("/")
        self._token = token
        self._timeout_s = timeout_s

    def patient(self, timeout_s: float) -> "Service":
        """The same service, given more time to answer."""
        return Service(self.name, self.url, self._token, timeout_s=timeout_s)

    def get(self, *path: str, **query: Query) -> Any:
        """Read something of ``/admin/v1``. Raises Failure."""
        return self._admin("GET", path, query=query)

    def post(self, *path: str, body: Document | None = None) -> Any:
        """Have something done. Raises Failure."""
        return self._admin("POST", path, body=body)

    def put(self, *path: str, body: Document, **query: Query) -> Any:
        """Store something. Raises Failure."""
        return self._admin("PUT", path, body=body, query=query)

    def pages(self, *path: str, paging: Paging, **query: Query) -> Document:
        """What is wanted of a list, from as many pages as it takes, as one page."""
        most, after = paging
        found: list[Any] = []
        while True:
            limit = PAGE_MOST if most is None else min(PAGE_MOST, most - len(found))
            page = self.get(*path, limit=limit, starting_after=after, **query)
            found += page["data"]
            after = page["next_cursor"]
            if not page["has_more"] or (most is not None and len(found) >= most):
                return {**page, "data": found}

    def readiness(self) -> Document:
        """What the service says of itself. Raises Unreachable, Broken."""
        status, body = self._exchange("GET", "/health/ready", None, {}, _CONNECT_TIMEOUT_S)
        document = _decode(body)
        if status not in (200, 503) or not isinstance(document, dict) or "status" not in document:
            raise self._broken(status)
        return document

    def _admin(
        self,
        method: str,
        path: tuple[str, ...],
        *,
        body: Document | None = None,
        query: Mapping[str, Query] | None = None,
    ) -> Any:
        if not self._token:
            raise Misused(
                "There is no admin token.",
                advice="Set FLORIN_ADMIN_TOKEN, or admin_token in the configuration file. ./dev florin sets it itself.",
            )
        target = "/".join(["/admin/v1", *(quote(part, safe="") for part in path)])
        if text := urlencode({name: _text(value) for name, value in (query or {}).items() if value is not None}):
            target += f"?{text}"
        content = None if method == "GET" else msgspec.json.encode(body or {})
        headers = {"Authorization": f"Bearer {self._token.reveal()}"}
        status, answer = self._exchange(method, target, content, headers, self._timeout_s)
        return self._understand(status, answer)

    def _understand(self, status: int, body: bytes) -> Any:
        if status == 204:
            return None
        document = _decode(body)
        if 200 <= status < 300 and document is not None:
            return document
        if not isinstance(document, dict) or "detail" not in document:
            raise self._broken(status)
        raise Refused({**document, "status": status}, service=self.name, advice=self._advice(document, status))

    def _advice(self, problem: Document, status: int) -> str:
        if status == 401:
            return "Is FLORIN_ADMIN_TOKEN the token of this installation?"
        if problem.get("code") == "route_not_found":
            return f"Is {self._variable} the address of {self.name}, and is that as new as this command?"
        return "This may be tried again." if problem.get("retryable") else ""

    @property
    def _variable(self) -> str:
        return variable_of(f"{self.name}_url")

    def _exchange(
        self, method: str, target: str, content: bytes | None, headers: dict[str, str], timeout_s: float
    ) -> tuple[int, bytes]:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        sent = {"Accept": "application/json", "User-Agent": "florin-cli", **headers}
        if content is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection = kind(parts.netloc, timeout=_CONNECT_TIMEOUT_S)
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(_reason(error)) from None
        try:
            connection.sock.settimeout(timeout_s)
            connection.request(method, parts.path + target, body=content, headers=sent)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            lost = "" if method == "GET" else " It may have been done all the same: look before doing it again."
            raise self._unreachable(f"{_reason(error)} before the answer came", lost) from None
        finally:
            connection.close()

    def _unreachable(self, reason: str, more: str = "") -> Unreachable:
        return Unreachable(
            f"The service {self.name} cannot be reached at {self.url}: {reason}.{more}",
            advice=f"Is it running, and is {self._variable} its address? florin status asks every service.",
        )

    def _broken(self, status: int) -> Broken:
        return Broken(
            f"What answers at {self.url} is not the service {self.name}: status {status} and no document of its own.",
            advice=f"Is {self._variable} right, and no other server in between?",
        )


def _text(value: Query) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except ValueError:  # no JSON, or no UTF-8
        return None


def _reason(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "the time-out passed"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message})"
        case ssl.SSLError():
            return "it does not speak TLS as we do"
        case socket.gaierror():
            return "its name is not known"
        case http.client.RemoteDisconnected() | http.client.IncompleteRead() | ConnectionError(errno=errno.ECONNRESET):
            return "the connection was closed"
        case http.client.HTTPException():
            return "it does not speak HTTP as we do"
        case OSError(strerror=str(said)):
            return said[:1].lower() + said[1:]
    return "the connection failed"
