"""The test cards: one table from token to card and behaviour. `docs/reference/test-cards.md` is made from it.

A token may carry a suffix (``tok_visa:alice``) that tells cards of one behaviour apart.
"""

import re
from enum import StrEnum
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from simulator.domain.errors import UnknownCard
from simulator.domain.faults import Effect, Fault, Moment
from simulator.domain.operations import Kind


class Scheme(StrEnum):
    """Card schemes."""

    VISA = "visa"
    MASTERCARD = "mastercard"
    AMEX = "amex"
    DISCOVER = "discover"
    DINERS = "diners"
    JCB = "jcb"
    UNIONPAY = "unionpay"


class Card(Struct, frozen=True):
    """What is printed on a card and what its BIN tells. Never the whole number."""

    scheme: Scheme
    bin: str
    last4: str
    funding: Literal["credit", "debit", "prepaid"] = "credit"
    country: str = "US"
    expiry: str = "12/2034"


class AuthenticationNeed(StrEnum):
    """When an issuer soft-declines what was not authenticated."""

    NEVER = "never"
    CUSTOMER_INITIATED = "customer_initiated"
    ALWAYS = "always"


class Refusal(Struct, frozen=True):
    """An issuer's no: ISO 8583 field 39 and the scheme's advice."""

    network_code: str
    message: str
    advice_code: str | None = None


class TestCard(Struct, frozen=True):
    """A token's card and how its issuer and the acquirer's line behave.

    ``faults`` strike the operation ``faults_on``, once for each reference, so that a repeated request gets through.
    """

    purpose: str
    card: Card
    refusal: Refusal | None = None
    authentication: AuthenticationNeed = AuthenticationNeed.NEVER
    partial: bool = False
    disputed_later: bool = False
    avs_result: str = "Y"
    cvc_result: str = "M"
    faults: tuple[Fault, ...] = ()
    faults_on: Kind = Kind.AUTHORIZE


_SOFT_DECLINES = {Scheme.MASTERCARD: Refusal("65", "Authentication required")}
_SOFT_DECLINE_ELSEWHERE = Refusal("1A", "Additional customer authentication required")

_VISA = Card(Scheme.VISA, "424242", "4242")


def _visa(last4: str, bin: str = "400000", **facts: str) -> Card:
    return replace(_VISA, bin=bin, last4=last4, **facts)


def _declined(purpose: str, card: Card, code: str, message: str, advice: str | None = None, cvc: str = "M") -> TestCard:
    return TestCard(purpose, card, refusal=Refusal(code, message, advice), cvc_result=cvc)


_APPROVED = {
    "tok_visa": TestCard("Approved", _VISA),
    "tok_visa_debit": TestCard("Approved", _visa("5556", funding="debit")),
    "tok_mastercard": TestCard("Approved", Card(Scheme.MASTERCARD, "555555", "4444")),
    "tok_mastercard_debit": TestCard("Approved", Card(Scheme.MASTERCARD, "520082", "8210", "debit")),
    "tok_mastercard_prepaid": TestCard("Approved", Card(Scheme.MASTERCARD, "510510", "5100", "prepaid")),
    "tok_amex": TestCard("Approved", Card(Scheme.AMEX, "378282", "0005")),
    "tok_discover": TestCard("Approved", Card(Scheme.DISCOVER, "601111", "1117")),
    "tok_diners": TestCard("Approved", Card(Scheme.DINERS, "305693", "0004")),
    "tok_jcb": TestCard("Approved", Card(Scheme.JCB, "356600", "0505", country="JP")),
    "tok_unionpay": TestCard("Approved", Card(Scheme.UNIONPAY, "620000", "0005", country="CN")),
    "tok_visa_eu": TestCard("Approved, card of the EEA", _visa("3063", country="DE")),
    "tok_visa_avs_mismatch": TestCard("Approved, address does not match", _visa("0010"), avs_result="N"),
    "tok_visa_cvc_unchecked": TestCard("Approved, CVC not checked", _visa("0101"), cvc_result="U"),
    "tok_partial_approval": TestCard("Approved for half of the amount", _visa("0044"), partial=True),
    "tok_disputed_later": TestCard(
        "Approved, disputed some time after its capture", _visa("0259"), disputed_later=True
    ),
}

_MC_DECLINED = Card(Scheme.MASTERCARD, "540500", "0002")
_DECLINED = {
    "tok_declined": _declined("Declined, no reason", _visa("0002"), "05", "Do not honor", "4"),
    "tok_declined_insufficient_funds": _declined("Insufficient funds", _visa("9995"), "51", "Insufficient funds", "2"),
    "tok_declined_lost": _declined("Lost card", _visa("9987"), "41", "Lost card, pick up", "1"),
    "tok_declined_stolen": _declined("Stolen card", _visa("9979"), "43", "Stolen card, pick up", "1"),
    "tok_declined_expired": _declined("Expired card", _visa("0069", expiry="12/2020"), "54", "Expired card", "3"),
    "tok_declined_cvc": _declined("Wrong CVC", _visa("0127"), "N7", "CVV2 mismatch", "3", cvc="N"),
    "tok_declined_processing_error": _declined("Processing error", _visa("0119"), "96", "System malfunction", "2"),
    "tok_declined_invalid_number": _declined(
        "Fails the Luhn check", _visa("4241", "424242"), "14", "Invalid card number", "1"
    ),
    "tok_declined_closed_account": _declined("Closed account", _visa("0046"), "46", "Closed account", "1"),
    "tok_declined_stop_payment": _declined(
        "Cardholder stopped payments", _visa("0180"), "R0", "Stop payment order", "1"
    ),
    "tok_declined_limit_exceeded": _declined("Above the card's limit", _visa("6975"), "61", "Exceeds limit", "2"),
    "tok_declined_suspected_fraud": _declined("Suspected fraud", _visa("0059"), "59", "Suspected fraud", "4"),
    "tok_declined_not_permitted": _declined("Not permitted to cardholder", _visa("0057"), "57", "Not permitted", "1"),
    "tok_declined_issuer_unavailable": _declined("Issuer unavailable", _visa("0091"), "91", "Issuer unavailable", "2"),
    "tok_mastercard_declined": _declined("Declined, try later (MAC 02)", _MC_DECLINED, "05", "Do not honor", "02"),
    "tok_mastercard_declined_never": _declined(
        "Declined, do not try again (MAC 03)", replace(_MC_DECLINED, last4="0003"), "05", "Do not honor", "03"
    ),
    "tok_mastercard_declined_retry_after_24h": _declined(
        "Declined, retry after 24 hours (MAC 25)", replace(_MC_DECLINED, last4="0025"), "51", "Insufficient funds", "25"
    ),
}

_3DS = {
    "tok_3ds_challenge": TestCard(
        "Soft decline until authenticated, then approved",
        _visa("3220"),
        authentication=AuthenticationNeed.CUSTOMER_INITIATED,
    ),
    "tok_3ds_declined": TestCard(
        "Soft decline until authenticated, then declined",
        _visa("1629"),
        authentication=AuthenticationNeed.CUSTOMER_INITIATED,
        refusal=Refusal("05", "Do not honor", "4"),
    ),
    "tok_3ds_always": TestCard(
        "Soft decline on every payment that is not authenticated",
        _visa("3184"),
        authentication=AuthenticationNeed.ALWAYS,
    ),
    "tok_3ds_insufficient_funds": TestCard(
        "Soft decline until authenticated, then insufficient funds",
        _visa("3178"),
        authentication=AuthenticationNeed.CUSTOMER_INITIATED,
        refusal=Refusal("51", "Insufficient funds", "2"),
    ),
    "tok_3ds_mastercard": TestCard(
        "Soft decline (65) until authenticated, then approved",
        Card(Scheme.MASTERCARD, "520000", "1005"),
        authentication=AuthenticationNeed.CUSTOMER_INITIATED,
    ),
}

_BEFORE, _AFTER = Moment.BEFORE, Moment.AFTER
_LINE_FAULTS: dict[str, tuple[str, tuple[Fault, ...]]] = {
    "timeout_before": ("Never answered, not booked", (Fault(Effect.SILENCE, _BEFORE),)),
    "timeout_after": ("Booked, never answered", (Fault(Effect.SILENCE, _AFTER),)),
    "cut_before": ("Connection closed, not booked", (Fault(Effect.CUT, _BEFORE),)),
    "cut_after": ("Booked, connection closed", (Fault(Effect.CUT, _AFTER),)),
    "500_before": ("Answered 500, not booked", (Fault(Effect.ERROR, _BEFORE),)),
    "500_after": ("Booked, answered 500", (Fault(Effect.ERROR, _AFTER),)),
    "throttled": ("Answered 429 with Retry-After, not booked", (Fault(Effect.THROTTLE, _BEFORE, status=429),)),
    "not_found_then_found": (
        "Booked, never answered, and denied to lookups for a while",
        (Fault(Effect.SILENCE, _AFTER), Fault(Effect.HIDE, delay_ms=3000)),
    ),
    "callback_twice": ("Its callback is sent twice", (Fault(Effect.CALLBACK_TWICE),)),
    "callback_late": ("Its callback is sent late", (Fault(Effect.CALLBACK_LATE, delay_ms=2000),)),
    "callback_before_answer": (
        "Its callback has been delivered before the answer",
        (Fault(Effect.CALLBACK_BEFORE_ANSWER),),
    ),
    "callback_reordered": (
        "Its two callbacks (processing, then succeeded) arrive in the wrong order",
        (Fault(Effect.CALLBACK_REORDERED, delay_ms=500),),
    ),
}


def _fault_cards() -> dict[str, TestCard]:
    cards = {}
    for name, (purpose, faults) in _LINE_FAULTS.items():
        cards[f"tok_fault_{name}"] = TestCard(f"Approved. {purpose}", _VISA, faults=faults)
        for kind in (Kind.CAPTURE, Kind.REFUND, Kind.VOID):
            described = f"Approved. Its {kind.value}: {purpose[0].lower()}{purpose[1:]}"
            cards[f"tok_fault_{kind.value}_{name}"] = TestCard(described, _VISA, faults=faults, faults_on=kind)
    return cards


TEST_CARDS: dict[str, TestCard] = {**_APPROVED, **_DECLINED, **_3DS, **_fault_cards()}
_SLOW = re.compile(r"tok_fault_slow_([0-9]{1,5})")


def find_card(token: str) -> TestCard:
    """The test card of a token, with or without a suffix. Raises UnknownCard."""
    name = token.partition(":")[0]
    known = TEST_CARDS.get(name)
    if known is not None:
        return known
    slow = _SLOW.fullmatch(name)
    if slow is not None:
        delay = Fault(Effect.DELAY, Moment.AFTER, delay_ms=int(slow[1]))
        return TestCard(f"Approved. Booked at once, answered after {slow[1]} ms", _VISA, faults=(delay,))
    raise UnknownCard(f"No test card has the token {name!r}; see the reference of test cards.", param="card")


def soft_decline(scheme: Scheme) -> Refusal:
    """How an issuer of this scheme asks for an authentication (Mastercard 65, elsewhere 1A)."""
    return _SOFT_DECLINES.get(scheme, _SOFT_DECLINE_ELSEWHERE)
