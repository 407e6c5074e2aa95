"""The connector against the real simulator: every answer and every silence becomes the right outcome."""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from tests.support.simulator import CALLBACK_SECRET, TERMINAL_KEY, SimulatorClient, SimulatorProcess

from devtools.ports import any_free_port
from florin.contracts.connector import ConnectorSpec, Timeouts
from florin.secrets import LeasedSecret
from florin.settings import Secret
from payments.domain.outcome import Approved, Declined, NotFound, NotSent, Outcome, Pending, Unknown
from payments.gateways.port import (
    AuthorizeRequest,
    CallbackRejected,
    CaptureRequest,
    Connector,
    MerchantAccount,
    RefundRequest,
    VoidRequest,
)
from payments.gateways.simulator import SimulatorConnector
from simulator.operations.deliver import sign


def secret(key: str = TERMINAL_KEY, callback_secret: str = CALLBACK_SECRET) -> Secret:
    return Secret(json.dumps({"terminal_key": key, "callback_secret": callback_secret}))


def connect(url: str, *, key: str = TERMINAL_KEY, total_s: float = 0.6) -> SimulatorConnector:
    spec = ConnectorSpec(
        name="acquirer",
        adapter="simulator",
        base_url=url,
        timeouts=Timeouts(connect_seconds=0.3, total_seconds=total_s),
    )
    return SimulatorConnector(spec, LeasedSecret(version=1, current=secret(key)))


@pytest.fixture(scope="module")
def process() -> Iterator[SimulatorProcess]:
    with tempfile.TemporaryDirectory(prefix="florin-connector-") as folder:
        started = SimulatorProcess(Path(folder))
        started.start()
        yield started
        started.kill()


@pytest.fixture
async def simulator(process: SimulatorProcess) -> AsyncIterator[SimulatorClient]:
    async with aiohttp.ClientSession() as session:
        client = SimulatorClient(session, process.url)
        await client.control("POST", "/reset", {})
        yield client


@pytest.fixture
async def connector(process: SimulatorProcess, simulator: SimulatorClient) -> AsyncIterator[Connector]:
    made = connect(process.url)
    yield made
    await made.close()


def authorization(reference: str = "R1", token: str = "tok_visa", **fields) -> AuthorizeRequest:
    given = {"amount_minor": 1000, "currency": "EUR", "capture": False, **fields}
    return AuthorizeRequest(reference=reference, token=token, **given)


async def approved(connector: Connector, *args, **fields) -> Approved:
    outcome = await connector.perform(authorization(*args, **fields))
    assert isinstance(outcome, Approved)
    return outcome


async def test_payment_from_authorisation_to_refund(connector, simulator) -> None:
    account = MerchantAccount(mid="M1", mcc="5812", descriptor="Shop")
    held = await approved(connector, merchant_account=account, network_transaction_id="123")
    assert (held.amount_minor, held.currency, held.fee_minor) == (1000, "EUR", 0)
    assert held.expires_at is not None
    assert held.business_date is not None
    assert held.network.auth_code
    assert held.network.rrn
    taken = await connector.perform(CaptureRequest("R2", held.acquirer_id, 600, "EUR"))
    assert isinstance(taken, Approved)
    assert len(taken.network.arn) == 23
    given_back = await connector.perform(RefundRequest("R3", held.acquirer_id, taken.acquirer_id, 200, "EUR"))
    assert isinstance(given_back, Approved)
    (booked,) = await simulator.booked("R1")
    assert booked["mid"] == "M1"
    assert await connector.find("R1") == held
    assert await connector.find("R3") == given_back


async def test_sale_is_refunded_by_its_own_id(connector) -> None:
    sold = await approved(connector, capture=True)
    assert sold.fee_minor > 0
    refund = RefundRequest("R2", sold.acquirer_id, sold.acquirer_id, 1000, "EUR")
    assert isinstance(await connector.perform(refund), Approved)


async def test_void(connector) -> None:
    held = await approved(connector)
    outcome = await connector.perform(VoidRequest("R2", held.acquirer_id, 1000, "EUR"))
    assert isinstance(outcome, Approved)
    late = await connector.perform(CaptureRequest("R3", held.acquirer_id, 1, "EUR"))
    assert isinstance(late, Declined)
    assert (late.decline.reason, late.decline.raw_code) == ("invalid_request", "authorization_closed")


@pytest.mark.parametrize(
    ("token", "reason", "action"),
    [
        ("tok_declined", "do_not_honor", "retry_later"),
        ("tok_declined_insufficient_funds", "insufficient_funds", "retry_later"),
        ("tok_declined_lost", "lost_card", "never_retry"),
        ("tok_declined_expired", "expired_card", "fix_data"),
        ("tok_declined_cvc", "incorrect_cvc", "fix_data"),
        ("tok_declined_processing_error", "processing_error", "retry_later"),
        ("tok_declined_issuer_unavailable", "issuer_unavailable", "retry_later"),
        ("tok_mastercard_declined_never", "do_not_honor", "never_retry"),
        ("tok_3ds_always", "authentication_required", "authenticate"),
        ("tok_3ds_mastercard", "authentication_required", "authenticate"),
    ],
)
async def test_declines_are_normalised(connector, token, reason, action) -> None:
    outcome = await connector.perform(authorization(token=token))
    assert isinstance(outcome, Declined)
    assert (outcome.decline.reason, outcome.decline.action) == (reason, action)
    assert outcome.decline.raw_code
    assert outcome.acquirer_id
    assert await connector.find("R1") == outcome


async def test_partial_approval(connector) -> None:
    assert (await approved(connector, token="tok_partial_approval")).amount_minor == 500


@pytest.mark.parametrize("fault", ["timeout_before", "cut_before", "500_before"])
async def test_silence_before_booking_is_unknown_and_then_not_found(connector, fault) -> None:
    assert isinstance(await connector.perform(authorization(token=f"tok_fault_{fault}")), Unknown)
    assert await connector.find("R1") == NotFound()


@pytest.mark.parametrize("fault", ["timeout_after", "cut_after", "500_after"])
async def test_lost_answer_is_unknown_and_then_found(connector, simulator, fault) -> None:
    request = authorization(token=f"tok_fault_{fault}", capture=True)
    assert isinstance(await connector.perform(request), Unknown)
    found = await connector.find("R1")
    assert isinstance(found, Approved)
    assert await connector.perform(request) == found  # it deduplicates by our reference
    assert len(await simulator.booked("R1")) == 1


async def test_throttled_is_not_sent(connector, simulator) -> None:
    outcome = await connector.perform(authorization(token="tok_fault_throttled"))
    assert isinstance(outcome, NotSent)
    assert outcome.retry_after_s == 1
    assert await simulator.booked("R1") == []


async def test_nobody_listens_is_not_sent() -> None:
    connector = connect(f"http://127.0.0.1:{any_free_port()}")
    assert isinstance(await connector.perform(authorization()), NotSent)
    assert isinstance(await connector.find("R1"), Unknown)
    await connector.close()


async def test_wrong_key_is_not_sent(process, simulator) -> None:
    connector = connect(process.url, key="nobody's key")
    assert isinstance(await connector.perform(authorization()), NotSent)
    assert isinstance(await connector.find("R1"), Unknown)
    await connector.close()


async def test_wrong_address_never_says_not_found(process, simulator) -> None:
    connector = connect(f"{process.url}/elsewhere")
    assert isinstance(await connector.find("R1"), Unknown)
    await connector.close()


async def test_reused_reference_is_unknown(connector) -> None:
    await approved(connector)
    assert isinstance(await connector.perform(authorization(amount_minor=1)), Unknown)


async def test_refused_request_is_declined(connector) -> None:
    outcome = await connector.perform(CaptureRequest("R2", "aut_nobody", 1, "EUR"))
    assert isinstance(outcome, Declined)
    assert outcome.decline.action == "fix_data"


async def test_lookup_during_an_outage_is_unknown(connector, simulator) -> None:
    await approved(connector)
    await simulator.control("POST", "/faults", {"fault": {"effect": "outage"}, "operation": "lookup", "count": 1})
    assert isinstance(await connector.find("R1"), Unknown)
    assert isinstance(await connector.find("R1"), Approved)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{}{}{",
        b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{",
        b'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"status":"perhaps"}',
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + b"x" * 100_000,
    ],
)
async def test_answers_that_cannot_be_read_are_unknown(answer) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connector = connect(f"http://127.0.0.1:{port}")
    outcomes: list[Outcome] = [await connector.perform(authorization()), await connector.find("R1")]
    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown]
    await connector.close()
    server.close()
    await server.wait_closed()


async def callbacks_of(simulator: SimulatorClient, count: int) -> list[dict]:
    async with asyncio.timeout(10):
        while len(received := (await simulator.control("GET", "/callbacks")).json()) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return received


def signed(body: bytes, *, at: float | None = None, callback_secret: str = CALLBACK_SECRET) -> dict[str, str]:
    return {"simulator-signature": sign(callback_secret, body, time.time() if at is None else at)}


async def test_callbacks_are_read(connector, simulator) -> None:
    await connector.perform(authorization(token="tok_fault_callback_reordered"))
    bodies = [each["body"].encode() for each in await callbacks_of(simulator, 2)]
    read = [connector.parse_callback(signed(body), body) for body in bodies]
    assert {each.reference for each in read} == {"R1"}
    assert len({each.callback_id for each in read}) == 2
    done = next(each.outcome for each in read if isinstance(each.outcome, Approved))
    assert done == await connector.find("R1")
    assert any(isinstance(each.outcome, Pending) for each in read)


async def test_callback_of_a_dispute(connector, simulator) -> None:
    await approved(connector, capture=True)
    await simulator.control("POST", "/disputes", {"authorization": "R1", "reason_code": "13.1"})
    (callback,) = await callbacks_of(simulator, 1)
    body = callback["body"].encode()
    read = connector.parse_callback(signed(body), body)
    assert read.reference == "R1"
    assert read.outcome is None
    assert read.dispute is not None
    assert (read.dispute.state, read.dispute.amount_minor, read.dispute.reason_code) == ("opened", 1000, "13.1")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"simulator-signature": ""},
        {"simulator-signature": "t=,v1="},
        {"simulator-signature": "t=١,v1=aa"},
        {"simulator-signature": "t=99999999999999999999,v1=aa"},
        {"simulator-signature": "nonsense"},
        signed(b"{}", at=0),
        signed(b"{}", at=4e9),
        signed(b"{}", callback_secret="another"),
        signed(b"{ }"),
    ],
)
async def test_callbacks_that_are_not_believed(connector, headers) -> None:
    with pytest.raises(CallbackRejected):
        connector.parse_callback(headers, b"{}")


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"id":"c","type":"operation.succeeded","data":{"id":"a","reference":"R1","status":"perhaps"}}',
        b'{"id":"c","type":"dispute.opened","data":{}}',
    ],
)
async def test_callbacks_that_cannot_be_read(connector, body) -> None:
    with pytest.raises(CallbackRejected):
        connector.parse_callback(signed(body), body)


async def test_earlier_callback_secret_is_still_good(process) -> None:
    spec = ConnectorSpec(name="acquirer", adapter="simulator", base_url=process.url)
    lease = LeasedSecret(version=2, current=secret(callback_secret="newer"), previous=(secret(),))
    connector = SimulatorConnector(spec, lease)
    body = b'{"id":"c","type":"operation.processing","data":{"id":"aut_1","reference":"R1"}}'
    assert connector.parse_callback(signed(body), body).outcome == Pending("aut_1")
    with pytest.raises(CallbackRejected):
        connector.parse_callback(signed(body, callback_secret="never"), body)
