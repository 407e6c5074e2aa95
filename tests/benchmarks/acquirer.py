"""An acquirer that answers every authorisation after the same time: ``python -m tests.benchmarks.acquirer PORT MS``.

It speaks the protocol of `services/simulator` as far as charging and looking up go, approves everything, keeps its book
in memory and performs a reference once. The simulator itself is not used: its durable book would take the processor
time that is to be measured.
"""

import asyncio
import itertools
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from tests.benchmarks.http1 import run

_NOT_FOUND = msgspec.json.encode({"code": "operation_not_found", "detail": "No operation has this reference."})


class Acquirer:
    """The book, and what it answers."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._book: dict[str, bytes] = {}
        self._charged_minor = 0
        self._numbers = itertools.count(482_913_057)
        self._open = asyncio.Event()
        self._open.set()

    async def __call__(self, method: bytes, path: bytes, body: bytes) -> tuple[int, bytes]:
        """One request."""
        match method, path.rsplit(b"/", 1):
            case b"POST", [b"/acquirer/v1", b"authorizations"]:
                return await self._authorize(msgspec.json.decode(body))
            case b"GET", [b"/acquirer/v1/operations", reference]:
                found = self._book.get(reference.decode())
                return (200, found) if found else (404, _NOT_FOUND)
            case b"GET", [b"", b"book"]:
                return 200, msgspec.json.encode({"charges": len(self._book), "charged_minor": self._charged_minor})
            case b"POST", [b"", b"hold"]:
                self._open.clear()
                return 200, b"{}"
            case b"POST", [b"", b"release"]:
                self._open.set()
                return 200, b"{}"
        return 404, _NOT_FOUND

    async def _authorize(self, request: dict[str, Any]) -> tuple[int, bytes]:
        reference = request["reference"]
        if reference not in self._book:
            self._book[reference] = self._approve(request)
        await asyncio.sleep(self._latency_s)
        await self._open.wait()
        return 200, self._book[reference]

    def _approve(self, request: dict[str, Any]) -> bytes:
        number, now = next(self._numbers), datetime.now(UTC)
        self._charged_minor += request["amount_minor"]
        return msgspec.json.encode(
            {
                "id": f"aut_{number:026d}",
                "reference": request["reference"],
                "status": "approved",
                "amount_minor": request["amount_minor"],
                "currency": request["currency"],
                "network_code": "00",
                "message": "Approved",
                "auth_code": f"{number % 1_000_000:06d}",
                "rrn": f"{number:012d}",
                "arn": f"{number:023d}",
                "network_transaction_id": f"{number:015d}",
                "avs_result": "Y",
                "cvc_result": "M",
                "fee_minor": 30,
                "scheme": "visa",
                "business_date": now.date(),
                "expires_at": now + timedelta(days=7),
            }
        )


if __name__ == "__main__":
    port, latency_ms = map(int, sys.argv[1:])
    run(Acquirer(latency_ms / 1000), port)
