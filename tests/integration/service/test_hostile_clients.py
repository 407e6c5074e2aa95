"""Clients that are slow, huge, malformed or too many, on a real server and real sockets."""

import asyncio
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.support.echo_service import Gate, build_app
from tests.support.serving import served

from devtools.ports import any_free_port
from florin.service import ServiceSettings
from florin.settings import Secret

BODY = b'{"text":"hello"}'
JSON_HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def settings_with(**changes: Any) -> ServiceSettings:
    defaults: dict[str, Any] = {
        "port": any_free_port(),
        "environment": "development",
        "database_url": Secret(""),
        "redis_url": Secret(""),
        "admin_token": Secret(""),
        "internal_token": Secret(""),
        "drain_s": 0.0,
        "max_body_bytes": 10_000,
        "stop_timeout_s": 2,
    }
    return ServiceSettings(**(defaults | changes))


class Peer:
    """A client that writes exactly the bytes it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def send_for_ever(self, data: bytes) -> None:
        while True:
            await self.send(data)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer: status, headers, body."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await asyncio.wait_for(self.reader.readexactly(int(headers["content-length"])), 5)
        return int(first.split()[1]), headers, body

    async def until_something_came(self) -> None:
        """Wait for the first byte of an answer without taking it from the socket."""
        self.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.to_thread(select.select, [self.writer.get_extra_info("socket")], [], [], 5)
        self.writer.transport.resume_reading()  # type: ignore[attr-defined]

    async def is_closed(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(1), 5) == b""
        except ConnectionResetError:
            return True


@asynccontextmanager
async def peer_of(settings: ServiceSettings) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection(settings.host, settings.port)
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def echo_peer(**changes: Any) -> AsyncIterator[Peer]:
    settings = settings_with(**changes)
    async with served(build_app(settings), settings), peer_of(settings) as peer:
        yield peer


def code_of(body: bytes) -> str:
    return str(msgspec.json.decode(body)["code"])


async def test_who_says_nothing_is_shown_out() -> None:
    async with echo_peer(head_timeout_s=0.3) as peer:
        assert await peer.is_closed()


async def test_who_trickles_a_head_is_shown_out() -> None:
    async with echo_peer(head_timeout_s=0.3) as peer:

        async def trickle() -> None:
            for byte in JSON_HEAD * 10:
                await peer.send(bytes([byte]))
                await asyncio.sleep(0.02)

        trickling = asyncio.create_task(trickle())
        assert await peer.is_closed()
        trickling.cancel()
        await asyncio.gather(trickling, return_exceptions=True)


async def test_a_head_has_a_size() -> None:
    async with echo_peer() as peer:
        await peer.send(b"GET /held HTTP/1.1\r\n")
        await asyncio.sleep(0.01)
        await peer.send(b"X-Long: " + b"a" * 40_000)
        status, _, body = await peer.answer()
        assert (status, code_of(body)) == (431, "head_too_large")
        assert await peer.is_closed()


async def test_who_trickles_a_body_gets_408() -> None:
    async with echo_peer(body_timeout_s=0.3) as peer:
        await peer.send(JSON_HEAD + b"Content-Length: 16\r\n\r\n" + BODY[:3])
        await asyncio.sleep(0.2)
        await peer.send(BODY[3:5])
        status, headers, body = await peer.answer()
        assert (status, code_of(body)) == (408, "body_timeout")
        assert headers["content-type"] == "application/problem+json"
        assert await peer.is_closed()


async def test_a_body_that_comes_in_pieces_but_in_time_is_taken() -> None:
    async with echo_peer(body_timeout_s=1) as peer:
        for _ in range(2):  # the second one shows that no timer of the first is left behind
            await peer.send(JSON_HEAD + b"Content-Length: 16\r\n\r\n" + BODY[:3])
            await asyncio.sleep(0.05)
            await peer.send(BODY[3:])
            status, _, body = await peer.answer()
            assert (status, body) == (201, b'{"text":"hello","amount_minor":0}')
        await asyncio.sleep(1.1)
        await peer.send(JSON_HEAD + b"Content-Length: 16\r\n\r\n" + BODY)
        assert (await peer.answer())[0] == 201


async def test_a_request_may_take_longer_than_its_body() -> None:
    settings = settings_with(body_timeout_s=0.5, head_timeout_s=0.5)
    gate = Gate()
    async with served(build_app(settings, gate), settings), peer_of(settings) as peer:
        await peer.send(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
        await gate.arrived.wait()
        await asyncio.sleep(0.7)
        gate.opened.set()
        assert (await peer.answer())[0] == 200


async def test_a_body_that_says_it_is_huge_is_refused_unread() -> None:
    async with echo_peer() as peer:
        await peer.send(JSON_HEAD + b"Content-Length: 10000000\r\n\r\n")
        status, _, body = await peer.answer()
        assert (status, code_of(body)) == (413, "body_too_large")


async def test_a_body_that_does_not_say_it_is_huge_is_refused_when_it_is() -> None:
    async with echo_peer(body_timeout_s=1) as peer:
        await peer.send(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            await peer.send(b"1000\r\n" + b" " * 0x1000 + b"\r\n")  # never ends it
        status, _, body = await peer.answer()
        assert (status, code_of(body)) == (413, "body_too_large")
        assert await peer.is_closed()  # nobody waits for its end for ever


async def test_after_a_refused_body_the_connection_goes_on() -> None:
    async with echo_peer() as peer:
        await peer.send(JSON_HEAD + b"Content-Length: 20000\r\n\r\n")
        assert (await peer.answer())[0] == 413
        await peer.send(b"x" * 20_000 + JSON_HEAD + b"Content-Length: 16\r\n\r\n" + BODY)
        assert (await peer.answer())[0] == 201


async def test_who_asks_before_sending_a_huge_body_is_told_and_shown_out() -> None:
    async with echo_peer() as peer:
        await peer.send(JSON_HEAD + b"Expect: 100-continue\r\nContent-Length: 20000\r\n\r\n")
        assert (await peer.answer())[0] == 413
        assert await peer.is_closed()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param(b"POST /echo HTTP/1.1\r\nBad Name: x\r\n", 400, id="no HTTP"),
        pytest.param(JSON_HEAD + b"Connection: close\r\nContent-Length: 20000\r\n\r\n", 413, id="too large"),
    ],
)
async def test_who_still_sends_when_it_is_refused_can_read_why(head: bytes, status: int) -> None:
    async with echo_peer() as peer:
        await peer.send(head)
        await peer.until_something_came()
        for _ in range(2):  # closed at once, the connection would be reset by these, and the answer be gone
            await peer.send(b"x" * 1_000)
            await asyncio.sleep(0)
        assert (await peer.answer())[0] == status
        assert await peer.reader.read() == b""


async def test_who_never_stops_sending_is_cut_off() -> None:
    async with echo_peer(body_timeout_s=0.3) as peer:
        await peer.send(b"Bad Name: x\r\n\r\n")
        with pytest.raises(ConnectionError):
            await peer.send_for_ever(b"x" * 100_000)


async def test_what_is_no_http_gets_a_problem() -> None:
    async with echo_peer() as peer:
        await peer.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n")
        status, headers, body = await peer.answer()
        assert (status, code_of(body)) == (400, "malformed_request")
        assert headers["content-type"] == "application/problem+json"


async def test_a_refusal_never_passes_for_the_answer_to_an_earlier_request() -> None:
    settings = settings_with(body_timeout_s=0.5, head_timeout_s=0.5)
    gate = Gate()
    async with served(build_app(settings, gate), settings), peer_of(settings) as peer:
        await peer.send(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n" + JSON_HEAD + b"Content-Length: 16\r\n\r\n{")
        await gate.arrived.wait()
        assert await peer.is_closed()  # the held request gets no answer, rather than the 408 of the second
        gate.opened.set()


async def test_half_a_pipelined_head_does_not_cut_the_answer_before_it() -> None:
    settings = settings_with(head_timeout_s=0.5)
    gate = Gate()
    async with served(build_app(settings, gate), settings), peer_of(settings) as peer:
        await peer.send(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\nPOST /ec")
        await gate.arrived.wait()
        await asyncio.sleep(0.7)
        gate.opened.set()
        assert (await peer.answer())[0] == 200
        assert await peer.is_closed()


async def test_a_broken_chunk_gets_a_problem() -> None:
    async with echo_peer() as peer:
        await peer.send(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
        status, headers, body = await peer.answer()
        assert (status, code_of(body)) == (400, "malformed_request")
        assert headers["florin-request-id"].startswith("req_")


async def test_more_requests_than_it_takes_are_refused_at_once_and_health_is_not() -> None:
    settings = settings_with(max_concurrent_requests=2)
    gate = Gate()
    async with (
        served(build_app(settings, gate), settings) as url,
        aiohttp.ClientSession(url) as client,
    ):
        held = [asyncio.create_task(client.get("/held")) for _ in range(2)]
        while gate.waiting < 2:
            gate.arrived.clear()
            await gate.arrived.wait()
        async with client.get("/echo/x") as refused:
            assert refused.status == 503
            assert refused.headers["Retry-After"] == "1"
            assert (await refused.json(content_type=None))["code"] == "overloaded"
        for path in ("/health/live", "/health/ready", "/metrics"):
            async with client.get(path) as answer:
                assert answer.status == 200
        gate.opened.set()
        assert [answer.status for answer in await asyncio.gather(*held)] == [200, 200]
        async with client.get("/echo/x") as answer:
            assert answer.status == 200
        for answer in await asyncio.gather(*held):
            answer.release()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"text":"\xff"}', "malformed_body"),
        (b"{", "malformed_body"),
        (b'{"text":1}', "invalid_request"),
        (b'{"text":"a","extra":1}', "invalid_request"),
        (b'{"text":"a","amount_minor":"1"}', "invalid_request"),
        (b"", "invalid_request"),
    ],
)
async def test_a_body_that_is_wrong_gets_400(body: bytes, code: str) -> None:
    async with echo_peer() as peer:
        await peer.send(JSON_HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        status, _, answer = await peer.answer()
        assert (status, code_of(answer)) == (400, code)


async def test_a_form_is_no_json() -> None:
    async with echo_peer() as peer:
        form = JSON_HEAD.replace(b"application/json", b"application/x-www-form-urlencoded")
        await peer.send(form + b"Content-Length: 6\r\n\r\ntext=a")
        status, _, body = await peer.answer()
        assert (status, code_of(body)) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "target",
    [
        b"/echo/%ff%fe",
        b"/echo/x?again=%ff%fe",
        b"/echo/%0d%0aSet-Cookie:%20a=b",
        b"/echo/%00",
        b"/echo/..%2f..%2fetc%2fpasswd",
        b"/echo/x?again=' OR 1=1 --".replace(b" ", b"%20"),
        b"/%ff",
        b"/errors/%3Cscript%3E",
        b"/docs/..%2f..%2fsettings.py",
    ],
)
async def test_no_path_or_query_breaks_it(target: bytes) -> None:
    async with echo_peer() as peer:
        await peer.send(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, _ = await peer.answer()
        assert status in (200, 400, 404)
        assert "set-cookie" not in headers


@pytest.mark.parametrize(
    "value",
    [b"a b", b"a%0d%0aSet-Cookie: a=b", b"a\tb", b"x" * 65, b"4242424242424242", b"caf\xe9", b"sk_live_abcdef", b""],
)
async def test_a_request_id_that_is_not_sane_is_replaced(value: bytes) -> None:
    async with echo_peer() as peer:
        await peer.send(b"GET /echo/x HTTP/1.1\r\nHost: x\r\nX-Request-Id: " + value + b"\r\n\r\n")
        status, headers, _ = await peer.answer()
        assert status == 200
        assert headers["florin-request-id"].startswith("req_")
        assert "set-cookie" not in headers


async def test_a_header_with_a_line_break_splits_nothing() -> None:
    async with echo_peer() as peer:
        await peer.send(b"GET /echo/x HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\r\n Set-Cookie: b=c\r\n\r\n")
        _, headers, _ = await peer.answer()
        assert "set-cookie" not in headers
