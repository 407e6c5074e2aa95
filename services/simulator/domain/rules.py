"""What the acquirer allows, whatever its clients ask: pure checks on the running amounts of one charge."""

from msgspec.structs import replace

from simulator.domain.errors import (
    AlreadyCaptured,
    AuthorizationClosed,
    CaptureExceedsAuthorized,
    RefundExceedsCaptured,
)
from simulator.domain.operations import Authorization, State


def captured(authorization: Authorization, amount_minor: int, *, final: bool, now: float) -> Authorization:
    """The authorisation after a capture. Raises AuthorizationClosed or CaptureExceedsAuthorized."""
    _require_open(authorization, now)
    total = authorization.captured_minor + amount_minor
    if total > authorization.authorized_minor:
        left = authorization.authorized_minor - authorization.captured_minor
        raise CaptureExceedsAuthorized(
            f"{amount_minor} cannot be captured: {left} {authorization.currency} (minor units) are left of the "
            f"{authorization.authorized_minor} authorised.",
            param="amount_minor",
        )
    used_up = final or total == authorization.authorized_minor
    return replace(authorization, captured_minor=total, state=State.CLOSED if used_up else State.OPEN)


def voided(authorization: Authorization, now: float) -> Authorization:
    """The authorisation after a void. Raises AlreadyCaptured or AuthorizationClosed."""
    if authorization.captured_minor:
        raise AlreadyCaptured("Something was captured; refund it instead.", param="authorization")
    _require_open(authorization, now)
    return replace(authorization, state=State.VOIDED)


def refunded(
    authorization: Authorization, amount_minor: int, of_capture: tuple[int, int] | None = None
) -> Authorization:
    """The authorisation after a refund; ``of_capture`` is the captured and so far refunded amount of the capture it
    names. Raises RefundExceedsCaptured.
    """
    left = authorization.captured_minor - authorization.refunded_minor
    if of_capture is not None:
        left = min(left, of_capture[0] - of_capture[1])
    if amount_minor > left:
        raise RefundExceedsCaptured(
            f"{amount_minor} cannot be refunded: {left} {authorization.currency} (minor units) are left of what was "
            "captured.",
            param="amount_minor",
        )
    return replace(authorization, refunded_minor=authorization.refunded_minor + amount_minor)


def _require_open(authorization: Authorization, now: float) -> None:
    if authorization.state is not State.OPEN:
        word = "voided" if authorization.state is State.VOIDED else "captured to its end"
        raise AuthorizationClosed(f"The authorisation was {word}.", param="authorization")
    if now >= authorization.expires_at:
        raise AuthorizationClosed("The authorisation has expired.", param="authorization")
