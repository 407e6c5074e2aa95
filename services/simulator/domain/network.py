"""The identifiers that acquirers and schemes give out. All of them follow from the operation's number in the book, so
they are unique and a run can be repeated.
"""

from datetime import datetime

from florin.contracts.test_cards import CardFacts

_ACQUIRER_BIN = "271828"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _luhn_digit(digits: str) -> int:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


def auth_code(number: int) -> str:
    """ISO 8583 field 38: six characters. A bijection of the number's last six digits, so neighbours look unlike."""
    return f"{number * 387_421 % 1_000_000:06d}"


def rrn(number: int, now: datetime) -> str:
    """Retrieval reference number, ISO 8583 field 37: last digit of the year, day of the year, hour, six digits."""
    return f"{now.year % 10}{now.timetuple().tm_yday:03d}{now.hour:02d}{number % 1_000_000:06d}"


def arn(number: int, now: datetime) -> str:
    """Acquirer reference number: 7, the acquirer's BIN, the Julian date, eleven digits, and a Luhn check digit."""
    digits = f"7{_ACQUIRER_BIN}{now.year % 10}{now.timetuple().tm_yday:03d}{number % 10**11:011d}"
    return f"{digits}{_luhn_digit(digits)}"


def network_transaction_id(number: int, card: CardFacts, now: datetime) -> str:
    """What ties later payments to this one: Mastercard's Banknet reference and date, elsewhere 15 digits."""
    if card.scheme != "mastercard":
        return f"{now.year % 10}{now.timetuple().tm_yday:03d}{number % 10**11:011d}"
    letters = []
    for _ in range(6):
        number, index = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[index])
    return f"MCC{''.join(reversed(letters))}{now:%m%d}"
