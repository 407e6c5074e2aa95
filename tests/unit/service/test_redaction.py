import io
import logging
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.telemetry import redact
from florin.telemetry.logs import JsonFormatter
from florin.telemetry.redaction import MASK, passes_luhn, redact_value


def with_check_digit(body: str) -> str:
    return next(body + digit for digit in "0123456789" if passes_luhn(body + digit))


pans = st.text("0123456789", min_size=12, max_size=18).map(with_check_digit)
around = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text("0123456789- ", max_size=12)


@st.composite
def written_pans(draw: st.DrawFn) -> str:
    """A card number as people and programs write it: in groups, with spaces or dashes, or plain."""
    pan = draw(pans)
    separator = draw(st.sampled_from(["", " ", "-"]))
    group = draw(st.integers(1, 6))
    return separator.join(pan[start : start + group] for start in range(0, len(pan), group))


def line_of(message: object, *args: Any, extra: dict[str, Any] | None = None, exc_info: Any = None) -> str:
    logger = logging.Logger("test")
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(JsonFormatter("test"))
    logger.addHandler(handler)
    logger.error(message, *args, extra=extra, exc_info=exc_info)
    return output.getvalue()


def digits_of(text: str) -> str:
    return "".join(character for character in text if character.isdecimal())


@given(around, written_pans(), around)
def test_a_card_number_never_comes_out_of_any_part_of_a_log_line(before: str, pan: str, after: str) -> None:
    text = f"{before}{pan}{after}"
    try:
        raise ValueError(text)
    except ValueError:
        failure = sys.exc_info()
    line = line_of(
        "%s and %r",
        text,
        {"nested": [text]},
        extra={"detail": text, "deep": {"list": [{"x": (text,)}], text: 1}, "raw": text.encode()},
        exc_info=failure,
    )
    assert pan not in line
    assert digits_of(pan) not in line


@given(pans)
def test_a_card_number_as_a_number_never_comes_out(pan: str) -> None:
    number = int(pan)
    if passes_luhn(str(number)) and 13 <= len(str(number)) <= 19:
        line = line_of("number %d", number, extra={"number": number, "as_float": float(number)})
        assert str(number) not in line


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("key sk_live_abcDEF123 is wrong", "abcDEF123"),
        ("key sk_test_abcDEF123", "abcDEF123"),
        ("key rk_live_abcDEF123", "abcDEF123"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("{'authorization': 'Bearer abc.def-ghi'}", "abc.def-ghi"),
        ("Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("mysql://florin:hunter2@127.0.0.1:3306/florin", "hunter2"),
        ("password=hunter2&x=1", "hunter2"),
        ('{"client_secret": "hunter2", "cvc": "987"}', "hunter2"),
        ('{"client_secret": "hunter2", "cvc": "987"}', "987"),
        ("cvc=987", "987"),
        ("FLORIN_ADMIN_TOKEN=hunter2", "hunter2"),
        ("admin_token: hunter2", "hunter2"),
    ],
)
def test_credentials_never_come_out(text: str, secret: str) -> None:
    assert secret not in redact(text)
    for line in (line_of(text), line_of("%s", text)):
        assert secret not in line.partition('"level"')[2]  # before it is the time, which may hold the digits of a CVC


def test_values_of_sensitive_names_never_come_out() -> None:
    line = line_of(
        "hello", extra={"headers": {"Authorization": "x1x2x3", "Cookie": "x1x2x3"}, "cvc": 987, "pan": "x1x2x3"}
    )
    assert "x1x2x3" not in line
    assert "987" not in line


def test_what_is_harmless_stays() -> None:
    text = (
        "payment pay_test_3f01jd3x4m8c5vq9k2m7n4p6r8s0 of 1050 EUR, span_id=00f067aa0ba902b7, took 12.5 ms, on 20261121"
    )
    assert redact(text) == text
    assert redact_value({"amount_minor": 999_999_999_999, "ok": True, "none": None, "ratio": 0.25}) == {
        "amount_minor": 999_999_999_999,
        "ok": True,
        "none": None,
        "ratio": 0.25,
    }


def test_the_prefix_of_a_key_stays_because_it_tells_which_mode_leaked() -> None:
    assert redact("sk_live_abc123") == f"sk_live_{MASK}"


def test_a_wrong_format_string_loses_neither_the_line_nor_the_redaction() -> None:
    line = line_of("two %s %s", "4242424242424242")
    assert "two" in msgspec.json.decode(line)["message"]
    assert "4242424242424242" not in line


def test_a_line_is_json_with_the_names_that_are_searched_for() -> None:
    line = msgspec.json.decode(line_of("hello", extra={"payment_id": "pay_1"}))
    assert line["level"] == "ERROR"
    assert line["service"] == "test"
    assert line["logger"] == "test"
    assert line["message"] == "hello"
    assert line["payment_id"] == "pay_1"
    assert line["time"].endswith("Z")
