"""docs/reference/states.md: the statuses of a payment and how it gets from one to another."""

from payments.domain.states import MEANING, TRANSITIONS, Status

_HEAD = """# Statuses of a payment

The status is derived from a payment's operations at the acquirer; it is never set. A request that the status does not
allow is refused with 409 and the code [`payment_state_conflict`](errors.md#payment_state_conflict). What an acquirer
tells is never refused. Refunds and disputes do not change the status: each has one of its own.

This page is made from the code: `./dev generate`.
"""
_TAIL = """Left out of the picture, and in the table: what ends in `conflicted`; a capture or a void that had been
given up and comes back approved; that an unknown outcome, once told, leads to all that `processing` does.
`requires_action` waits for 3-D Secure, which Florin does not ask for yet.
"""

_S = Status
_STARTS = (_S.REQUIRES_PAYMENT_METHOD, _S.REQUIRES_CONFIRMATION, _S.PROCESSING)
# What leads from a status that waits for nobody at the acquirer to the next one.
_CAUSES: dict[tuple[Status, Status], str] = {
    (_S.REQUIRES_PAYMENT_METHOD, _S.PROCESSING): "confirm with a card",
    (_S.REQUIRES_PAYMENT_METHOD, _S.CANCELED): "cancel",
    (_S.REQUIRES_CONFIRMATION, _S.PROCESSING): "confirm",
    (_S.REQUIRES_CONFIRMATION, _S.CANCELED): "cancel",
    (_S.REQUIRES_CAPTURE, _S.PROCESSING): "capture or cancel",
    (_S.REQUIRES_CAPTURE, _S.EXPIRED): "time",
    (_S.PARTIALLY_CAPTURED_AND_CAPTURABLE, _S.PROCESSING): "capture",
    (_S.PARTIALLY_CAPTURED_AND_CAPTURABLE, _S.PARTIALLY_CAPTURED): "time",
    (_S.OUTCOME_UNKNOWN, _S.PROCESSING): "once the acquirer tells",
}


def render() -> str:
    """The page."""
    lines = [_HEAD, "| status | what it means | may become |", "|---|---|---|"]
    for status in Status:
        following = ", ".join(f"`{after}`" for after in Status if after in TRANSITIONS[status]) or "stays"
        lines.append(f"| `{status}` | {MEANING[status]} | {following} |")
    return "\n".join([*lines, "", "## The usual ways", "", *_diagram(), "", _TAIL])


def _diagram() -> list[str]:
    outcomes = [after for after in Status if after in TRANSITIONS[_S.PROCESSING] - {_S.CONFLICTED}]
    ends = [status for status in Status if TRANSITIONS[status] <= {_S.CONFLICTED, _S.SUCCEEDED}]
    return [
        "```mermaid",
        "stateDiagram-v2",
        *(f"    [*] --> {status}" for status in _STARTS),
        *(f"    {before} --> {after}: {cause}" for (before, after), cause in _CAUSES.items()),
        *(f"    {_S.PROCESSING} --> {after}" for after in outcomes),
        *(f"    {status} --> [*]" for status in ends if status is not _S.CONFLICTED),
        "```",
    ]
