"""Standard Webhooks 1.0 signatures (https://www.standardwebhooks.com).

The signed text is ``{id}.{unix seconds}.{raw body}``. ``whsec_`` secrets sign with HMAC-SHA256 (``v1``), ``whsk_``
secrets with Ed25519 (``v1a``). While a secret rotates, every valid one signs and the header lists the signatures
separated by spaces, so that a receiver verifies with either.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable, Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from florin.errors import InvalidRequest

MIN_SECRET_BYTES = 24
MAX_SECRET_BYTES = 64
_ED25519_BYTES = 32

_Sign = Callable[[bytes], str]


class InvalidSigningSecret(InvalidRequest):
    """A signing secret that Standard Webhooks does not allow. The message never repeats the secret."""

    code = "invalid_signing_secret"


def new_secret(size_bytes: int = 32) -> str:
    """A fresh symmetric secret, ``whsec_`` and base64 of random bytes (24 to 64 of them)."""
    if not MIN_SECRET_BYTES <= size_bytes <= MAX_SECRET_BYTES:
        raise ValueError(f"a signing secret has {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes, not {size_bytes}")
    return "whsec_" + base64.b64encode(os.urandom(size_bytes)).decode()


def check_secret(secret: str) -> None:
    """Raises InvalidSigningSecret for a secret that cannot sign."""
    _sign_with(secret)


class Signer:
    """Signs with every secret that is valid now; the newest comes first."""

    __slots__ = ("_signs",)

    def __init__(self, secrets: Iterable[str]) -> None:
        self._signs = [_sign_with(secret) for secret in secrets]
        if not self._signs:
            raise InvalidSigningSecret("An endpoint needs at least one signing secret.")

    def headers(self, message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
        """The three headers of one attempt; the timestamp is the attempt's, since receivers refuse old ones."""
        if "." in message_id:  # it would let a receiver cut the signed text at another place
            raise ValueError("a message id holds no dot")
        signed = f"{message_id}.{timestamp_s}.".encode() + body
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": " ".join(sign(signed) for sign in self._signs),
        }


def _sign_with(secret: str) -> _Sign:
    scheme, _, encoded = secret.partition("_")
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if scheme == "whsec" and MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES:
        return lambda signed: "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    if scheme == "whsk" and len(key) == _ED25519_BYTES:
        private = Ed25519PrivateKey.from_private_bytes(key)
        return lambda signed: "v1a," + base64.b64encode(private.sign(signed)).decode()
    raise InvalidSigningSecret(
        f"A signing secret is 'whsec_' and base64 of {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} random bytes, "
        f"or 'whsk_' and base64 of the {_ED25519_BYTES} bytes of an Ed25519 private key."
    )
