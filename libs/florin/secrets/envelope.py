"""AES-256-GCM envelopes: a data key for each record, wrapped by a key-encryption key that can be rotated.

    "FE1" | version of the key-encryption key (4 bytes) | nonce (12) | wrapped data key (48) | nonce (12) | ciphertext

A data key encrypts one record once, so random nonces never meet their bound of 2^32 messages a key (NIST SP 800-38D,
section 8.3). Both layers authenticate the record's name; the header is authenticated with the wrapped key.
"""

import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from florin.secrets.box import BadSeal
from florin.secrets.keyring import KeyRing
from florin.settings import Secret

_HEADER = struct.Struct(">3sI")
_MAGIC = b"FE1"
_NONCE = 12
_WRAPPED = 32 + 16
_PREFIX = _HEADER.size + _NONCE + _WRAPPED


class EnvelopeBox:
    """A `SecretBox` over a `KeyRing`."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def seal(self, plaintext: Secret, aad: bytes) -> bytes:
        """Encrypt under a fresh data key."""
        data_key, nonce = os.urandom(32), os.urandom(_NONCE)
        ciphertext = AESGCM(data_key).encrypt(nonce, plaintext.reveal().encode(), aad)
        return self._wrap(data_key, aad) + nonce + ciphertext

    def open(self, sealed: bytes, aad: bytes) -> Secret:
        """Decrypt. Raises BadSeal."""
        data_key = self._unwrap(sealed, aad)
        nonce, ciphertext = sealed[_PREFIX : _PREFIX + _NONCE], sealed[_PREFIX + _NONCE :]
        try:
            return Secret(AESGCM(data_key).decrypt(nonce, ciphertext, aad).decode())
        except (InvalidTag, ValueError):
            raise BadSeal("A sealed record was changed, or belongs to another one.") from None

    def rewrap(self, sealed: bytes, aad: bytes) -> bytes:
        """The same record with its data key wrapped by the newest key; the record itself is not decrypted."""
        return self._wrap(self._unwrap(sealed, aad), aad) + sealed[_PREFIX:]

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key wraps this record."""
        return key_version(sealed) == self._keys.newest

    def _wrap(self, data_key: bytes, aad: bytes) -> bytes:
        header = _HEADER.pack(_MAGIC, self._keys.newest)
        nonce = os.urandom(_NONCE)
        return header + nonce + AESGCM(self._key(self._keys.newest)).encrypt(nonce, data_key, header + aad)

    def _unwrap(self, sealed: bytes, aad: bytes) -> bytes:
        header, nonce = sealed[: _HEADER.size], sealed[_HEADER.size : _HEADER.size + _NONCE]
        wrapped = sealed[_HEADER.size + _NONCE : _PREFIX]
        key = self._key(key_version(sealed))
        try:
            return AESGCM(key).decrypt(nonce, wrapped, header + aad)
        except (InvalidTag, ValueError):
            raise BadSeal("A sealed record was changed, or belongs to another one.") from None

    def _key(self, version: int) -> bytes:
        key = self._keys.key(version)
        if key is None:
            raise BadSeal(f"The key-encryption key {version} is not in the key file.")
        return key


def key_version(sealed: bytes) -> int:
    """Which key-encryption key a record needs. Raises BadSeal."""
    if len(sealed) < _PREFIX + _NONCE:
        raise BadSeal("A sealed record is cut off.")
    magic, version = _HEADER.unpack_from(sealed)
    if magic != _MAGIC:
        raise BadSeal("This is not a sealed record.")
    return int(version)
