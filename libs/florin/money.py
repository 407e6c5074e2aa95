"""Amounts: integers of minor units with their currency (ISO 4217). No floats, no arithmetic across currencies."""

from decimal import Decimal

from msgspec import Struct

from florin.errors import InvalidRequest

# ISO 4217 list one, active codes for money, by number of decimals. Codes with four decimals are units of
# account (CLF, UYW), and codes for metals, tests and bonds name no money that a card can be charged in.
_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_TWO = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC
    CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
    JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
    NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
    SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_ZERO.split(), 0),
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_THREE.split(), 3),
}

MAX_AMOUNT_MINOR = 999_999_999_999
"""The largest amount of one payment, in minor units (12 digits: ISO 8583 field 4)."""


class Money(Struct, frozen=True):
    """An amount in minor units of a currency."""

    amount_minor: int
    currency: str

    def decimal(self) -> Decimal:
        """The amount in major units, for display and for acquirers that want it so."""
        return Decimal(self.amount_minor).scaleb(-exponent_of(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal():f} {self.currency}"


def exponent_of(currency: str) -> int:
    """Decimals of a currency. Raises InvalidRequest for a code that is not in ISO 4217's list of money."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise InvalidRequest(
            f"{currency[:16]!r} is not a currency of ISO 4217; use an upper-case code such as EUR, JPY or KWD.",
            param="currency",
        ) from None
