"""The merchant's side of webhooks: what came to the receiver, verified with the official library."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from devtools.demo.client import Client
from devtools.demo.merchant import RECEIVER
from devtools.demo.settings import DemoMerchant, DemoSettings

_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class ReceivedWebhook:
    """One request as it reached the receiver."""

    webhook_id: str
    type: str
    data: dict[str, Any]
    received_at: datetime
    headers: dict[str, str]
    body: str

    def verify(self, secret: str) -> bool:
        """Whether the official library accepts it, and refuses it with one character changed."""
        library = Webhook(secret)
        try:
            library.verify(self.body, self.headers)
        except WebhookVerificationError:
            return False
        try:
            library.verify(self.body.replace("payment", "Payment", 1), self.headers)
        except WebhookVerificationError:
            return True
        return False


class Receiver:
    """The receiver's log."""

    def __init__(self, settings: DemoSettings, merchant: DemoMerchant) -> None:
        self._client = Client(settings.simulator_url, "")
        self._secret = merchant.webhook_secret
        self._after = 0

    def wait_for(self, event_type: str, payment_id: str, *, timeout_s: float = _TIMEOUT_S) -> ReceivedWebhook | None:
        """The first verified webhook of this type about this payment. None when none comes in time."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            for webhook in self.about(payment_id):
                if webhook.type == event_type and webhook.verify(self._secret):
                    return webhook
            time.sleep(0.05)
        return None

    def about(self, payment_id: str) -> list[ReceivedWebhook]:
        """Everything that came about one payment, in the order of arrival."""
        found, after = [], self._after
        while True:
            path = f"/receiver/{RECEIVER}?after={after}&limit=1000"
            page = self._client.must("GET", path).json
            found += [_read(entry) for entry in page["received"] if payment_id in entry["body"]]
            if page["next_after"] is None:
                return found
            after = page["next_after"]


def _read(entry: dict[str, Any]) -> ReceivedWebhook:
    message = json.loads(entry["body"])
    received_at = datetime.fromisoformat(entry["received_at"]).astimezone(UTC)
    return ReceivedWebhook(
        entry["webhook_id"], message["type"], message["data"], received_at, entry["headers"], entry["body"]
    )
