"""The port behind which secrets are encrypted; a vault may stand behind it as well."""

from typing import Protocol

from florin.settings import Secret


class BadSeal(Exception):
    """What should be opened was not sealed by us, for this record, or was changed since. It never quotes anything."""


class SecretBox(Protocol):
    """Seals texts for storage. ``aad`` names the record: what is sealed for one cannot be opened as another."""

    def seal(self, plaintext: Secret, aad: bytes) -> bytes:
        """The text, encrypted."""
        ...

    def open(self, sealed: bytes, aad: bytes) -> Secret:
        """The text again. Raises BadSeal."""
        ...


def record_aad(*parts: str) -> bytes:
    """What names a record, unambiguously: ``record_aad("merchant:acme", "stripe", "3")``."""
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
