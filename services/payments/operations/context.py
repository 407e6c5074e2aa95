"""The context of a command: its decision's id, who and when, and names for whatever it may create."""

from functools import cached_property

from florin.clock import Clock
from florin.ids import new_acquirer_reference, new_id, shard_of
from payments.domain.decision import Context


class DrawnIds:
    """`payments.domain.decision.FreshIds`, each drawn when it is first asked for: most decisions create little."""

    def __init__(self, *, livemode: bool, shard: int, operation_kind: str) -> None:
        self._livemode = livemode
        self._shard = shard
        self._operation_kind = operation_kind

    @cached_property
    def attempt_id(self) -> str:
        """Of an attempt."""
        return self._new_id("att")

    @cached_property
    def operation_id(self) -> str:
        """Of the operation that is asked for."""
        return self._new_id(self._operation_kind)

    @cached_property
    def reference(self) -> str:
        """Of that operation."""
        return new_acquirer_reference(livemode=self._livemode, shard=self._shard)

    @cached_property
    def capture_id(self) -> str:
        """Of the capture that an authorisation contains."""
        return self._new_id("op")

    @cached_property
    def repair_id(self) -> str:
        """Of an operation that gives back what must not have been taken."""
        return self._new_id("op")

    @cached_property
    def repair_reference(self) -> str:
        """Of that operation."""
        return new_acquirer_reference(livemode=self._livemode, shard=self._shard)

    def _new_id(self, kind: str) -> str:
        return new_id(kind, livemode=self._livemode, shard=self._shard)


def new_context(
    *, clock: Clock, actor: str, merchant_id: str, livemode: bool, key_id: str = "", operation_kind: str = "op"
) -> Context:
    """Draw a context. ``operation_kind`` is the prefix of the operation's id: merchants see refunds (``re``)."""
    shard = shard_of(merchant_id)
    return Context(
        decision_id=new_id("dec", livemode=livemode, shard=shard),
        actor=actor,
        at=clock.now(),
        ids=DrawnIds(livemode=livemode, shard=shard, operation_kind=operation_kind),
        key_id=key_id,
    )
