"""The story of `./dev demo`: what Florin does with a payment, and what it does when things go wrong."""

import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from devtools.demo.client import Answer, Client, UnexpectedAnswer
from devtools.demo.merchant import ensure_merchant
from devtools.demo.settings import DemoMerchant, DemoSettings, read_settings
from devtools.demo.telling import Teller, Untrue
from devtools.demo.webhooks import Receiver
from devtools.failure import Failure

_REPAIR_TIMEOUT_S = 90.0
_UNSETTLED = ("processing", "outcome_unknown")
_AMOUNTS = ("authorized_minor", "captured_minor", "capturable_minor", "refunded_minor")


class Story:
    """Plays the story against the running platform; each method is a chapter."""

    def __init__(self, settings: DemoSettings, merchant: DemoMerchant, teller: Teller) -> None:
        self._api = Client(settings.payments_url, merchant.api_key)
        self._admin = Client(settings.payments_url, settings.admin_token.reveal())
        self._acquirer = Client(settings.simulator_url, settings.simulator_control_token.reveal())
        self._receiver = Receiver(settings, merchant)
        self._merchant = merchant
        self._teller = teller

    def tell(self) -> None:
        """From the first payment to the last proof. Raises Untrue."""
        key, body, first = self.take_a_payment()
        self.send_it_again(key, body, first)
        self.reuse_the_key(key, body)
        self.be_declined()
        payment_id = self.capture_a_part()
        self.refund_in_two_parts(payment_id)
        self.verify_a_webhook(first.json["id"])
        self.lose_the_answer()
        self.check_the_ledger()

    def take_a_payment(self) -> tuple[str, dict[str, Any], Answer]:
        """An automatic capture."""
        self._teller.step(
            "A payment",
            "A merchant's program sends an amount in minor units and a card's token; card numbers never come here. "
            "The Idempotency-Key names the request, so that it can be sent again safely.",
        )
        key, body = str(uuid.uuid4()), _payment(4999, "tok_visa", description="Two tickets")
        answer = self._post("/v1/payments", body, key)
        self._teller.answer(answer, ["id", "status", *_AMOUNTS])
        self._teller.proves(answer.status < 300 and answer.json["status"] == "succeeded", "The payment succeeded.")
        self._teller.proves(
            len(self._charges(answer.json)) == 1, "The acquirer's own book has exactly one charge under our reference."
        )
        return key, body, answer

    def send_it_again(self, key: str, body: dict[str, Any], first: Answer) -> None:
        """The same key, the same body."""
        self._teller.step(
            "The same request again",
            "Networks lose answers. The program sends the same request with the same key once more.",
        )
        answer = self._post("/v1/payments", body, key)
        self._teller.answer(answer, ["id", "status"])
        self._teller.proves(
            answer.status == first.status and answer.body == first.body, "The answer is the first one, byte for byte."
        )
        self._teller.proves(answer.headers.get("idempotency-replayed") == "true", "A header says that it is a replay.")
        self._teller.proves(len(self._charges(first.json)) == 1, "The card was not charged again.")

    def reuse_the_key(self, key: str, body: dict[str, Any]) -> None:
        """The same key, another body."""
        self._teller.step(
            "The same key for something else",
            "A programming error: the key of the first request, with another amount.",
        )
        answer = self._post("/v1/payments", body | {"amount_minor": 100}, key)
        self._teller.answer(answer, ["code", "detail"])
        self._teller.proves(
            answer.status == 422, "Refused with 422 and a problem document (RFC 9457); nothing was done."
        )

    def be_declined(self) -> None:
        """An issuer that says no."""
        self._teller.step("A decline", "The card has no funds. That is an answer, not an error of ours: 402.")
        answer = self._post("/v1/payments", _payment(2500, "tok_declined_insufficient_funds"), str(uuid.uuid4()))
        self._teller.answer(answer, ["code", "decline_code", "action", "network_decline_code"])
        document = answer.json
        self._teller.proves(
            answer.status == 402 and document["decline_code"] == "insufficient_funds",
            "402 with the normalised reason beside the network's own code.",
        )
        self._teller.proves(document["action"] == "retry_later", "It says what may be done: try later, with a new key.")

    def capture_a_part(self) -> str:
        """Authorise now, take a part later."""
        self._teller.step(
            "A partial capture",
            "Reserve 100.00 EUR now, take 60.00 when the goods are shipped: capture_method manual.",
        )
        body = _payment(10000, "tok_mastercard", capture_method="manual")
        created = self._post("/v1/payments", body, str(uuid.uuid4()))
        self._teller.answer(created, ["id", "status", *_AMOUNTS])
        self._teller.proves(created.json["status"] == "requires_capture", "The money is held and not taken.")
        payment_id: str = created.json["id"]
        captured = self._post(f"/v1/payments/{payment_id}/capture", {"amount_minor": 6000}, str(uuid.uuid4()))
        self._teller.answer(captured, ["status", *_AMOUNTS])
        self._teller.proves(
            captured.json["captured_minor"] == 6000 and captured.json["capturable_minor"] == 4000,
            "60.00 is taken, 40.00 may still be.",
        )
        too_much = self._post(f"/v1/payments/{payment_id}/capture", {"amount_minor": 4001}, str(uuid.uuid4()))
        self._teller.answer(too_much, ["code", "detail"])
        self._teller.proves(400 <= too_much.status < 500, "More than was authorised is refused with a sentence.")
        return payment_id

    def refund_in_two_parts(self, payment_id: str) -> None:
        """Two refunds."""
        self._teller.step("Two partial refunds", "The customer sends one article back, then another.")
        for amount_minor in (1500, 500):
            body = {"payment_id": payment_id, "amount_minor": amount_minor, "reason": "requested_by_customer"}
            answer = self._post("/v1/refunds", body, str(uuid.uuid4()))
            self._teller.answer(answer, ["id", "status", "amount_minor"])
            self._teller.proves(answer.status < 300 and answer.json["status"] == "succeeded", "Given back.")
        payment = self._read(payment_id)
        self._teller.fields(payment, ["status", *_AMOUNTS])
        self._teller.proves(payment["refunded_minor"] == 2000, "Together 20.00 EUR of the captured 60.00.")

    def verify_a_webhook(self, payment_id: str) -> None:
        """The merchant is told."""
        self._teller.step(
            "The webhook",
            "Every commit writes its events beside the payment; they reach the merchant's endpoint signed as Standard "
            "Webhooks has it. The merchant checks them with the official library, which is not ours.",
        )
        webhook = self._receiver.wait_for("payment.captured", payment_id)
        self._teller.proves(webhook is not None, "payment.captured of the first payment was received.")
        if webhook is None:
            return
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
            self._teller.line(f"{name}: {webhook.headers[name]}")
        self._teller.line(f"{webhook.body[:150]}...")
        self._teller.proves(
            webhook.verify(self._merchant.webhook_secret),
            "standardwebhooks verifies it, and refuses it with one character changed.",
        )
        types = list(dict.fromkeys(webhook.type for webhook in self._receiver.about(payment_id)))
        self._teller.proves(
            types.index("payment.created") < types.index("payment.captured"),
            f"One payment's events come in their order: {', '.join(types)}.",
        )

    def lose_the_answer(self) -> None:
        """The acquirer charges and does not answer."""
        self._teller.step(
            "An acquirer that charges and does not answer",
            "The hardest case of all. The acquirer books the charge and its answer never comes; here it does not call "
            "back either. Sending again could charge twice, and giving up could take money for nothing. So the outcome "
            "is unknown until the acquirer is asked, by our own reference, what became of it.",
        )
        began = time.monotonic()
        with self._without_callbacks():
            answer = self._post("/v1/payments", _payment(7700, "tok_fault_timeout_after"), str(uuid.uuid4()))
            self._teller.answer(answer, ["id", "status"])
            payment = answer.json
            if answer.status == 202:
                self._teller.proves(payment["status"] in _UNSETTLED, "202: not failed, not succeeded: being found out.")
            while payment["status"] in _UNSETTLED and time.monotonic() - began < _REPAIR_TIMEOUT_S:
                time.sleep(0.2)
                payment = self._read(payment["id"])
        self._teller.line(f"after {time.monotonic() - began:.1f} s:")
        self._teller.fields(payment, ["status", *_AMOUNTS])
        for entry in self._api.must("GET", f"/v1/payments/{payment['id']}/timeline").json["data"]:
            if entry["kind"] in ("decision", "sent", "answered"):
                self._teller.line(f"{entry['at'][11:23]}  {entry['kind']:9} {entry['what']}")
        self._teller.proves(payment["status"] == "succeeded", "It was found out and completed.")
        self._teller.proves(len(self._charges(payment)) == 1, "The acquirer's book has one charge: no second was sent.")
        webhook = self._receiver.wait_for("payment.captured", payment["id"])
        self._teller.proves(webhook is not None, "The merchant was told by a verified webhook.")

    @contextmanager
    def _without_callbacks(self) -> Iterator[None]:
        """The acquirer calls nobody back: a callback alone would tell the outcome within milliseconds."""
        path = "/control/v1/terminals/default"
        terminals = self._acquirer.must("GET", "/control/v1/terminals").json
        usual = next(terminal["callbacks"] for terminal in terminals if terminal["id"] == "default")
        self._acquirer.must("PATCH", path, {"callbacks": "none"})
        try:
            yield
        finally:
            self._acquirer.must("PATCH", path, {"callbacks": usual})

    def check_the_ledger(self) -> None:
        """Everything sums to zero."""
        self._teller.step(
            "The ledger",
            "Every movement above is a double entry that nobody edits. A check reads all of them.",
        )
        path = "/admin/v1/ledger/check"
        self._teller.request("GET", path)
        answer = self._admin.must("GET", path)
        self._teller.answer(answer, ["entries", "transactions", "faults"])
        self._teller.proves(answer.json["faults"] == [], "Every transaction sums to zero; ledger and operations agree.")
        self._teller.request("GET", "/v1/balances")
        balances = self._api.must("GET", "/v1/balances")
        for balance in balances.json["data"]:
            self._teller.fields(balance, ["currency", "available_minor", "captured_minor", "fees_minor", "held_minor"])
        self._teller.proves(bool(balances.json["data"]), "A balance is the sum of its entries, here for the merchant.")

    def _post(self, path: str, body: dict[str, Any], key: str) -> Answer:
        self._teller.request("POST", path, body, key=key)
        return self._api.call("POST", path, body, key=key)

    def _read(self, payment_id: str) -> dict[str, Any]:
        payment: dict[str, Any] = self._api.must("GET", f"/v1/payments/{payment_id}").json
        return payment

    def _charges(self, payment: dict[str, Any]) -> list[dict[str, Any]]:
        """What the acquirer really booked for a payment: approved authorisations under any of its references."""
        charges = []
        for attempt in payment["attempts"]:
            path = f"/control/v1/operations?kind=authorize&status=approved&reference={attempt['acquirer_reference']}"
            charges += self._acquirer.must("GET", path).json["operations"]
        return charges


def _payment(amount_minor: int, token: str, **more: Any) -> dict[str, Any]:
    return {
        "amount_minor": amount_minor,
        "currency": "EUR",
        "confirm": True,
        "payment_method": {"token": token},
        **more,
    }


def main() -> int:
    """Exit status 1 when a step is not as told."""
    teller = Teller(Console(width=None if sys.stdout.isatty() else 110))
    try:
        settings = read_settings()
        merchant = ensure_merchant(settings)
        teller.begin(
            f"[bold]What Florin does with a payment[/bold], told against {settings.payments_url} "
            "with the demo merchant's test key. Nothing below is staged: every line is a real request."
        )
        Story(settings, merchant, teller).tell()
    except (Untrue, UnexpectedAnswer, Failure, OSError) as error:
        teller.fail(f"{error}")
        return 1
    teller.end("Everything was as told.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
