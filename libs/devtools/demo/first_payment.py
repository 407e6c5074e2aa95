"""Prove that the platform is up: make the demo merchant, take a payment, wait for its verified webhook."""

import sys
import uuid

from devtools.card import show_card
from devtools.demo.client import Client, UnexpectedAnswer
from devtools.demo.merchant import ensure_merchant
from devtools.demo.settings import DemoMerchant, DemoSettings, read_settings
from devtools.demo.webhooks import ReceivedWebhook, Receiver
from devtools.failure import Failure
from devtools.screen import Step

_SERVICES = ("payments", "merchants", "notifications", "simulator")
_PAYMENT = {
    "amount_minor": 1234,
    "currency": "EUR",
    "confirm": True,
    "payment_method": {"token": "tok_visa"},
    "description": "The first payment",
}


def take_payment(settings: DemoSettings, merchant: DemoMerchant) -> tuple[str, ReceivedWebhook]:
    """A payment's id and the webhook about it that the official library verified. Raises Failure."""
    api = Client(settings.payments_url, merchant.api_key)
    with Step("A first payment: 12.34 EUR with tok_visa") as step:
        answer = api.must("POST", "/v1/payments", _PAYMENT, key=str(uuid.uuid4()))
        payment = answer.json
        if payment["status"] != "succeeded" or payment["captured_minor"] != _PAYMENT["amount_minor"]:
            raise UnexpectedAnswer(answer, "a payment that succeeded")
        step.progress(f"{payment['id']} {payment['status']}")
    with Step("Its webhook, verified with the standardwebhooks library") as step:
        webhook = Receiver(settings, merchant).wait_for("payment.captured", payment["id"])
        if webhook is None:
            raise Failure(
                f"No verified webhook payment.captured came for {payment['id']}; ./dev logs notifications may say why."
            )
        step.progress(f"{webhook.type}, {webhook.webhook_id}")
    return payment["id"], webhook


def main() -> int:
    """Exit status 1 when something is not as it must be."""
    settings = read_settings()
    try:
        with Step("A demo merchant with its API key, acquirer and webhook endpoint") as step:
            merchant = ensure_merchant(settings)
            step.progress(merchant.merchant_id)
        take_payment(settings, merchant)
        if "--card" in sys.argv[1:]:
            urls = {name: getattr(settings, f"{name}_url") for name in _SERVICES}
            show_card(urls, merchant.api_key, str(settings.demo_file.parent))
    except (Failure, UnexpectedAnswer, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
