"""Secrets: sealed where they are stored, leased in memory where they are used, and a `Secret` everywhere between."""

from florin.secrets.box import BadSeal, SecretBox
from florin.secrets.envelope import EnvelopeBox
from florin.secrets.keyring import KeyRing, KeyRingError
from florin.secrets.leases import LeasedSecret, SecretLeases, SecretMissing

__all__ = [
    "BadSeal",
    "EnvelopeBox",
    "KeyRing",
    "KeyRingError",
    "LeasedSecret",
    "SecretBox",
    "SecretLeases",
    "SecretMissing",
]
