"""What a rule decides, as plain data, and what every command brings along."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from payments.domain.events import EventType
from payments.domain.ledger import Line
from payments.domain.payment import Payment


class FreshIds(Protocol):
    """Names for whatever a decision may create. Each stays the same, so that deciding again gives the same names.

    References are known to the acquirer (`florin.ids.new_acquirer_reference`).
    """

    @property
    def attempt_id(self) -> str:
        """Of an attempt."""

    @property
    def operation_id(self) -> str:
        """Of the operation that is asked for."""

    @property
    def reference(self) -> str:
        """Of that operation."""

    @property
    def capture_id(self) -> str:
        """Of the capture that an authorisation contains."""

    @property
    def repair_id(self) -> str:
        """Of an operation that gives back what must not have been taken."""

    @property
    def repair_reference(self) -> str:
        """Of that operation."""


class Result(StrEnum):
    """How a request ended, for its reply."""

    CREATED = "created"
    DONE = "done"
    PENDING = "pending"
    DECLINED = "declined"
    FAILED = "failed"


class Answer(Struct, frozen=True):
    """The reply owed to an idempotency key: about the payment, or about one operation (a refund) of it."""

    key_id: str
    result: Result
    operation_id: str = ""


class Context(Struct, frozen=True):
    """What comes with every command: the decision's id, who, when, the names, and the key that waits for a reply."""

    decision_id: str
    actor: str
    at: datetime
    ids: FreshIds
    key_id: str = ""

    def deadline(self, timeout_s: int) -> datetime:
        """When silence about an operation sent now becomes a reason to ask: its time-out and a margin."""
        return self.at + timedelta(seconds=timeout_s + 5)

    def answers(self, result: Result, operation_id: str = "") -> tuple[Answer, ...]:
        """The reply to the key that waits, if one does."""
        return (Answer(self.key_id, result, operation_id),) if self.key_id else ()


class Announcement(Struct, frozen=True):
    """An event to publish; it carries the snapshot of the payment, and of one operation where it is about that."""

    type: EventType
    operation_id: str = ""


class Decision(Struct, frozen=True):
    """The new state and all that must be stored and done with it.

    ``perform`` lists ids of operations that were just committed as sending. ``changed`` is False where a command found
    everything done already: nothing is stored then.
    """

    kind: str
    payment: Payment
    lines: tuple[Line, ...] = ()
    events: tuple[Announcement, ...] = ()
    perform: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    detail: dict[str, str] = {}
    changed: bool = True


Decide = Callable[[Payment | None], Decision]
"""A rule bound to its command; None stands for a payment that does not exist yet."""


def unchanged(payment: Payment) -> Decision:
    """The decision that there is nothing to decide."""
    return Decision(kind="nothing", payment=payment, changed=False)
