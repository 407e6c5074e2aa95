"""Fees, rates, network identifiers and fault rules."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.contracts.test_cards import CardFacts
from florin.money import EXPONENTS, MAX_AMOUNT_MINOR
from simulator.domain.faults import Effect, Fault, FaultRule, Moment, strikes_at
from simulator.domain.fees import capture_fees, convert, exchange_rate, refund_fees
from simulator.domain.network import arn, auth_code, network_transaction_id, rrn
from simulator.domain.operations import Kind

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
VISA = CardFacts("visa", "424242", "4242")
GERMAN_DEBIT = CardFacts("visa", "400000", "3063", funding="debit", country="DE")
NUMBERS = st.integers(1, 10**10)


@pytest.mark.parametrize(
    ("amount", "currency", "card", "parts"),
    [
        (10_000, "EUR", VISA, (150, 2, 35)),
        (10_000, "EUR", GERMAN_DEBIT, (20, 2, 35)),
        (10_000, "JPY", VISA, (150, 2, 25)),
        (10_000, "KWD", VISA, (150, 2, 125)),
        (1, "EUR", VISA, (0, 0, 10)),
    ],
)
def test_capture_fees(amount, currency, card, parts) -> None:
    fees = capture_fees(amount, currency, card)
    assert (fees.interchange_minor, fees.scheme_fee_minor, fees.acquirer_fee_minor) == parts
    assert fees.total_minor == sum(parts)


def test_refund_returns_the_interchange_only() -> None:
    assert refund_fees(10_000, VISA).total_minor == -148


@given(st.integers(1, MAX_AMOUNT_MINOR), st.sampled_from(sorted(EXPONENTS)))
def test_own_currency_is_not_converted(amount: int, currency: str) -> None:
    rate = exchange_rate(currency, currency)
    assert rate == Decimal(1)
    assert convert(amount, currency, currency, rate) == amount


def test_no_rate_for_an_unknown_pair() -> None:
    assert exchange_rate("XAF", "EUR") is None


@given(st.lists(NUMBERS, min_size=2, max_size=50, unique=True))
def test_identifiers_are_unique_and_well_formed(numbers: list[int]) -> None:
    arns = [arn(number, NOW) for number in numbers]
    assert len(set(arns)) == len(numbers)
    for value in arns:
        assert len(value) == 23
        doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(value))]
        assert sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
    assert {len(rrn(number, NOW)) for number in numbers} == {12}
    assert {len(network_transaction_id(number, VISA, NOW)) for number in numbers} == {15}
    mastercard = CardFacts("mastercard", "555555", "4444")
    assert {len(network_transaction_id(number, mastercard, NOW)) for number in numbers} == {13}


def test_auth_codes_of_neighbours_differ_until_a_million() -> None:
    assert len({auth_code(number) for number in range(100_000)}) == 100_000


def test_when_faults_strike() -> None:
    assert strikes_at(Fault(Effect.THROTTLE, Moment.AFTER)) is Moment.BEFORE
    assert strikes_at(Fault(Effect.CUT, Moment.AFTER)) is Moment.AFTER
    assert strikes_at(Fault(Effect.CALLBACK_TWICE)) is None


@given(st.integers(0, 20), st.integers(1, 5))
def test_rule_strikes_no_more_than_its_count(requests: int, count: int) -> None:
    rule = FaultRule(id="flt_1", fault=Fault(Effect.ERROR), count=count)
    struck = 0
    for _ in range(requests):
        if rule.concerns(Kind.CAPTURE, "default", "R1"):
            rule, strikes = rule.after_request()
            struck += strikes
    assert struck == min(requests, count)


def test_rule_meets_only_whom_it_names() -> None:
    rule = FaultRule(id="flt_1", fault=Fault(Effect.ERROR), operation=Kind.REFUND, terminal="a", reference="R1")
    assert rule.concerns(Kind.REFUND, "a", "R1")
    assert not rule.concerns(Kind.CAPTURE, "a", "R1")
    assert not rule.concerns(Kind.REFUND, "b", "R1")
    assert not rule.concerns(Kind.REFUND, "a", "R2")
