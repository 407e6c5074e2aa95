"""The connector to the simulator, and the example for connectors to come.

Credentials are the JSON object ``{"terminal_key": ..., "callback_secret": ...}`` of the connector's secret.

| what happens | outcome |
|---|---|
| no connection within its time-out | NotSent |
| 429, 401, 403 | NotSent: refused before it was looked at |
| 200 | Approved or Declined, as it says |
| 409 `reference_reused` | Unknown: the acquirer has something else under our reference |
| any other 4xx but 408 | Declined: refused for what it asks; nothing was moved |
| 408, 5xx, a lost or unreadable answer | Unknown |
"""

import contextlib
import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct

from florin.contracts.connector import ConnectorSpec
from florin.secrets import LeasedSecret
from payments.domain.declines import normalize, refused_request
from payments.domain.outcome import (
    Approved,
    Declined,
    NetworkData,
    NotFound,
    NotSent,
    Outcome,
    Pending,
    Unknown,
)
from payments.gateways.port import (
    AuthorizeRequest,
    Callback,
    CallbackRejected,
    CaptureRequest,
    DisputeNotice,
    MerchantAccount,
    RefundRequest,
    Request,
    VoidRequest,
)

SIGNATURE_TOLERANCE_S = 300
_ANSWER_BYTES_MAX = 65_536
_CONNECTIONS = 256
_DEFAULT_MCC = "5999"


class SimulatorCredentials(Struct, frozen=True, forbid_unknown_fields=True):
    """What the connector's secret holds."""

    terminal_key: str
    callback_secret: str


class _Answer(Struct, frozen=True):
    """An operation as the acquirer tells it; what it adds later is passed over."""

    id: str
    status: str
    amount_minor: int
    currency: str
    network_code: str
    message: str = ""
    advice_code: str | None = None
    auth_code: str | None = None
    rrn: str | None = None
    arn: str | None = None
    network_transaction_id: str | None = None
    avs_result: str | None = None
    cvc_result: str | None = None
    fee_minor: int = 0
    scheme: str = ""
    business_date: date | None = None
    expires_at: datetime | None = None


class _Problem(Struct, frozen=True):
    code: str = ""
    detail: str = ""


class _Reference(Struct, frozen=True):
    id: str
    reference: str


class _Dispute(Struct, frozen=True):
    id: str
    reference: str
    amount_minor: int
    currency: str
    reason_code: str
    state: str


class _CallbackBody(Struct, frozen=True):
    id: str
    type: str
    data: msgspec.Raw


_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_problem = msgspec.json.Decoder(_Problem).decode


class SimulatorConnector:
    """One terminal at the simulator."""

    captures_with_authorization = True

    def __init__(self, spec: ConnectorSpec, secret: LeasedSecret) -> None:
        current = _credentials(secret.current.reveal())
        self.deduplicates_by_reference = spec.not_found_final_after_seconds is None
        self.not_found_final_after_s = spec.not_found_final_after_seconds or 0.0
        self._base_url = spec.base_url.rstrip("/") + "/acquirer/v1"
        self._headers = {"Authorization": f"Bearer {current.terminal_key}", "Content-Type": "application/json"}
        self._callback_secrets = [current.callback_secret, *_earlier_callback_secrets(secret)]
        self._merchant_account = spec.merchant_account or ""
        self._timeout = aiohttp.ClientTimeout(total=spec.timeouts.total_seconds, connect=spec.timeouts.connect_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def perform(self, request: Request) -> Outcome:
        """Send one operation, once."""
        path, body = self._message(request)
        try:
            status, headers, answer = await self._call("POST", path, msgspec.json.encode(body))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            return NotSent(f"no connection: {type(error).__name__}")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Unknown(f"no answer: {type(error).__name__}")
        return _outcome_of(status, headers, answer)

    async def find(self, reference: str) -> Outcome:
        """What became of an operation, by our reference."""
        try:
            status, _, answer = await self._call("GET", f"operations/{reference}", None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Unknown(f"no answer: {type(error).__name__}")
        if status == 200:
            return _decided(answer)
        if status == 404 and _problem_of(answer).code == "operation_not_found":
            return NotFound()
        return Unknown(f"the lookup was answered with {status}")

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:
        """Verify and read a callback. Raises CallbackRejected."""
        self._verify(headers.get("simulator-signature", ""), body)
        try:
            callback = msgspec.json.decode(body, type=_CallbackBody)
            if callback.type.startswith("dispute."):
                return _dispute_callback(callback)
            about = msgspec.json.decode(callback.data, type=_Reference)
            if callback.type == "operation.processing":
                return Callback(callback.id, about.reference, outcome=Pending(about.id))
            outcome = _decided(bytes(callback.data))
        except (ValueError, RecursionError) as error:
            raise CallbackRejected(f"The callback cannot be read: {error}.") from None
        if isinstance(outcome, Unknown):
            raise CallbackRejected(f"The callback cannot be read: {outcome.reason}.")
        return Callback(callback.id, about.reference, outcome=outcome)

    async def close(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _call(self, method: str, path: str, body: bytes | None) -> tuple[int, Mapping[str, str], bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                headers=self._headers,
            )
        url = f"{self._base_url}/{path}"
        async with self._session.request(method, url, data=body, allow_redirects=False) as reply:
            answer = await reply.content.read(_ANSWER_BYTES_MAX)
            while not reply.content.at_eof():
                if len(answer) >= _ANSWER_BYTES_MAX:
                    raise ValueError("The answer is too long.")
                answer += await reply.content.read(_ANSWER_BYTES_MAX)
            return reply.status, reply.headers, answer

    def _message(self, request: Request) -> tuple[str, dict[str, Any]]:
        match request:
            case AuthorizeRequest():
                return "authorizations", self._authorization(request)
            case CaptureRequest():
                return "captures", {
                    "reference": request.reference,
                    "authorization": request.authorization_id,
                    "amount_minor": request.amount_minor,
                    "final": request.final,
                }
            case VoidRequest():
                return "voids", {"reference": request.reference, "authorization": request.authorization_id}
            case RefundRequest():
                target = {"capture": request.capture_id} if request.capture_id else {}
                return "refunds", {
                    "reference": request.reference,
                    "authorization": request.authorization_id,
                    "amount_minor": request.amount_minor,
                    **target,
                }

    def _authorization(self, request: AuthorizeRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "reference": request.reference,
            "amount_minor": request.amount_minor,
            "currency": request.currency,
            "card": request.token,
            "capture": request.capture,
            "initiator": request.initiator,
        }
        account: MerchantAccount = request.merchant_account
        if mid := account.mid or self._merchant_account:
            mcc = account.mcc or _DEFAULT_MCC
            body["merchant_account"] = {"mid": mid, "mcc": mcc, "descriptor": account.descriptor}
        if request.network_transaction_id:
            body["network_transaction_id"] = request.network_transaction_id
        return body

    def _verify(self, signature: str, body: bytes) -> None:
        parts = dict(part.partition("=")[::2] for part in signature.split(","))
        timestamp, given = parts.get("t", ""), parts.get("v1", "")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 and given.isascii()):
            raise CallbackRejected("The callback has no readable signature.")
        if abs(time.time() - int(timestamp)) > SIGNATURE_TOLERANCE_S:
            raise CallbackRejected("The callback's signature is too old, or from the future.")
        signed = timestamp.encode() + b"." + body
        for secret in self._callback_secrets:
            expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
            if hmac.compare_digest(expected, given):
                return
        raise CallbackRejected("The callback's signature is wrong.")


def _credentials(text: str) -> SimulatorCredentials:
    return msgspec.json.decode(text, type=SimulatorCredentials)


def _earlier_callback_secrets(secret: LeasedSecret) -> Iterator[str]:
    for value in secret.previous:
        with contextlib.suppress(ValueError):  # what could not be read then must not keep its successor from work
            yield _credentials(value.reveal()).callback_secret


def _outcome_of(status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    if status == 200:
        return _decided(answer)
    problem = _problem_of(answer)
    if status == 429:
        return NotSent("throttled by the acquirer", retry_after_s=_retry_after_s(headers))
    if status in (401, 403):
        return NotSent("the acquirer refuses our credentials")
    if status == 408 or not 400 <= status < 500 or problem.code in ("", "reference_reused"):
        return Unknown(f"answered with {status} {problem.code}".rstrip())
    return Declined(refused_request(problem.code, problem.detail))


def _decided(answer: bytes) -> Outcome:
    try:
        said = _decode_answer(answer)
    except (ValueError, RecursionError):
        return Unknown("the answer cannot be read")
    if said.status == "approved":
        return Approved(
            acquirer_id=said.id,
            amount_minor=said.amount_minor,
            currency=said.currency,
            network=NetworkData(
                auth_code=said.auth_code or "",
                rrn=said.rrn or "",
                arn=said.arn or "",
                network_transaction_id=said.network_transaction_id or "",
                avs_result=said.avs_result or "",
                cvc_result=said.cvc_result or "",
            ),
            fee_minor=said.fee_minor,
            expires_at=said.expires_at,
            business_date=said.business_date,
        )
    if said.status == "declined":
        decline = normalize(
            said.network_code, advice_code=said.advice_code or "", scheme=said.scheme, message=said.message
        )
        return Declined(decline, acquirer_id=said.id)
    return Unknown(f"the answer has the status {said.status[:32]!r}")


def _problem_of(answer: bytes) -> _Problem:
    try:
        return _decode_problem(answer)
    except (ValueError, RecursionError):
        return _Problem()


def _retry_after_s(headers: Mapping[str, str]) -> int:
    value = headers.get("Retry-After", "")
    return min(int(value), 3600) if value.isascii() and value.isdigit() else 1


def _dispute_callback(callback: _CallbackBody) -> Callback:
    dispute = msgspec.json.decode(callback.data, type=_Dispute)
    notice = DisputeNotice(
        dispute.id, dispute.state, dispute.amount_minor, dispute.currency, reason_code=dispute.reason_code
    )
    return Callback(callback.id, dispute.reference, dispute=notice)
