"""Authorise an amount on a card; a sale captures it in the same step."""

from datetime import timedelta

from florin.contracts.test_cards import CardFacts
from florin.ids import new_ulid
from florin.money import exponent_of
from simulator.domain.cards import AuthenticationNeed, Refusal, TestCard, find_card, soft_decline
from simulator.domain.errors import UnknownMerchantAccount
from simulator.domain.fees import capture_fees
from simulator.domain.network import arn, auth_code, network_transaction_id, rrn
from simulator.domain.operations import Authorization, Authorize, Kind, Operation, State, Status
from simulator.domain.terminals import Terminal
from simulator.operations.booking import Call, Result, earlier_result
from simulator.operations.dispute import schedule_dispute
from simulator.store.operations import business_date, insert_authorization, insert_operation

_PROVEN = frozenset({"01", "02", "05", "06"})
_DEFAULT_MID = "000000000000001"


def authorize(call: Call, request: Authorize) -> Result:
    """Decide as the card's issuer would, and book it. Declines are booked too."""
    fingerprint = (
        f"authorize:{request.amount_minor}:{request.currency}:{request.card}:{request.capture}:{_mid(call, request)}"
    )
    earlier = earlier_result(call, request.reference, fingerprint)
    if earlier is not None:
        return earlier
    exponent_of(request.currency)
    test_card = find_card(request.card)
    mid = _mid(call, request)
    _require_merchant_account(call.terminal, mid)
    number = call.book.take_number()
    operation = _decide(call, request, test_card, number, mid)
    taken = operation.captured and operation.status is Status.APPROVED
    booked = insert_operation(
        call.book,
        number,
        operation,
        direction=1 if taken else 0,
        fingerprint=fingerprint,
        visible_at=call.visible_at,
    )
    if operation.status is Status.APPROVED:
        authorization = _open(operation, request)
        insert_authorization(call.book, authorization)
        if taken and test_card.disputed_later:
            schedule_dispute(call, authorization)
    return Result(booked)


def issuer_refusal(test_card: TestCard, request: Authorize) -> Refusal | None:
    """Why the issuer says no, or None where it says yes."""
    if test_card.authentication is not AuthenticationNeed.NEVER and not is_authenticated(request):
        exempt = request.initiator == "mit" and test_card.authentication is AuthenticationNeed.CUSTOMER_INITIATED
        if not exempt:
            return soft_decline(test_card.card.scheme)
    return test_card.refusal


def is_authenticated(request: Authorize) -> bool:
    """Whether a 3-D Secure authentication proves the cardholder, or its attempt (ECI 05, 06; Mastercard 02, 01)."""
    return request.authentication is not None and request.authentication.eci in _PROVEN


def _mid(call: Call, request: Authorize) -> str:
    if request.merchant_account is not None:
        return request.merchant_account.mid
    return next(iter(call.terminal.merchant_accounts), _DEFAULT_MID)


def _require_merchant_account(terminal: Terminal, mid: str) -> None:
    if terminal.merchant_accounts and mid not in terminal.merchant_accounts:
        raise UnknownMerchantAccount(f"The merchant account {mid!r} is not one of this terminal's.", param="mid")


def _decide(call: Call, request: Authorize, test_card: TestCard, number: int, mid: str) -> Operation:
    refusal = issuer_refusal(test_card, request)
    card, now = test_card.card, call.now
    approved_minor = _approved_minor(request.amount_minor, test_card) if refusal is None else 0
    taken = refusal is None and request.capture
    operation_id = f"aut_{new_ulid()}"
    return Operation(
        id=operation_id,
        kind=Kind.AUTHORIZE,
        reference=request.reference,
        terminal=call.terminal.id,
        status=Status.DECLINED if refusal else Status.APPROVED,
        authorization=operation_id,
        amount_minor=approved_minor,
        requested_minor=request.amount_minor,
        currency=request.currency,
        captured=taken,
        network_code=refusal.network_code if refusal else _approval_code(request, approved_minor),
        message=refusal.message if refusal else "Approved",
        advice_code=refusal.advice_code if refusal else None,
        auth_code=None if refusal else auth_code(number),
        rrn=rrn(number, now),
        arn=arn(number, now) if taken else None,
        network_transaction_id=network_transaction_id(number, card, now),
        avs_result=test_card.avs_result,
        cvc_result=test_card.cvc_result,
        fee_minor=_fee_minor(approved_minor, request.currency, card) if taken else 0,
        scheme=card.scheme,
        card_last4=card.last4,
        mid=mid,
        initiator=request.initiator,
        authenticated=is_authenticated(request),
        business_date=business_date(now),
        occurred_at=now,
        expires_at=None if refusal else now + timedelta(seconds=call.conduct.authorization_lifetime_s),
    )


def _approved_minor(requested_minor: int, test_card: TestCard) -> int:
    return max(1, requested_minor // 2) if test_card.partial else requested_minor


def _approval_code(request: Authorize, approved_minor: int) -> str:
    return "00" if approved_minor == request.amount_minor else "10"  # ISO 8583: approved for a partial amount


def _fee_minor(amount_minor: int, currency: str, card: CardFacts) -> int:
    return capture_fees(amount_minor, currency, card).total_minor


def _open(operation: Operation, request: Authorize) -> Authorization:
    captured_minor = operation.amount_minor if operation.captured else 0
    return Authorization(
        id=operation.id,
        terminal=operation.terminal,
        reference=operation.reference,
        card=request.card,
        mid=operation.mid,
        initiator=operation.initiator,
        currency=operation.currency,
        authorized_minor=operation.amount_minor,
        captured_minor=captured_minor,
        refunded_minor=0,
        state=State.CLOSED if operation.captured else State.OPEN,
        expires_at=operation.expires_at.timestamp() if operation.expires_at else 0.0,
        network_transaction_id=operation.network_transaction_id or "",
        callback_url=request.callback_url,
    )
