"""Test cards by token: what may be shown of them (PCI DSS 3.4.1), published for everybody who tests.

Until a vault issues tokens, these are all there are. How a token's issuer behaves is the simulator's business.
"""

from msgspec import Struct


class CardFacts(Struct, frozen=True):
    """Scheme, BIN, last four digits, expiry, funding and the issuer's country (ISO 3166 alpha-2)."""

    scheme: str
    bin: str
    last4: str
    exp_month: int = 12
    exp_year: int = 2034
    funding: str = "credit"
    country: str = "US"


FAULT_PREFIX = "tok_fault_"
"""Tokens of a Visa card whose line to the acquirer misbehaves, such as ``tok_fault_timeout_after``."""

TEST_CARDS: dict[str, CardFacts] = {
    "tok_visa": CardFacts("visa", "424242", "4242"),
    "tok_visa_debit": CardFacts("visa", "400000", "5556", funding="debit"),
    "tok_mastercard": CardFacts("mastercard", "555555", "4444"),
    "tok_mastercard_debit": CardFacts("mastercard", "520082", "8210", funding="debit"),
    "tok_mastercard_prepaid": CardFacts("mastercard", "510510", "5100", funding="prepaid"),
    "tok_amex": CardFacts("amex", "378282", "0005"),
    "tok_discover": CardFacts("discover", "601111", "1117"),
    "tok_diners": CardFacts("diners", "305693", "0004"),
    "tok_jcb": CardFacts("jcb", "356600", "0505", country="JP"),
    "tok_unionpay": CardFacts("unionpay", "620000", "0005", country="CN"),
    "tok_visa_eu": CardFacts("visa", "400000", "3063", country="DE"),
    "tok_visa_avs_mismatch": CardFacts("visa", "400000", "0010"),
    "tok_visa_cvc_unchecked": CardFacts("visa", "400000", "0101"),
    "tok_partial_approval": CardFacts("visa", "400000", "0044"),
    "tok_disputed_later": CardFacts("visa", "400000", "0259"),
    "tok_declined": CardFacts("visa", "400000", "0002"),
    "tok_declined_insufficient_funds": CardFacts("visa", "400000", "9995"),
    "tok_declined_lost": CardFacts("visa", "400000", "9987"),
    "tok_declined_stolen": CardFacts("visa", "400000", "9979"),
    "tok_declined_expired": CardFacts("visa", "400000", "0069", exp_month=12, exp_year=2020),
    "tok_declined_cvc": CardFacts("visa", "400000", "0127"),
    "tok_declined_processing_error": CardFacts("visa", "400000", "0119"),
    "tok_declined_invalid_number": CardFacts("visa", "424242", "4241"),
    "tok_declined_closed_account": CardFacts("visa", "400000", "0046"),
    "tok_declined_stop_payment": CardFacts("visa", "400000", "0180"),
    "tok_declined_limit_exceeded": CardFacts("visa", "400000", "6975"),
    "tok_declined_suspected_fraud": CardFacts("visa", "400000", "0059"),
    "tok_declined_not_permitted": CardFacts("visa", "400000", "0057"),
    "tok_declined_issuer_unavailable": CardFacts("visa", "400000", "0091"),
    "tok_mastercard_declined": CardFacts("mastercard", "540500", "0002"),
    "tok_mastercard_declined_never": CardFacts("mastercard", "540500", "0003"),
    "tok_mastercard_declined_retry_after_24h": CardFacts("mastercard", "540500", "0025"),
    "tok_3ds_challenge": CardFacts("visa", "400000", "3220"),
    "tok_3ds_declined": CardFacts("visa", "400000", "1629"),
    "tok_3ds_always": CardFacts("visa", "400000", "3184"),
    "tok_3ds_insufficient_funds": CardFacts("visa", "400000", "3178"),
    "tok_3ds_mastercard": CardFacts("mastercard", "520000", "1005"),
}


def find_test_card(token: str) -> CardFacts | None:
    """The facts of a token, with or without a suffix (``tok_visa:alice``); None where there is no such token."""
    name = token.partition(":")[0]
    return TEST_CARDS["tok_visa"] if name.startswith(FAULT_PREFIX) else TEST_CARDS.get(name)
