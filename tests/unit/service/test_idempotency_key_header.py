import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.connection import ASGIConnection

from florin.service import idempotency_key, parse_idempotency_key
from florin.service.idempotency import IdempotencyKeyInvalid, IdempotencyKeyMissing

printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=255)


@given(printable)
def test_a_quoted_key_is_read_as_it_was_meant(key: str) -> None:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    assert parse_idempotency_key(f'"{escaped}"') == key


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.:/+=", min_size=1, max_size=255))
def test_bare_and_quoted_are_the_same_key(key: str) -> None:
    assert parse_idempotency_key(key) == parse_idempotency_key(f'"{key}"') == key


@given(st.text(st.characters(max_codepoint=0xFF), max_size=300))
def test_nothing_else_is_ever_taken(value: str) -> None:
    try:
        key = parse_idempotency_key(value)
    except IdempotencyKeyInvalid:
        return
    assert 1 <= len(key) <= 255
    assert key.isascii()
    assert key.isprintable()


@pytest.mark.parametrize(
    "value",
    ["", '""', '"', '"a', 'a"', "two words", '"a";v=1', '"a", "b"', "a\x00b", "schlüssel", '"\\a"', "x" * 256],
)
def test_what_is_no_key_is_refused(value: str) -> None:
    with pytest.raises(IdempotencyKeyInvalid):
        parse_idempotency_key(value)


def connection(*values: bytes) -> ASGIConnection[object, object, object, object]:  # type: ignore[type-var]
    headers = [(b"host", b"x"), *((b"idempotency-key", value) for value in values)]
    return ASGIConnection({"type": "http", "headers": headers, "method": "POST"})  # type: ignore[arg-type]


def test_the_header_comes_once() -> None:
    assert idempotency_key(connection(b" abc ")) == "abc"
    with pytest.raises(IdempotencyKeyMissing):
        idempotency_key(connection())
    with pytest.raises(IdempotencyKeyInvalid):
        idempotency_key(connection(b"a", b"b"))
