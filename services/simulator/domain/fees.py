"""What a captured amount costs: interchange for the issuer, a fee for the scheme, and the acquirer's own margin.

Rates are in units of 1/10,000 (basis points), rounded half up on the amount's minor units. With a refund only the
interchange comes back.
"""

from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from florin.contracts.test_cards import CardFacts
from florin.money import exponent_of

_SCHEME_BP = 2
_ACQUIRER_BP = 25
_ACQUIRER_FIXED_TENTHS = 1
_CAPPED = frozenset({"DE", "FR", "NL", "IE"})

# Units of a currency for one euro. Made up and never changing, so that a settlement can be checked by hand.
_PER_EURO = {
    "EUR": Decimal(1),
    "USD": Decimal("1.10"),
    "GBP": Decimal("0.85"),
    "CHF": Decimal("0.95"),
    "SEK": Decimal("11.25"),
    "JPY": Decimal("160"),
    "KWD": Decimal("0.34"),
}


class Fees(Struct, frozen=True):
    """The parts of the price of one capture or refund, in minor units; negative where it is given back."""

    interchange_minor: int
    scheme_fee_minor: int
    acquirer_fee_minor: int

    @property
    def total_minor(self) -> int:
        """All of it."""
        return self.interchange_minor + self.scheme_fee_minor + self.acquirer_fee_minor


def _share(amount_minor: int, basis_points: int) -> int:
    return (amount_minor * basis_points + 5_000) // 10_000


def interchange_bp(card: CardFacts) -> int:
    """Interchange as capped in the EEA (Regulation 2015/751): debit 0.20 %, credit 0.30 %; elsewhere 1.50 %."""
    if card.country not in _CAPPED or card.scheme in ("amex", "diners"):
        return 150
    return 30 if card.funding == "credit" else 20


def capture_fees(amount_minor: int, currency: str, card: CardFacts) -> Fees:
    """The fees of a captured amount."""
    fixed_minor = int(Decimal(_ACQUIRER_FIXED_TENTHS).scaleb(exponent_of(currency) - 1))
    return Fees(
        interchange_minor=_share(amount_minor, interchange_bp(card)),
        scheme_fee_minor=_share(amount_minor, _SCHEME_BP),
        acquirer_fee_minor=_share(amount_minor, _ACQUIRER_BP) + fixed_minor,
    )


def refund_fees(amount_minor: int, card: CardFacts) -> Fees:
    """The fees of a refunded amount: the interchange returns."""
    return Fees(
        interchange_minor=-_share(amount_minor, interchange_bp(card)),
        scheme_fee_minor=_share(amount_minor, _SCHEME_BP),
        acquirer_fee_minor=0,
    )


def exchange_rate(currency: str, settlement_currency: str) -> Decimal | None:
    """Units of the settlement currency for one unit, to eight decimals; None where there is no rate."""
    if currency == settlement_currency:
        return Decimal(1)
    if currency not in _PER_EURO or settlement_currency not in _PER_EURO:
        return None
    rate = _PER_EURO[settlement_currency] / _PER_EURO[currency]
    return rate.quantize(Decimal("1.00000000"), ROUND_HALF_UP)


def convert(amount_minor: int, currency: str, settlement_currency: str, rate: Decimal) -> int:
    """An amount in the settlement currency's minor units, rounded half away from zero."""
    exact = Decimal(amount_minor).scaleb(exponent_of(settlement_currency) - exponent_of(currency)) * rate
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
