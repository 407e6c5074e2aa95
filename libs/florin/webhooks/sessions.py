"""An HTTP session for webhooks: it connects to allowed addresses only, follows nothing and inherits nothing.

Two gates, both before a socket exists: the resolver refuses a name of which any address is forbidden, and the socket
factory looks at the very address that is about to be connected to. The second alone would do. It sees literals
(for which aiohttp asks no resolver) and leaves no time between check and use for a name to change its address.
"""

import socket
from collections.abc import Sequence

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from florin.webhooks.addresses import AddressPolicy

_DNS_CACHE_S = 30


class GuardedResolver(AbstractResolver):
    """Resolves with the system's resolver and refuses names that lead to a forbidden address."""

    def __init__(self, policy: AddressPolicy, resolver: AbstractResolver | None = None) -> None:
        self._policy = policy
        self._resolver = resolver or aiohttp.ThreadedResolver()
        self.trusted: set[str] = set()
        """Where the policy's trusted hosts led."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises ForbiddenAddress, an OSError, where one of them is not allowed.

        A trusted host's addresses are let through, and remembered for the gate at the socket.
        """
        results = await self._resolver.resolve(host, port, family)
        if host in self._policy.trusted_hosts:
            self.trusted.update(result["host"] for result in results)
            return results
        for result in results:
            self._policy.check(result["host"])
        return results

    async def close(self) -> None:
        """Close the system's resolver."""
        await self._resolver.close()


def open_session(
    policy: AddressPolicy,
    *,
    timeout_s: float = 15.0,
    connections: int = 1024,
    resolver: AbstractResolver | None = None,
    trace_configs: Sequence[aiohttp.TraceConfig] = (),
) -> aiohttp.ClientSession:
    """A session for endpoints that merchants named. Must be called in a running loop; close it when done.

    No cookies, no proxy and no credentials from the environment. Redirects are the request's business: pass
    ``allow_redirects=False``.
    """
    guarded = GuardedResolver(policy, resolver)

    def open_socket(info: tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]) -> socket.socket:
        family, kind, protocol, _, address = info
        if address[0] not in guarded.trusted:
            policy.check(address[0])
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(
        limit=connections,
        resolver=guarded,
        ttl_dns_cache=_DNS_CACHE_S,
        socket_factory=open_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=timeout_s, connect=min(timeout_s, 10.0)),
        trust_env=False,
        auto_decompress=False,
        raise_for_status=False,
        requote_redirect_url=False,
        trace_configs=list(trace_configs),
    )
