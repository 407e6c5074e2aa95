"""The port to card data: from a token to what may be shown of its card. A vault takes this over."""

from typing import Protocol

from florin.contracts.test_cards import find_test_card
from florin.errors import InvalidRequest
from payments.domain.payment import Card


class TokenUnknown(InvalidRequest):
    """No card has this token, or it belongs to the other mode. Card numbers are never taken."""

    code = "token_unknown"
    title = "The card token is not known"


class Cards(Protocol):
    """What is known of tokens."""

    def describe(self, token: str, *, livemode: bool) -> Card:
        """The card of a token. Raises TokenUnknown."""
        ...


class TestCards:
    """The published test tokens; none of them exists in live mode."""

    def describe(self, token: str, *, livemode: bool) -> Card:
        """The card of a test token. Raises TokenUnknown."""
        facts = None if livemode else find_test_card(token)
        if facts is None:
            hint = (
                "test tokens do not exist in live mode"
                if livemode
                else "in test mode send a test token such as tok_visa"
            )
            raise TokenUnknown(f"There is no card with this token; {hint}.", param="payment_method.token")
        return Card(
            token=token,
            scheme=facts.scheme,
            bin=facts.bin,
            last4=facts.last4,
            exp_month=facts.exp_month,
            exp_year=facts.exp_year,
            funding=facts.funding,
            country=facts.country,
        )
