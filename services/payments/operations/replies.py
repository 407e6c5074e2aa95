"""What a request is answered, and what its idempotency key will answer for ever after."""

from typing import Any

import msgspec

from florin.errors import Declined
from florin.service import problem_of
from payments.domain.decision import Answer, Decision, Result
from payments.domain.outcome import Decline
from payments.domain.payment import CaptureMethod, Verb
from payments.domain.snapshot import view_refund
from payments.store.statements import StoredReply

_encode = msgspec.json.Encoder().encode
_STATUS = {Result.CREATED: 201, Result.DONE: 200, Result.PENDING: 202}


class CardDeclined(Declined):
    """The issuer or the acquirer refused. ``decline_code`` is the normalised reason, ``action`` what may follow."""

    code = "card_declined"
    title = "The card was declined"


class AcquirerUnavailable(Declined):
    """No acquirer took the request, and it is certain that no money moved. It may be tried again with a new key."""

    code = "acquirer_unavailable"
    title = "The acquirer could not be reached"
    retryable = True


def render(decision: Decision, answer: Answer, view: bytes) -> StoredReply:
    """The reply of a decision: the object that was asked for, or a problem that carries the payment."""
    found = decision.payment.find_operation(answer.operation_id) if answer.operation_id else None
    status = _STATUS.get(answer.result)
    if status is not None:
        if answer.result is Result.DONE and (found or _creates(decision)):
            status = _STATUS[Result.CREATED]
        return StoredReply(status, _encode(view_refund(decision.payment, found[1])) if found else view)
    members: dict[str, Any] = {"payment": msgspec.Raw(view)}
    if found:
        members["refund"] = view_refund(decision.payment, found[1])
    return _problem(decision, answer, members)


def _creates(decision: Decision) -> bool:
    """Whether this ends the request that made the payment: its authorisation, or the capture that belongs to it."""
    found = decision.payment.find_operation(decision.detail.get("operation_id", ""))
    if found is None or not found[0].creating:
        return False
    automatic = decision.payment.capture_method is CaptureMethod.AUTOMATIC
    return found[1].verb is Verb.AUTHORIZE or (found[1].verb is Verb.CAPTURE and automatic)


def _problem(decision: Decision, answer: Answer, members: dict[str, Any]) -> StoredReply:
    decline = _decline_of(decision)
    error: Declined
    if answer.result is Result.DECLINED and decline is not None:
        error = CardDeclined(
            f"The request was declined: {decline.reason.replace('_', ' ')}.",
            decline_code=decline.reason,
            action=decline.action,
            network_decline_code=decline.raw_code,
            advice_code=decline.advice_code,
            **members,
        )
    else:
        error = AcquirerUnavailable(
            "The acquirer did not take the request, and no money moved. Try again with a new Idempotency-Key.",
            action="retry_later",
            **members,
        )
    problem = problem_of(error)
    return StoredReply(problem.status, problem.body)


def _decline_of(decision: Decision) -> Decline | None:
    found = decision.payment.find_operation(decision.detail.get("operation_id", ""))
    return found[1].decline if found else None
