"""An independent account of one payment: what was asked of the acquirer and what it told, in the order of the telling.

It knows nothing of the rules. From the story alone it says how much is held, captured, refunded and owed to whom, and
which late successes must have been reversed.
"""

from dataclasses import dataclass, field
from typing import Literal

Verb = Literal["authorize", "capture", "void", "refund"]


@dataclass(eq=False)
class Asked:
    """One thing asked of the acquirer, and what became of it."""

    id: str
    verb: Verb
    attempt: str
    amount: int
    step: int
    final: bool = False
    charges: bool = False
    owed: bool = False
    state: Literal["open", "done", "dead"] = "open"
    got: int = 0
    fee: int = 0
    died: int = 0
    undone: bool = False


@dataclass
class Book:
    """The story so far."""

    step: int = 0
    asked: dict[str, Asked] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    abandoned: set[str] = field(default_factory=set)
    canceled: bool = False
    expired: bool = False
    disputes: dict[str, tuple[str, int]] = field(default_factory=dict)

    def of(self, attempt: str, verb: Verb, *states: str) -> list[Asked]:
        found = (a for a in self.asked.values() if a.attempt == attempt and a.verb == verb)
        return [a for a in found if a.state in (states or ("open", "done", "dead"))]

    def attempts(self) -> list[str]:
        return list(dict.fromkeys(a.attempt for a in self.asked.values()))

    def authorized(self, attempt: str) -> int:
        return sum(a.got for a in self.of(attempt, "authorize", "done"))

    def taken(self, attempt: str) -> int:
        return sum(a.got for a in self.of(attempt, "capture", "done"))

    def kept(self, attempt: str) -> int:
        return sum(a.got for a in self.of(attempt, "capture", "done") if not a.undone)

    def capture_pending(self, attempt: str) -> int:
        return sum(a.amount for a in self.of(attempt, "capture", "open"))

    def held(self, attempt: str) -> int:
        if attempt in self.ended:
            return 0
        return max(0, self.authorized(attempt) - self.taken(attempt))

    def live(self) -> str | None:
        """The attempt that was authorised and stands."""
        found = [a for a in self.attempts() if self.authorized(a) and a not in self.abandoned]
        assert len(found) <= 1, f"authorised more than once: {found}"
        return found[0] if found else None

    def room(self) -> int:
        """What may still be captured."""
        attempt = self.live()
        if attempt is None or attempt in self.ended or self.of(attempt, "void", "open", "done"):
            return 0
        return max(0, self.authorized(attempt) - self.taken(attempt) - self.capture_pending(attempt))

    def refunded(self) -> int:
        return sum(a.got for a in self.asked.values() if a.verb == "refund" and a.state == "done" and not a.owed)

    def refund_pending(self) -> int:
        return sum(a.amount for a in self.asked.values() if a.verb == "refund" and a.state == "open" and not a.owed)

    def refundable(self) -> int:
        attempt = self.live()
        disputed = sum(amount for state, amount in self.disputes.values() if state != "won")
        kept = self.kept(attempt) if attempt else 0
        return max(0, kept - self.refunded() - self.refund_pending() - disputed)

    def balances(self) -> dict[str, int]:
        """Every account, debits positive."""
        everything = self.asked.values()
        captured = sum(a.got for a in everything if a.verb == "capture" and a.state == "done")
        fees = sum(a.fee for a in everything if a.state == "done")
        given_back = sum(a.got for a in everything if a.verb == "refund" and a.state == "done")
        reserved = sum(a.amount for a in everything if a.verb == "refund" and a.state == "open")
        opened = sum(amount for state, amount in self.disputes.values() if state == "opened")
        lost = sum(amount for state, amount in self.disputes.values() if state == "lost")
        held = sum(self.held(attempt) for attempt in self.attempts())
        return {
            "authorized": held,
            "authorized_offset": -held,
            "acquirer_receivable": captured - fees - given_back - lost,
            "merchant_payable": given_back + reserved + opened + lost - captured,
            "acquirer_fees": fees,
            "refund_reserve": -reserved,
            "dispute_reserve": -opened,
        }

    def succeeds(self, asked: Asked, amount: int, fee: int) -> Literal["recorded", "reversed", "conflict"]:
        """The acquirer did it: what must follow."""
        late = asked.state == "dead"
        attempt = asked.attempt
        if asked.verb == "void" and not asked.owed and self.kept(attempt):
            return "conflict"
        asked.state, asked.got, asked.fee = "done", amount, fee
        if asked.verb == "authorize":
            return self._authorized(asked, late=late)
        if asked.verb == "capture":
            return self._captured(asked, late=late)
        if asked.verb == "void":
            self.ended.add(attempt)
            self.canceled = self.canceled or not (asked.owed or self.expired)
        return "recorded"

    def _authorized(self, asked: Asked, *, late: bool) -> Literal["recorded", "reversed"]:
        if asked.charges:
            self.ended.add(asked.attempt)
        if late:
            self.abandoned.add(asked.attempt)
        return "reversed" if late else "recorded"

    def _captured(self, asked: Asked, *, late: bool) -> Literal["recorded", "reversed"]:
        attempt = asked.attempt
        used = self.taken(attempt) + self.capture_pending(attempt)
        given_up = self.canceled or self.expired or (late and self._emptied(attempt, asked))
        if asked.final or (used >= self.authorized(attempt) and not self.capture_pending(attempt)):
            self.ended.add(attempt)
        another_way = any(
            a.step > asked.died and a.state != "dead" and a is not asked
            for verb in ("capture", "void")
            for a in self.of(attempt, verb)
        )
        over = used > self.authorized(attempt)
        asked.undone = given_up or (late and (another_way or over))
        return "reversed" if asked.undone else "recorded"

    def _emptied(self, attempt: str, but: Asked) -> bool:
        """Whether nothing of the authorisation was left, kept or awaited before this capture."""
        others = [a for verb in ("capture", "void") for a in self.of(attempt, verb, "open", "done") if a is not but]
        awaited = any(a.state == "open" and not a.owed for a in others)
        kept = any(a.state == "done" and not a.undone for a in others)
        return attempt in self.ended and not awaited and not kept
