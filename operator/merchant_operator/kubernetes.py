"""The requests to the API server that the operator makes beside kopf's watches."""

import logging
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import kopf
import msgspec

from merchant_operator.metrics import API_REQUESTS
from merchant_operator.names import API_VERSION, PLURALS
from merchant_operator.resources import Key

_LOGIN_AGAIN_S = 300.0  # an account's token is replaced on disk each hour or so
_PAGE = 500


class ApiError(Exception):
    """The API server refused or did not answer (status 0)."""

    def __init__(self, what: str, status: int, reason: str) -> None:
        super().__init__(f"{what}: {status or 'no answer'} {reason}")
        self.status = status
        self.reason = reason


class Kubernetes:
    """A session with the API server, as the account that kopf watches with."""

    def __init__(self, login: "Login", *, timeout_s: float) -> None:
        self._login = login
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None
        self._homes: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def read(self, key: Key) -> dict[str, Any] | None:
        """A resource as it is now; None where there is none."""
        path = _path_of(key)
        found = await self._find(path)
        if found is not None and _named(found) != (key.namespace, key.name):
            # What was read decides about rights and owners, so a path that led elsewhere must not pass.
            raise ApiError(f"GET {path}", 200, "answered with another resource")
        return found

    async def list_pages(self, kind: str, namespace: str) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
        """All resources of a kind in a namespace, page by page, each with the version of the whole list."""
        continued = ""
        while True:
            path = _path(f"apis/{API_VERSION}/namespaces", namespace, PLURALS[kind])
            page = await self.request("GET", f"{path}?limit={_PAGE}&continue={continued}")
            yield page["metadata"]["resourceVersion"], [{"kind": kind, **item} for item in page["items"]]
            continued = page["metadata"].get("continue", "")
            if not continued:
                return

    async def home_of(self, namespace: str, *, anew: bool = False) -> str:
        """The first group of a namespace's uid, which no other cluster has; see `resources.OwnerName`."""
        if anew or namespace not in self._homes:
            found = await self._find(_path("api/v1/namespaces", namespace))
            self._homes[namespace] = found["metadata"]["uid"].partition("-")[0] if found else ""
        return self._homes[namespace]

    async def patch_status(self, key: Key, uid: str, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Change the status of this very resource, not of one with its name that came later."""
        body = {"metadata": {"uid": uid}, "status": patch}
        return await self.request("PATCH", f"{_path_of(key)}/status", body)

    async def set_finalizers(self, key: Key, resource_version: str, finalizers: list[str]) -> dict[str, Any]:
        """Replace the finalizers, unless the resource changed since it was looked at (409)."""
        body = {"metadata": {"resourceVersion": resource_version, "finalizers": finalizers}}
        return await self.request("PATCH", _path_of(key), body)

    async def read_secret(self, namespace: str, name: str) -> dict[str, Any] | None:
        """A Secret; None where there is none."""
        return await self._find(_path("api/v1/namespaces", namespace, "secrets", name))

    async def create_secret(self, namespace: str, secret: Mapping[str, Any]) -> dict[str, Any]:
        """Make a Secret; ApiError 409 where one has the name."""
        return await self.request("POST", _path("api/v1/namespaces", namespace, "secrets"), secret)

    async def create_event(self, namespace: str, event: Mapping[str, Any]) -> None:
        """Post an Event."""
        await self.request("POST", _path("api/v1/namespaces", namespace, "events"), event)

    async def request(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One request; the decoded answer. Raises ApiError, which holds no body of ours."""
        what = f"{method} {path.partition('?')[0]}"
        headers = {"Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json"}
        try:
            status, content = await self._send(method, path, body, headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            API_REQUESTS.labels(method, "0").inc()
            raise ApiError(what, 0, type(error).__name__) from error
        API_REQUESTS.labels(method, str(status)).inc()
        if status >= 300:
            raise ApiError(what, status, _reason(content))
        answer: dict[str, Any] = msgspec.json.decode(content)
        return answer

    async def _find(self, path: str) -> dict[str, Any] | None:
        try:
            return await self.request("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, bytes]:
        if self._session is None:
            raise RuntimeError("the session is not open")
        data = None if body is None else msgspec.json.encode(body)
        for attempt in (1, 2):
            connection = self._login.connection(anew=attempt == 2)
            async with self._session.request(
                method,
                connection.server + path,
                data=data,
                headers=headers | connection.headers,
                ssl=connection.ssl,
            ) as response:
                content = await response.read()
                if response.status != 401 or attempt == 2:
                    return response.status, content
        raise AssertionError


class Connection(msgspec.Struct, frozen=True):
    """Where the API server is and how to be let in."""

    server: str
    headers: dict[str, str]
    ssl: ssl.SSLContext


class Login:
    """The account's credentials, read anew from time to time."""

    def __init__(self, settings: kopf.OperatorSettings) -> None:
        self._settings = settings
        self._connection: Connection | None = None
        self._until = 0.0

    def connection(self, *, anew: bool = False) -> Connection:
        """How to connect now. Raises kopf.LoginError."""
        if self._connection is None or anew or time.monotonic() > self._until:
            logger = logging.getLogger(__name__)
            info = kopf.login_with_service_account(settings=self._settings, logger=logger)
            info = info or kopf.login_with_kubeconfig(settings=self._settings, logger=logger)
            if info is None:
                raise kopf.LoginError("There is neither a service account's token nor a kubeconfig.")
            self._connection = Connection(info.server.rstrip("/"), info.as_http_headers(), info.as_ssl_context())
            self._until = time.monotonic() + _LOGIN_AGAIN_S
        return self._connection


def _path_of(key: Key) -> str:
    return _path(f"apis/{API_VERSION}/namespaces", key.namespace, PLURALS[key.kind], key.name)


def _path(base: str, *names: str) -> str:
    """A path in which no name can be more than one segment."""
    return "/".join(("", base, *(quote(name, safe="") for name in names)))


def _named(body: Mapping[str, Any]) -> tuple[str, str]:
    metadata = body.get("metadata", {})
    return metadata.get("namespace", ""), metadata.get("name", "")


def _reason(content: bytes) -> str:
    try:
        document = msgspec.json.decode(content)
        return str(document.get("message", document.get("reason", "")))[:500]
    except (msgspec.DecodeError, AttributeError):
        return ""
