import contextlib
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.errors import FlorinError, InvalidRequest
from florin.service.body import decode_json
from florin.service.problems import MalformedBody


class Method(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    amount_minor: Annotated[int, msgspec.Meta(gt=0)]
    payment_method: Method | None = None
    items: list[Method] = []
    metadata: dict[str, str] = {}
    anything: Any = None


decoder = msgspec.json.Decoder(Body)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"amount_minor":"100"}', "amount_minor"),
        (b'{"amount_minor":10.0}', "amount_minor"),
        (b'{"amount_minor":true}', "amount_minor"),
        (b'{"amount_minor":null}', "amount_minor"),
        (b'{"amount_minor":-1}', "amount_minor"),
        (b"{}", "amount_minor"),
        (b'{"amount_minor":1,"amuont":1}', "amuont"),
        (b'{"amount_minor":1,"payment_method":{}}', "payment_method.token"),
        (b'{"amount_minor":1,"payment_method":{"token":5}}', "payment_method.token"),
        (b'{"amount_minor":1,"payment_method":{"token":"t","pan":"x"}}', "payment_method.pan"),
        (b'{"amount_minor":1,"items":[{"token":"t"},{"token":1}]}', "items[1].token"),
        (b'{"amount_minor":1,"metadata":{"a":1}}', "metadata"),
        (b'{"amount_minor":1,"amount_minor":2}', "amount_minor"),
        (b'{"amount_minor":1,"metadata":{"a":"1","\\u0061":"1"}}', "a"),
        (b"[1]", None),
        (b"null", None),
    ],
)
def test_what_does_not_fit_names_the_field(body: bytes, param: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode_json(decoder, body)
    assert not isinstance(caught.value, MalformedBody)
    assert caught.value.param == param
    assert "$" not in caught.value.detail


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"amount_minor":1',
        b"\xff\xfe",
        b'{"amount_minor":1,"metadata":{"a":"\xc3\x28"}}',
        b'{"amount_minor":1,"\xff":1}',
        b'{"amount_minor":1,"metadata":{"a":"\\ud800"}}',
        b'{"amount_minor":NaN}',
        b"amount_minor=1",
        b'{"anything":' + b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        decode_json(decoder, body)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_errors(body: bytes) -> None:
    with contextlib.suppress(FlorinError):
        assert isinstance(decode_json(decoder, body), Body)
