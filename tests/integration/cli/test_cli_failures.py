"""What `florin` says and how it exits when it is called wrongly or what it speaks to is not well."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from tests.support.florin_command import Florin

from florin.version import VERSION

TOKEN = "a-token-that-nobody-may-see"
Serve = Callable[[bytes], AbstractAsyncContextManager[tuple[str, list[bytes]]]]


@pytest.fixture
def florin(tmp_path: Path) -> Florin:
    """An operator for whom nothing runs."""
    addresses = {f"{service}_url": "http://127.0.0.1:1" for service in ("payments", "merchants", "notifications")}
    return Florin(tmp_path, admin_token=TOKEN, **addresses)


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers every request with these bytes and hangs up; its address, and what it was sent."""
    sent: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", sent


@pytest.mark.parametrize(
    "arguments",
    [
        ("merchants", "list"),
        ("payments", "timeline", "pay_test_1"),
        ("deliveries", "replay", "dlv_test_1"),
        ("ledger", "check"),
    ],
)
async def test_service_that_is_away_is_named_with_its_address(florin: Florin, arguments: tuple[str, ...]) -> None:
    ended = await florin(*arguments)
    assert ended.status == 3
    assert "cannot be reached at http://127.0.0.1:1: connection refused." in ended.err
    assert "_URL its address? florin status asks every service." in ended.err
    assert "may have been done" not in ended.err  # nothing was sent
    machine = await florin(*arguments, "--json")
    assert (machine.status, machine.out) == (3, "")
    assert msgspec.json.decode(machine.err)["code"] == "unreachable"


async def test_lost_answer_to_a_change_is_said_to_be_uncertain(florin: Florin) -> None:
    async with answering(b"") as (url, sent):
        lost = await florin("merchants", "enable", "shop", environ={"FLORIN_MERCHANTS_URL": url})
        read = await florin("merchants", "show", "shop", environ={"FLORIN_MERCHANTS_URL": url})
    assert (lost.status, "may have been done all the same" in lost.err) == (3, True)
    assert (read.status, "may have been done" in read.err) == (3, False)
    assert len(sent) == 2  # nothing is sent twice


async def test_token_follows_no_redirect_and_no_proxy(florin: Florin) -> None:
    async with (
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as (other, elsewhere),
        answering(b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % other.encode()) as (url, sent),
    ):
        proxies = {"http_proxy": other, "HTTP_PROXY": other, "all_proxy": other}
        ended = await florin("merchants", "show", "shop", environ={"FLORIN_MERCHANTS_URL": url, **proxies})
    assert (ended.status, len(sent), elsewhere) == (5, 1, [])
    assert f"What answers at {url} is not the service merchants: status 302" in ended.err


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 11\r\n\r\nbad gateway",
        b'HTTP/1.1 500 Error\r\nContent-Length: 15\r\n\r\n{"error":"boo"}',
    ],
)
async def test_answer_of_no_service_of_ours_is_status_5(florin: Florin, answer: bytes) -> None:
    async with answering(answer) as (url, _):
        ended = await florin("merchants", "list", environ={"FLORIN_MERCHANTS_URL": url})
    assert (ended.status, "is not the service merchants" in ended.err) == (5, True)


async def test_answer_that_is_not_understood_is_no_finding(florin: Florin) -> None:
    """Status 1 means that a command found something: scripts act upon it."""
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as (url, _):
        ended = await florin("ledger", "check", environ={"FLORIN_PAYMENTS_URL": url}, faulty=True)
    assert (ended.status, "KeyError: 'faults'" in ended.err) == (5, True)


async def test_what_speaks_no_http_is_unreachable(florin: Florin) -> None:
    async with answering(b"220 mail.example ESMTP\r\n") as (url, _):
        ended = await florin("merchants", "list", environ={"FLORIN_MERCHANTS_URL": url})
    assert (ended.status, "does not speak HTTP" in ended.err) == (3, True)


async def test_failure_of_a_service_is_status_5_and_its_words_do_nothing_to_the_terminal(florin: Florin) -> None:
    problem = msgspec.json.encode({"code": "internal_error", "detail": "Broken \x1b[2J[red]", "retryable": True})
    async with answering(b"HTTP/1.1 500 Error\r\nContent-Length: %d\r\n\r\n%b" % (len(problem), problem)) as (url, _):
        ended = await florin("merchants", "list", environ={"FLORIN_MERCHANTS_URL": url})
    assert ended.status == 5
    assert ended.err.splitlines() == [
        "Error: Broken \\x1b[2J[red]",
        "       code internal_error · merchants answered 500",
        "       This may be tried again.",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("payments", "show"), "Missing argument 'PAYMENT'"),
        (("payments", "show", "../ledger/check"), "is no id"),
        (("payments", "list", "--limit", "0"), "'--limit'"),
        (("payments", "list"), "Which merchant?"),
        (("keys", "create", "-m", "shop", "--scope", "everything"), "payments:read"),
        (("keys", "rotate", "key_1", "-m", "shop", "--overlap", "soon"), "is no duration"),
        (("deliveries", "list", "--since", "2026-01-31"), "is no time"),
        (("merchants", "config", "put", "shop", "-f", "nowhere.json"), "nowhere.json cannot be read"),
        (("merchants", "config", "put", "shop", "-f", "-"), "Standard input is not valid JSON"),
        (("nonsense",), "No such command"),
    ],
)
async def test_wrong_call_is_status_2_and_sends_nothing(florin: Florin, arguments: tuple[str, ...], said: str) -> None:
    ended = await florin(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert said in ended.err
    machine = await florin("--json", *arguments)
    assert machine.status == 2
    assert said in msgspec.json.decode(machine.err)["detail"]


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"FLORIN_ADMIN_TOKEN": ""}, "There is no admin token."),
        ({"FLORIN_ADMIN_TOKEN": f"{TOKEN}\nX: y"}, "FLORIN_ADMIN_TOKEN is not valid"),
        ({"FLORIN_MERCHANTS_URL": "merchants:8081"}, "FLORIN_MERCHANTS_URL is not valid"),
        ({"FLORIN_MERCHANTS_URL": "http://user:pw@merchants"}, "FLORIN_MERCHANTS_URL is not valid"),
        ({"FLORIN_TIMES": "mine"}, "FLORIN_TIMES is not valid"),
        ({"FLORIN_CONFIG": "nowhere.toml"}, "nowhere.toml cannot be read"),
    ],
)
async def test_wrong_settings_are_named(florin: Florin, environ: dict[str, str], said: str) -> None:
    ended = await florin("merchants", "list", environ=environ)
    assert (ended.status, said in ended.err) == (2, True), ended


async def test_configuration_file_is_read_under_the_environment(florin: Florin) -> None:
    del florin.settings["FLORIN_MERCHANTS_URL"], florin.settings["FLORIN_ADMIN_TOKEN"]
    file = florin.home / ".config" / "florin" / "config.toml"
    file.parent.mkdir(parents=True)
    problem = b'{"code": "not_found", "detail": "No merchant has this id."}'
    async with answering(b"HTTP/1.1 404 No\r\nContent-Length: %d\r\n\r\n%b" % (len(problem), problem)) as (url, sent):
        file.write_text(f'merchants_url = "{url}"\nadmin_token = "of-the-file"\n')
        file.chmod(0o640)
        readable = await florin("merchants", "enable", "shop")
        assert (readable.status, "chmod 600" in readable.err, sent) == (2, True, [])
        file.chmod(0o600)
        await florin("secrets", "list", "-m", "shop", environ={"FLORIN_MERCHANTS_URL": "http://127.0.0.1:1"})
        assert sent == []
        await florin("merchants", "show", "shop")
        assert b"Authorization: Bearer of-the-file\r\n" in sent[0]
    file.write_text("colour = 1\n")
    unknown = await florin("merchants", "show", "shop")
    assert (unknown.status, "'colour', which is no setting" in unknown.err) == (2, True)
    file.write_text("what?")
    assert "not valid TOML" in (await florin("merchants", "show", "shop")).err


async def test_token_is_never_printed(florin: Florin) -> None:
    for arguments in (("status",), ("status", "--json"), ("merchants", "list"), ("--help",), ("keys", "--help")):
        ended = await florin(*arguments)
        assert TOKEN not in ended.out + ended.err


async def test_help_needs_no_settings_and_names_the_exit_statuses(tmp_path: Path) -> None:
    ended = await Florin(tmp_path, merchants_url="nonsense")("--help")
    assert "Exit status: 0 done, 1 done and something found" in ended.ok()


async def test_the_version_needs_no_settings(tmp_path: Path) -> None:
    ended = await Florin(tmp_path, merchants_url="nonsense")("--version")
    assert ended.ok() == f"florin {VERSION}\n"
