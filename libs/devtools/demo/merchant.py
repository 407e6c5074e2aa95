"""The demo merchant: made through the admin API as any merchant is, or found as it was left."""

import base64
import os
import time
from typing import Any

import msgspec

from devtools.demo.client import Client, UnexpectedAnswer
from devtools.demo.settings import DemoMerchant, DemoSettings, read_merchant
from devtools.state import write_private

MERCHANT = "demo"
RECEIVER = "demo"
CONNECTOR = "simulator"
_PROPAGATION_TIMEOUT_S = 60.0


def ensure_merchant(settings: DemoSettings) -> DemoMerchant:
    """Make the demo merchant, its connector, webhook endpoint and API key; whatever is there stays as it is."""
    admin = Client(settings.merchants_url, settings.admin_token.reveal())
    kept = read_merchant(settings)
    is_new = admin.must("PUT", f"/admin/v1/merchants/{MERCHANT}", {"display_name": "Demo shop"}).status == 201
    webhook_secret = kept.webhook_secret if kept else "whsec_" + base64.b64encode(os.urandom(32)).decode()
    _put_connector(admin, settings)
    admin.must("PUT", f"/admin/v1/merchants/{MERCHANT}/secrets/webhooks", {"value": webhook_secret})
    _set_receiver(settings, webhook_secret)
    admin.must("PUT", f"/admin/v1/merchants/{MERCHANT}/config", {"spec": configuration(settings)})
    if kept is None or is_new:
        made = admin.must("POST", f"/admin/v1/merchants/{MERCHANT}/keys", {"name": "demo"}).json
        kept = DemoMerchant(merchant_id=MERCHANT, api_key=made["secret"], webhook_secret=webhook_secret)
        write_private(settings.demo_file, msgspec.json.encode(kept).decode() + "\n")
    _wait_until_known(admin)
    return kept


def configuration(settings: DemoSettings) -> dict[str, Any]:
    """The merchant's configuration: every kind of currency, one acquirer, one webhook endpoint in strict order."""
    return {
        "merchantId": MERCHANT,
        "displayName": "Demo shop",
        "currencies": ["EUR", "USD", "GBP", "JPY", "KWD"],
        "defaultCurrency": "EUR",
        "connectors": [{"name": "acquirer", "connectorRef": {"name": CONNECTOR}}],
        "routing": [{"name": "everything", "targets": [{"connector": "acquirer", "weight": 100}]}],
        "webhooks": [
            {
                "name": "receiver",
                "url": f"{settings.receiver}/receiver/{RECEIVER}",
                "events": ["*"],
                "ordering": "payment",
                "signingSecretRef": {"name": "webhooks"},
            }
        ],
    }


def _put_connector(admin: Client, settings: DemoSettings) -> None:
    spec = {
        "name": CONNECTOR,
        "adapter": "simulator",
        "baseUrl": settings.simulator_url,
        "secretRef": {"name": "credentials"},
        "merchantAccount": "DEMOSHOP1",
        # Short, so that the story of the acquirer that does not answer is not a long one.
        "timeouts": {"connectSeconds": 2, "totalSeconds": 4},
    }
    admin.must("PUT", f"/admin/v1/connectors/{CONNECTOR}", spec)
    credentials = {
        "terminal_key": settings.simulator_terminal_key.reveal(),
        "callback_secret": settings.simulator_callback_secret.reveal(),
    }
    value = msgspec.json.encode(credentials).decode()
    admin.must("PUT", f"/admin/v1/connectors/{CONNECTOR}/secrets/credentials", {"value": value})


def _set_receiver(settings: DemoSettings, webhook_secret: str) -> None:
    control = Client(settings.simulator_url, settings.simulator_control_token.reveal())
    present = control.must("GET", f"/control/v1/receivers/{RECEIVER}").json
    if present["secrets"] != [webhook_secret]:
        control.must("PUT", f"/control/v1/receivers/{RECEIVER}", {"secrets": [webhook_secret]})


def _wait_until_known(admin: Client) -> None:
    """Until every replica of the other services works with the configuration."""
    deadline = time.monotonic() + _PROPAGATION_TIMEOUT_S
    while True:
        answer = admin.must("GET", f"/admin/v1/merchants/{MERCHANT}/propagation")
        if answer.json["state"] == "propagated":
            return
        if time.monotonic() > deadline:
            raise UnexpectedAnswer(answer, f"propagated within {_PROPAGATION_TIMEOUT_S:.0f} s")
        time.sleep(0.1)
