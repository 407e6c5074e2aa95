"""The test cards: one table from token to behaviour. `docs/reference/test-cards.md` is made from it.

What is printed on a card is published in `florin.contracts.test_cards`. A token may carry a suffix (``tok_visa:alice``)
that tells cards of one behaviour apart.
"""

import re
from enum import StrEnum
from typing import Any

from msgspec import Struct

from florin.contracts.test_cards import CardFacts, find_test_card
from simulator.domain.errors import UnknownCard
from simulator.domain.faults import Effect, Fault, Moment
from simulator.domain.operations import Kind


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
    card: CardFacts
    refusal: Refusal | None = None
    authentication: AuthenticationNeed = AuthenticationNeed.NEVER
    partial: bool = False
    disputed_later: bool = False
    avs_result: str = "Y"
    cvc_result: str = "M"
    faults: tuple[Fault, ...] = ()
    faults_on: Kind = Kind.AUTHORIZE


_SOFT_DECLINES = {"mastercard": Refusal("65", "Authentication required")}
_SOFT_DECLINE_ELSEWHERE = Refusal("1A", "Additional customer authentication required")


def _card(token: str, purpose: str, **behaviour: Any) -> TestCard:
    facts = find_test_card(token)
    if facts is None:
        raise UnknownCard(f"The card of {token} is not published.", param="card")
    return TestCard(purpose, facts, **behaviour)


_APPROVED: dict[str, tuple[str, dict[str, Any]]] = {
    "tok_visa": ("Approved", {}),
    "tok_visa_debit": ("Approved", {}),
    "tok_mastercard": ("Approved", {}),
    "tok_mastercard_debit": ("Approved", {}),
    "tok_mastercard_prepaid": ("Approved", {}),
    "tok_amex": ("Approved", {}),
    "tok_discover": ("Approved", {}),
    "tok_diners": ("Approved", {}),
    "tok_jcb": ("Approved", {}),
    "tok_unionpay": ("Approved", {}),
    "tok_visa_eu": ("Approved, card of the EEA", {}),
    "tok_visa_avs_mismatch": ("Approved, address does not match", {"avs_result": "N"}),
    "tok_visa_cvc_unchecked": ("Approved, CVC not checked", {"cvc_result": "U"}),
    "tok_partial_approval": ("Approved for half of the amount", {"partial": True}),
    "tok_disputed_later": ("Approved, disputed some time after its capture", {"disputed_later": True}),
}

_REFUSED: dict[str, tuple[str, Refusal]] = {
    "tok_declined": ("Declined, no reason", Refusal("05", "Do not honor", "4")),
    "tok_declined_insufficient_funds": ("Insufficient funds", Refusal("51", "Insufficient funds", "2")),
    "tok_declined_lost": ("Lost card", Refusal("41", "Lost card, pick up", "1")),
    "tok_declined_stolen": ("Stolen card", Refusal("43", "Stolen card, pick up", "1")),
    "tok_declined_expired": ("Expired card", Refusal("54", "Expired card", "3")),
    "tok_declined_cvc": ("Wrong CVC", Refusal("N7", "CVV2 mismatch", "3")),
    "tok_declined_processing_error": ("Processing error", Refusal("96", "System malfunction", "2")),
    "tok_declined_invalid_number": ("Fails the Luhn check", Refusal("14", "Invalid card number", "1")),
    "tok_declined_closed_account": ("Closed account", Refusal("46", "Closed account", "1")),
    "tok_declined_stop_payment": ("Cardholder stopped payments", Refusal("R0", "Stop payment order", "1")),
    "tok_declined_limit_exceeded": ("Above the card's limit", Refusal("61", "Exceeds limit", "2")),
    "tok_declined_suspected_fraud": ("Suspected fraud", Refusal("59", "Suspected fraud", "4")),
    "tok_declined_not_permitted": ("Not permitted to cardholder", Refusal("57", "Not permitted", "1")),
    "tok_declined_issuer_unavailable": ("Issuer unavailable", Refusal("91", "Issuer unavailable", "2")),
    "tok_mastercard_declined": ("Declined, try later (MAC 02)", Refusal("05", "Do not honor", "02")),
    "tok_mastercard_declined_never": ("Declined, do not try again (MAC 03)", Refusal("05", "Do not honor", "03")),
    "tok_mastercard_declined_retry_after_24h": (
        "Declined, retry after 24 hours (MAC 25)",
        Refusal("51", "Insufficient funds", "25"),
    ),
}

_CUSTOMER = AuthenticationNeed.CUSTOMER_INITIATED
_AUTHENTICATED: dict[str, tuple[str, dict[str, Any]]] = {
    "tok_3ds_challenge": ("Soft decline until authenticated, then approved", {"authentication": _CUSTOMER}),
    "tok_3ds_declined": (
        "Soft decline until authenticated, then declined",
        {"authentication": _CUSTOMER, "refusal": Refusal("05", "Do not honor", "4")},
    ),
    "tok_3ds_always": (
        "Soft decline on every payment that is not authenticated, the merchant's own too",
        {"authentication": AuthenticationNeed.ALWAYS},
    ),
    "tok_3ds_insufficient_funds": (
        "Soft decline until authenticated, then insufficient funds",
        {"authentication": _CUSTOMER, "refusal": Refusal("51", "Insufficient funds", "2")},
    ),
    "tok_3ds_mastercard": ("Soft decline (65) until authenticated, then approved", {"authentication": _CUSTOMER}),
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


def _issuer_cards() -> dict[str, TestCard]:
    cards = {token: _card(token, purpose, **behaviour) for token, (purpose, behaviour) in _APPROVED.items()}
    for token, (purpose, refusal) in _REFUSED.items():
        cvc_result = "N" if refusal.network_code == "N7" else "M"
        cards[token] = _card(token, purpose, refusal=refusal, cvc_result=cvc_result)
    return cards | {token: _card(token, purpose, **behaviour) for token, (purpose, behaviour) in _AUTHENTICATED.items()}


def _fault_cards() -> dict[str, TestCard]:
    cards = {}
    for name, (purpose, faults) in _LINE_FAULTS.items():
        for kind in (Kind.AUTHORIZE, Kind.CAPTURE, Kind.REFUND, Kind.VOID):
            token = f"tok_fault_{name}" if kind is Kind.AUTHORIZE else f"tok_fault_{kind.value}_{name}"
            about = "" if kind is Kind.AUTHORIZE else f"Its {kind.value}: "
            cards[token] = _card(token, f"Approved. {about}{purpose}", faults=faults, faults_on=kind)
    return cards


TEST_CARDS: dict[str, TestCard] = {**_issuer_cards(), **_fault_cards()}
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
        return _card(name, f"Approved. Booked at once, answered after {slow[1]} ms", faults=(delay,))
    raise UnknownCard(f"No test card has the token {name!r}; see the reference of test cards.", param="card")


def soft_decline(scheme: str) -> Refusal:
    """How an issuer of this scheme asks for an authentication (Mastercard 65, elsewhere 1A)."""
    return _SOFT_DECLINES.get(scheme, _SOFT_DECLINE_ELSEWHERE)
