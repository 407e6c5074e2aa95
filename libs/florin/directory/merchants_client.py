"""merchants' internal API, as the directory uses it."""

import asyncio
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import msgspec

from florin.contracts.api_keys import KeyLookup
from florin.contracts.directory import FeedPage, KeyAnswer, ReplicaReport
from florin.settings import Secret

T = TypeVar("T")
PAGE_SIZE = 500


class MerchantsUnreachable(Exception):
    """merchants did not answer, or not as agreed."""


class MerchantsRefused(MerchantsUnreachable):
    """merchants answered with an error."""

    def __init__(self, what: str, status: int) -> None:
        super().__init__(f"{what} answered {status}")
        self.status = status


class MerchantsClient:
    """Calls to merchants; every method raises MerchantsUnreachable."""

    def __init__(self, url: str, token: Secret) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token.reveal()}", "Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def feed(self, after: int, *, timeout_s: float) -> FeedPage:
        """A page of changes after a version."""
        return await self.call(
            "GET", f"/internal/v1/feed?after={after}&limit={PAGE_SIZE}", FeedPage, timeout_s=timeout_s
        )

    async def look_up(self, key_hash: str, *, timeout_s: float) -> KeyAnswer:
        """What belongs to a key's hash."""
        return await self.call(
            "POST", "/internal/v1/keys/lookup", KeyAnswer, body=KeyLookup(hash=key_hash), timeout_s=timeout_s
        )

    async def report(self, service: str, replica: str, report: ReplicaReport, *, timeout_s: float) -> None:
        """Say how far this replica has come."""
        await self.call("PUT", f"/internal/v1/replicas/{service}/{replica}", Any, body=report, timeout_s=timeout_s)

    async def call(
        self, method: str, path: str, answer: type[T] | Any, *, timeout_s: float, body: msgspec.Struct | None = None
    ) -> T:
        """One request; the decoded answer."""
        if self._session is None:
            self._session = aiohttp.ClientSession(headers=self._headers)
        what = f"{method} {path.split('?')[0]}"
        try:
            async with asyncio.timeout(timeout_s):
                data = None if body is None else msgspec.json.encode(body)
                async with self._session.request(
                    method, self._url + path, data=data, allow_redirects=False
                ) as response:
                    content = await response.read()
                    if response.status >= 300:
                        raise MerchantsRefused(what, response.status)
                    return msgspec.json.decode(content, type=answer)
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError) as error:
            raise MerchantsUnreachable(f"{what}: {type(error).__name__}") from error
