import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.secrets import BadSeal, EnvelopeBox, KeyRing, KeyRingError
from florin.secrets.box import record_aad
from florin.secrets.envelope import key_version
from florin.secrets.keyring import new_key_line
from florin.settings import Secret

OLD, NEW = os.urandom(32), os.urandom(32)
BOX = EnvelopeBox(KeyRing({1: OLD}))
AAD = record_aad("merchant:acme", "hook", "1")


@given(st.text(max_size=300), st.binary(max_size=30))
def test_what_is_sealed_opens_again(text: str, aad: bytes):
    sealed = BOX.seal(Secret(text), aad)
    assert BOX.open(sealed, aad) == Secret(text)
    assert BOX.seal(Secret(text), aad) != sealed
    assert len(text) < 4 or text.encode() not in sealed


@given(st.integers(min_value=0), st.integers(1, 255))
def test_no_byte_can_be_changed(place: int, change: int):
    sealed = bytearray(BOX.seal(Secret("a secret"), AAD))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(BadSeal):
        BOX.open(bytes(sealed), AAD)


@given(st.integers(0, 90))
def test_no_part_opens(length: int):
    with pytest.raises(BadSeal):
        BOX.open(BOX.seal(Secret("a secret"), AAD)[:length], AAD)


def test_a_seal_belongs_to_its_record():
    sealed = BOX.seal(Secret("a secret"), AAD)
    for other in (record_aad("merchant:acme", "hook", "2"), record_aad("merchant:acmeh", "ook", "1"), b""):
        with pytest.raises(BadSeal) as refusal:
            BOX.open(sealed, other)
        assert refusal.value.__cause__ is None


def test_a_newer_key_takes_over_and_the_older_may_leave():
    sealed = BOX.seal(Secret("a secret"), AAD)
    both = EnvelopeBox(KeyRing({1: OLD, 2: NEW}))
    assert key_version(both.seal(Secret("x"), AAD)) == 2
    assert not both.is_current(sealed)
    moved = both.rewrap(sealed, AAD)
    only_new = EnvelopeBox(KeyRing({2: NEW}))
    assert only_new.open(moved, AAD).reveal() == "a secret"
    with pytest.raises(BadSeal, match="key-encryption key 1"):
        only_new.open(sealed, AAD)
    with pytest.raises(BadSeal):
        both.rewrap(sealed, b"another record")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "holds no key"),
        ("1 c2hvcnQ=\n", "32 bytes"),
        ("1 not base64!\n", "expected a version"),
        ("0 " + new_key_line(1).split()[1], "number from 1"),
        (new_key_line(1) + new_key_line(1), "there twice"),
    ],
    ids=["empty", "short", "no base64", "number 0", "twice"],
)
def test_a_bad_key_file_is_said_and_not_shown(tmp_path: Path, content: str, sentence: str):
    path = tmp_path / "keys"
    path.write_text(content)
    with pytest.raises(KeyRingError, match=sentence) as refusal:
        KeyRing.load(path)
    assert not any(word in str(refusal.value) for word in content.split() if len(word) > 20)


def test_a_key_file_has_comments_and_several_keys(tmp_path: Path):
    path = tmp_path / "keys"
    path.write_text("# made by hand\n\n" + new_key_line(1) + new_key_line(7))
    ring = KeyRing.load(path)
    assert ring.newest == 7
    assert repr(ring) == "KeyRing(versions=[1, 7])"
    with pytest.raises(KeyRingError, match="cannot be read"):
        KeyRing.load(tmp_path / "none")
