"""Signatures, verified by the official library of Standard Webhooks."""

import base64
import os
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from florin.webhooks import InvalidSigningSecret, Signer, new_secret


@given(st.integers(24, 64), st.dictionaries(st.text(), st.text()))
def test_official_library_verifies(size_bytes: int, data: dict[str, str]) -> None:
    import msgspec

    secret, body = new_secret(size_bytes), msgspec.json.encode({"type": "payment.captured", "data": data})
    headers = Signer([secret]).headers("evt_test_1", int(time.time()), body)
    assert Webhook(secret).verify(body, headers) == {"type": "payment.captured", "data": data}


def test_both_secrets_verify_while_one_replaces_the_other() -> None:
    new, old = new_secret(), new_secret()
    headers = Signer([new, old]).headers("evt_test_1", int(time.time()), b"{}")
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (new, old):
        Webhook(secret).verify(b"{}", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(b"{}", headers)


def test_changed_body_id_or_time_is_refused() -> None:
    secret = new_secret()
    headers = Signer([secret]).headers("evt_test_1", int(time.time()), b"{}")
    for name, value in (("webhook-id", "evt_test_2"), ("webhook-timestamp", str(int(time.time()) + 1))):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(b"{}", {**headers, name: value})
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(b"{ }", headers)


def test_ed25519() -> None:
    private = Ed25519PrivateKey.generate()
    secret = "whsk_" + base64.b64encode(private.private_bytes_raw()).decode()
    headers = Signer([secret]).headers("evt_test_1", 1_700_000_000, b"{}")
    version, _, signature = headers["webhook-signature"].partition(",")
    assert version == "v1a"
    private.public_key().verify(base64.b64decode(signature), b"evt_test_1.1700000000.{}")


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_" + base64.b64encode(os.urandom(23)).decode(),
        "whsec_" + base64.b64encode(os.urandom(65)).decode(),
        "whsec_***",
        "secret_" + base64.b64encode(os.urandom(32)).decode(),
        "whsk_" + base64.b64encode(os.urandom(31)).decode(),
    ],
    ids=["nothing", "empty", "too short", "too long", "no base64", "another prefix", "a private key too short"],
)
def test_bad_secret_is_refused_and_never_repeated(secret: str) -> None:
    with pytest.raises(InvalidSigningSecret) as caught:
        Signer([secret])
    assert len(secret) < 8 or secret not in caught.value.detail


def test_id_with_a_dot_is_refused() -> None:
    with pytest.raises(ValueError, match="no dot"):
        Signer([new_secret()]).headers("evt.1", 1, b"{}")
