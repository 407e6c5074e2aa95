"""Takes card numbers and credentials out of anything that is about to be written down.

A filter of last resort: code that handles such values must not log them. False alarms are cheap here (a
masked timestamp), a miss is not.
"""

import re
from collections.abc import Mapping
from typing import Any

MASK = "[redacted]"

_DIGITS = re.compile(r"\d(?:[ \t\-]?\d){12,}")
"""What may hold a card number: 13 or more digits, grouped by single spaces or dashes or not at all."""

_CREDENTIALS = re.compile(
    r"""
      \b((?:sk|rk)_(?:live|test)_)[A-Za-z0-9_\-]+        # API keys keep their prefix: it tells which mode leaked
    | (whsec_)[A-Za-z0-9+/=_\-]+                         # webhook secrets
    | ((?i:bearer|basic)\s+)[A-Za-z0-9._~+/=\-]{4,}      # authorization headers
    | (://[^\s:/@]*:)[^\s@/]+(?=@)                       # passwords in URLs
    """,
    re.VERBOSE,
)

_SENSITIVE_NAME = re.compile(
    r"""(?ix) (?: .*(?: password | passwd | secret | token | authorization | api_?key | private_?key | cookie
                      | card_?number | track_?data | pin_?block )
              | pan | cvc2? | cvv2? | cvn | csc | cid )"""
)

_ASSIGNMENT = re.compile(
    r"""(?ix)
    ( (?<![\w-]) ["']?
      (?: [\w-]*(?: password | passwd | secret | token | authorization | api[_-]?key | private[_-]?key | cookie
                  | card[_-]?number | track[_-]?data | pin[_-]?block )
        | pan | cvc2? | cvv2? | cvn | csc )
      ["']? \s* [:=] \s* (?: (?:bearer|basic) \s+ )? )
    ( "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | [^\s,;&}\])\["']+ )
    """
)


def passes_luhn(digits: str) -> bool:
    """Whether the check digit is right (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, character in enumerate(reversed(digits)):
        digit = int(character)
        if position % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


def _mask_card_numbers(match: re.Match[str]) -> str:
    digits = "".join(character for character in match[0] if character.isdecimal())
    # A number may hide in a longer run (glued to a counter, say), so every window is looked at.
    for length in range(13, 20):
        for start in range(len(digits) - length + 1):
            if passes_luhn(digits[start : start + length]):
                return MASK
    return match[0]


def _mask_credential(match: re.Match[str]) -> str:
    return f"{match[match.lastindex or 0]}{MASK}"


def redact(text: str) -> str:
    """The text without card numbers, API keys, bearer tokens, webhook secrets and values of sensitive names."""
    text = _DIGITS.sub(_mask_card_numbers, text)
    text = _CREDENTIALS.sub(_mask_credential, text)
    return _ASSIGNMENT.sub(rf"\1{MASK}", text)


def redact_value(value: Any, name: str = "") -> Any:
    """`redact` for what a log line carries beside its message: nested, and by the name of its field."""
    if name and _SENSITIVE_NAME.fullmatch(name):
        return MASK
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return MASK if abs(value) >= 1e12 and redact(str(value)) != str(value) else value
    if isinstance(value, Mapping):
        return {redact(str(key)): redact_value(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value(item) for item in value]
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return redact(str(value))
