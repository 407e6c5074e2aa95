"""Key-encryption keys from a file: one a line, ``<version> <32 bytes in base64>``; the highest version seals."""

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

KEY_BYTES = 32
VERSION_MAX = 2**32 - 1


class KeyRingError(Exception):
    """The file is not a good key file; the sentence says why and shows no key."""


class KeyRing:
    """Key-encryption keys by version."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        if not keys:
            raise KeyRingError("There is no key-encryption key.")
        self._keys = dict(keys)
        self.newest = max(keys)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a key file. Raises KeyRingError."""
        try:
            lines = path.read_text(encoding="ascii").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyRingError(f"The key file {path} cannot be read: {type(error).__name__}.") from None
        keys: dict[int, bytes] = {}
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.startswith("#"):
                continue
            version, key = _parse(path, number, line)
            if version in keys:
                raise KeyRingError(f"{path}, line {number}: version {version} is there twice.")
            keys[version] = key
        if not keys:
            raise KeyRingError(f"The key file {path} holds no key.")
        return cls(keys)

    def key(self, version: int) -> bytes | None:
        """The key of a version; None where it is not (any more) on the ring."""
        return self._keys.get(version)

    def __repr__(self) -> str:
        return f"KeyRing(versions={sorted(self._keys)})"


def new_key_line(version: int) -> str:
    """A fresh line for a key file."""
    return f"{version} {base64.b64encode(os.urandom(KEY_BYTES)).decode()}\n"


def _parse(path: Path, number: int, line: str) -> tuple[int, bytes]:
    try:
        version_text, key_text = line.split()
        version, key = int(version_text), base64.b64decode(key_text, validate=True)
    except (ValueError, binascii.Error):
        raise KeyRingError(f"{path}, line {number}: expected a version and a key in base64.") from None
    if not 1 <= version <= VERSION_MAX:
        raise KeyRingError(f"{path}, line {number}: a version is a number from 1 to {VERSION_MAX}.")
    if len(key) != KEY_BYTES:
        raise KeyRingError(f"{path}, line {number}: a key has {KEY_BYTES} bytes, this one {len(key)}.")
    return version, key
