"""Where a webhook may go: the corpus of URLs and addresses that must open no socket."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from florin.webhooks import (
    AddressPolicy,
    ForbiddenAddress,
    InvalidEndpointUrl,
    UrlPolicy,
    check_endpoint_url,
    open_session,
)

INNER_HOSTS = """
127.0.0.1 127.1 127.0.1 0177.0.0.1 0x7f.0.0.1 0x7f.1 2130706433 0x7f000001 017700000001 0 0.0.0.0 00.0.0.0 127.0.0.1.
10.0.0.1 10.1 172.16.0.1 192.168.1.1 192.168.257 100.64.0.1 169.254.169.254 0xa9fea9fe 2852039166 169.254.43518
0251.0376.0251.0376 224.0.0.1 240.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 203.0.113.7 192.88.99.1
[::1] [::] [::127.0.0.1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:a9fe:a9fe] [0:0:0:0:0:ffff:10.0.0.1]
[64:ff9b::7f00:1] [64:ff9b::169.254.169.254] [64:ff9b:1::1] [2002:7f00:1::] [2002:a9fe:a9fe::1] [2002:808:808::1]
[2001:0:4136:e378:8000:63bf:80ff:fffe] [fe80::1] [fe80::1%25eth0] [fc00::1] [fd00:ec2::254] [fec0::1] [ff02::1]
[2001:db8::1] [100::1] [5f00::1] [3fff::1] [4000::1]
localhost localhost. LOCALHOST foo.localhost metadata.google.internal db.local router.lan intranet
①②⑦.0.0.1 127。0。0。1
%31%32%37.0.0.1 127.0.0.1%00.example.com ex%61mple.com 127.0x1 a..b -a.com
""".split()  # noqa: SIM905
INNER_URLS = [
    *(f"https://{host}/hook" for host in INNER_HOSTS),
    "http://hooks.example.com/",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "https://user:password@hooks.example.com/",
    "https://user@hooks.example.com/",
    "https://hooks.example.com@127.0.0.1/",
    "https://hooks.example.com#@127.0.0.1/",
    "https://hooks.example.com\\@127.0.0.1/",
    "https://hooks.example.com:22/",
    "https://hooks.example.com:3306/",
    "https://hooks.example.com:6379/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com/\r\nHost: inner",
    "https://hooks.example.com/ x",
    "https://hooks.example.com/\x00",
    "https://hooks.example.com/" + "x" * 3000,
    "https://hooks.example.com/" + "ä" * 1000,
    "//hooks.example.com/",
    "https:///hook",
    "https://",
    "hooks.example.com",
    "",
]
POLICY = UrlPolicy()
DEVELOPMENT = UrlPolicy(addresses=AddressPolicy(allow_loopback=True))


@pytest.mark.parametrize("url", INNER_URLS)
def test_refused(url: str) -> None:
    with pytest.raises(InvalidEndpointUrl):
        check_endpoint_url(url, POLICY)


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://hooks.example.com/a?b=c", "https://hooks.example.com/a?b=c"),
        ("https://HOOKS.example.com:443/", "https://hooks.example.com/"),
        ("https://hooks.example.com:8443/", "https://hooks.example.com:8443/"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ("https://[64:ff9b::808:808]/", "https://[64:ff9b::808:808]/"),
    ],
)
def test_accepted(url: str, normal: str) -> None:
    assert str(check_endpoint_url(url, POLICY)) == normal


@pytest.mark.parametrize("url", ["http://127.0.0.1:8090/hook", "http://localhost:8090/", "http://[::1]:8090/"])
def test_loopback_by_the_development_setting_only(url: str) -> None:
    check_endpoint_url(url, DEVELOPMENT)
    with pytest.raises(InvalidEndpointUrl):
        check_endpoint_url(url, POLICY)


def test_the_development_setting_opens_loopback_alone() -> None:
    for host in INNER_HOSTS:
        if host in ("127.0.0.1", "[::1]", "localhost", "LOCALHOST", "①②⑦.0.0.1", "127。0。0。1", "localhost."):
            continue
        if host in ("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]"):
            continue  # the same loopback inside IPv6
        with pytest.raises(InvalidEndpointUrl):
            check_endpoint_url(f"https://{host}/hook", DEVELOPMENT)


@given(st.ip_addresses(v=4))
def test_ipv4_inside_ipv6_is_judged_as_ipv4(address: IPv4Address) -> None:
    policy = AddressPolicy()
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        embedded = IPv6Address(int(IPv6Address(prefix)) | int(address))
        assert policy.allows(embedded) == policy.allows(address)


@given(st.ip_addresses())
def test_nothing_private_is_allowed(address: IPv4Address | IPv6Address) -> None:
    if AddressPolicy().allows(address):
        inner = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
        assert not inner
        if isinstance(address, IPv4Address):
            assert address.is_global


class _Rebinding(AbstractResolver):
    """A name server that answers what it likes, as an attacker's does."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        found = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        return [ResolveResult(hostname=host, host=self.address, port=port, family=found, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every internet socket that anything opens from here on."""
    sockets: list[str] = []
    original = socket.socket.__init__

    def record(self: socket.socket, family: int = -1, *args: Any, **kwargs: Any) -> None:
        if family in (socket.AF_INET, socket.AF_INET6):
            sockets.append(str(family))
        original(self, family, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "__init__", record)
    return sockets


async def test_the_corpus_opens_no_socket(opened: list[str]) -> None:
    async with open_session(AddressPolicy(), timeout_s=2) as session:
        for host in INNER_HOSTS:
            if host.rstrip(".").lower() == "localhost" or ip_literal(host):
                with pytest.raises((aiohttp.ClientError, ValueError)):
                    await session.post(f"http://{host}:80/", data=b"{}", allow_redirects=False)
    assert opened == []


def ip_literal(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return host[0].isdigit()
    return True


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "::ffff:10.0.0.1", "2002:7f00:1::"])
async def test_a_name_that_leads_inside_opens_no_socket(address: str, opened: list[str]) -> None:
    async with open_session(AddressPolicy(), timeout_s=2, resolver=_Rebinding(address)) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.post("http://hooks.example.com/", data=b"{}", allow_redirects=False)
    assert isinstance(caught.value.os_error, ForbiddenAddress)
    assert opened == []


async def test_the_socket_gate_stands_alone(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that passed the resolver's check and changed its address afterwards is stopped at the socket."""
    async with open_session(AddressPolicy(), timeout_s=2) as session:
        connector = session.connector
        assert isinstance(connector, aiohttp.TCPConnector)
        monkeypatch.setattr(connector, "_resolver", _Rebinding("127.0.0.1"))
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.post("http://hooks.example.com/", data=b"{}", allow_redirects=False)
    assert isinstance(caught.value.os_error, ForbiddenAddress)
    assert opened == []


async def test_trust_is_in_a_name_and_not_in_where_it_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trusted host may be inside; another name, or the bare address, may not lead to the same place."""
    policy = AddressPolicy(trusted_hosts=frozenset({"receiver.shop.svc"}))
    assert check_endpoint_url("http://receiver.shop.svc:8080/h", UrlPolicy(addresses=policy))
    for url in ("http://other.shop.svc/", "https://127.0.0.1/", "https://receiver.shop.svc@10.0.0.1/"):
        with pytest.raises(InvalidEndpointUrl):
            check_endpoint_url(url, UrlPolicy(addresses=policy))
    app = web.Application()
    app.router.add_post("/", _answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        async with open_session(policy, timeout_s=2, resolver=_Rebinding("127.0.0.1")) as session:
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.post(f"http://hooks.example.com:{port}/")
            async with session.post(f"http://receiver.shop.svc:{port}/") as answer:
                assert answer.status == 200
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.post(f"http://hooks.example.com:{port}/")
    finally:
        await runner.cleanup()


async def _answer(_: web.Request) -> web.Response:
    return web.Response(text="direct")


async def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    app = web.Application()
    app.router.add_post("/", _answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    try:
        async with (
            open_session(AddressPolicy(allow_loopback=True)) as session,
            session.post(f"http://127.0.0.1:{port}/", allow_redirects=False) as response,
        ):
            assert await response.text() == "direct"
    finally:
        await runner.cleanup()
