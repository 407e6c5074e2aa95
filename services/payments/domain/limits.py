"""The merchant's limits: for one payment, and for what is authorised in a day (UTC)."""

from datetime import date

from florin.contracts.merchant_config import Limit, MerchantConfig
from florin.errors import InvalidRequest
from payments.domain.errors import AmountLimitExceeded
from payments.domain.payment import OperationState, Payment


def limit_for(config: MerchantConfig, currency: str) -> Limit | None:
    """The limit in a currency. Raises InvalidRequest where the merchant does not take that currency."""
    if currency not in config.currencies:
        accepted = ", ".join(config.currencies)
        raise InvalidRequest(f"{currency} is not configured for this merchant; it takes {accepted}.", param="currency")
    return next((limit for limit in config.limits if limit.currency == currency), None)


def check_one_payment(limit: Limit | None, amount_minor: int) -> None:
    """Raises AmountLimitExceeded where one payment may not be so large."""
    most_minor = limit.per_transaction_minor if limit else None
    if most_minor is not None and amount_minor > most_minor:
        raise AmountLimitExceeded(
            f"At most {most_minor} may be charged by one payment.", param="amount_minor", limit_minor=most_minor
        )


def counted(payment: Payment | None) -> tuple[date | None, int]:
    """The day that a payment counts for, and how much: its amount while it is, or may be, authorised."""
    if payment is None or payment.limit_day is None or not payment.attempts:
        return None, 0
    attempt = payment.attempts[-1]
    authorization = attempt.authorization
    if attempt.abandoned or authorization.state in (OperationState.DECLINED, OperationState.FAILED):
        return payment.limit_day, 0
    return payment.limit_day, authorization.amount_minor
