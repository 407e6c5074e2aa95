"""What the acquirer refuses. A refused request leaves no trace in the book.

FlorinError
├── InvalidRequest
│   ├── UnknownCard                 no such test token
│   └── UnknownMerchantAccount      the MID is not one of this terminal's
├── NotFound
│   └── UnknownOperation            no such operation at this terminal (or none that can be seen yet)
└── Conflict
    ├── ReferenceReused             the reference names an operation with another content
    ├── AuthorizationClosed         voided, expired, or finally captured
    ├── CaptureExceedsAuthorized
    ├── RefundExceedsCaptured
    └── AlreadyCaptured             a void where something was captured
"""

from florin.errors import Conflict, InvalidRequest, NotFound


class UnknownCard(InvalidRequest):
    """The token stands for no test card."""

    code = "unknown_card"
    title = "No such card"


class UnknownMerchantAccount(InvalidRequest):
    """The merchant account does not belong to the terminal."""

    code = "unknown_merchant_account"
    title = "No such merchant account"


class UnknownOperation(NotFound):
    """Nothing of this terminal with this reference or id."""

    code = "operation_not_found"
    title = "No such operation"


class ReferenceReused(Conflict):
    """The terminal's reference already names something else."""

    code = "reference_reused"
    title = "The reference is taken"


class AuthorizationClosed(Conflict):
    """The authorisation was voided, has expired, or its last capture was final."""

    code = "authorization_closed"
    title = "The authorisation is closed"


class CaptureExceedsAuthorized(Conflict):
    """All captures together would be above the authorised amount."""

    code = "capture_exceeds_authorized"
    title = "More than was authorised"


class RefundExceedsCaptured(Conflict):
    """All refunds together would be above the captured amount."""

    code = "refund_exceeds_captured"
    title = "More than was captured"


class AlreadyCaptured(Conflict):
    """A void comes too late: money was taken, only a refund gives it back."""

    code = "already_captured"
    title = "The authorisation was captured"
