"""The port to acquirers. A connector speaks one acquirer's protocol and decides nothing.

A connector never raises for what an acquirer or the network does: every answer and every silence is an `Outcome`.
The line that matters: ``NotSent`` only where it is certain that no byte of the request was taken; everything after
that, an answer that cannot be read included, is ``Unknown``.
"""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from payments.domain.outcome import Outcome


class MerchantAccount(Struct, frozen=True, omit_defaults=True):
    """The merchant as the acquirer knows it: MID, merchant category code (ISO 18245), text on the statement."""

    mid: str = ""
    mcc: str = ""
    descriptor: str = ""


class AuthorizeRequest(Struct, frozen=True):
    """Authorise, or charge at once where ``capture`` is set. ``reference`` is ours and unique at the acquirer."""

    reference: str
    amount_minor: int
    currency: str
    token: str
    capture: bool
    merchant_account: MerchantAccount = MerchantAccount()
    initiator: str = "cit"
    network_transaction_id: str = ""


class CaptureRequest(Struct, frozen=True):
    """Capture part or all of an authorisation; ``final`` gives up what remains of it."""

    reference: str
    authorization_id: str
    amount_minor: int
    currency: str
    final: bool = False


class VoidRequest(Struct, frozen=True):
    """Give up an authorisation of which nothing was captured."""

    reference: str
    authorization_id: str
    amount_minor: int
    currency: str


class RefundRequest(Struct, frozen=True):
    """Give money back from one capture, or from all that the authorisation captured where ``capture_id`` is empty."""

    reference: str
    authorization_id: str
    capture_id: str
    amount_minor: int
    currency: str


Request = AuthorizeRequest | CaptureRequest | VoidRequest | RefundRequest


class Callback(Struct, frozen=True):
    """A verified message from an acquirer.

    ``callback_id`` is the acquirer's id of the message (for deduplication), ``reference`` ours of the operation. A
    message about a dispute carries ``dispute`` instead of an outcome.
    """

    callback_id: str
    reference: str
    outcome: Outcome | None = None
    dispute: "DisputeNotice | None" = None


class DisputeNotice(Struct, frozen=True):
    """A cardholder disputes a charge. ``reason_code`` is the scheme's; ``state`` is opened, won or lost."""

    dispute_id: str
    state: str
    amount_minor: int
    currency: str
    reason_code: str = ""


class CallbackRejected(Exception):
    """The callback's signature, age or form is wrong; it is neither stored nor believed."""


class Connector(Protocol):
    """One acquirer, with one set of credentials."""

    deduplicates_by_reference: bool
    """The acquirer performs a reference once, so the same reference may be sent again."""
    not_found_final_after_s: float
    """How long after an operation's deadline "not found" may still turn into "found" (unused where it deduplicates)."""
    captures_with_authorization: bool
    """Authorise and capture in one call is possible."""

    async def perform(self, request: Request) -> Outcome:
        """Send one operation, once."""
        ...

    async def find(self, reference: str) -> Outcome:
        """What became of an operation, by our reference. ``Unknown`` where the acquirer does not answer."""
        ...

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:
        """Verify and read a callback. Raises CallbackRejected. ``headers`` has lower-case names."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
