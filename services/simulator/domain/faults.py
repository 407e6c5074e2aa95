"""What can go wrong on demand: at one operation by its test token, or by a rule of the control API."""

from enum import StrEnum
from random import Random
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from simulator.domain.operations import Kind

Milliseconds = Annotated[int, Meta(ge=0, le=600_000)]


class Effect(StrEnum):
    """How an operation is disturbed."""

    DELAY = "delay"
    ERROR = "error"
    CUT = "cut"
    SILENCE = "silence"
    THROTTLE = "throttle"
    OUTAGE = "outage"
    HIDE = "hide"
    CALLBACK_TWICE = "callback_twice"
    CALLBACK_LATE = "callback_late"
    CALLBACK_BEFORE_ANSWER = "callback_before_answer"
    CALLBACK_REORDERED = "callback_reordered"
    CALLBACK_DROPPED = "callback_dropped"


class Moment(StrEnum):
    """Whether the book has the operation when the fault strikes."""

    BEFORE = "before"
    AFTER = "after"


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """One disturbance. ``silence`` never answers, ``cut`` closes the connection, ``hide`` denies a booked
    operation to lookups for ``delay_ms``; ``throttle`` and ``outage`` always strike before booking.
    """

    effect: Effect
    moment: Moment = Moment.BEFORE
    status: Annotated[int, Meta(ge=400, le=599)] = 500
    delay_ms: Milliseconds = 0
    retry_after_s: Annotated[int, Meta(ge=0, le=3600)] = 1


STRIKES_BEFORE = frozenset({Effect.THROTTLE, Effect.OUTAGE})
CALLBACK_EFFECTS = frozenset(effect for effect in Effect if effect.value.startswith("callback_"))


def strikes_at(fault: Fault) -> Moment | None:
    """When the fault disturbs the HTTP answer; None for one that only touches callbacks or lookups."""
    if fault.effect in CALLBACK_EFFECTS or fault.effect is Effect.HIDE:
        return None
    return Moment.BEFORE if fault.effect in STRIKES_BEFORE else fault.moment


class FaultOrder(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A fault that is asked for by the control API: whom it meets (None is anyone), and how often.

    ``probability`` is drawn from ``seed`` and the number of requests seen, so a run can be repeated.
    """

    fault: Fault
    operation: Kind | None = None
    terminal: str | None = None
    reference: str | None = None
    count: Annotated[int, Meta(ge=1)] | None = None
    probability: Annotated[float, Meta(gt=0, le=1)] = 1.0
    seed: int = 0


class FaultRule(FaultOrder, frozen=True, kw_only=True):
    """An order in force, and what it has done so far."""

    id: str
    seen: int = 0
    struck: int = 0

    @property
    def spent(self) -> bool:
        """Whether the rule has struck as often as it may."""
        return self.count is not None and self.struck >= self.count

    def concerns(self, operation: Kind, terminal: str, reference: str) -> bool:
        """Whether a request is one that this rule is about."""
        return (
            not self.spent
            and self.operation in (None, operation)
            and self.terminal in (None, terminal)
            and self.reference in (None, reference)
        )

    def after_request(self) -> "tuple[FaultRule, bool]":
        """The rule after one more request that concerns it, and whether it strikes that request."""
        strikes = self.probability >= 1 or Random(f"{self.seed}:{self.seen}").random() < self.probability
        return replace(self, seen=self.seen + 1, struck=self.struck + strikes), strikes
