"""The context of a command: its decision's id, who and when, and names for whatever it may create."""

from florin.clock import Clock
from florin.ids import new_acquirer_reference, new_id, shard_of
from payments.domain.decision import Context, FreshIds


def new_context(
    *, clock: Clock, actor: str, merchant_id: str, livemode: bool, key_id: str = "", operation_kind: str = "op"
) -> Context:
    """Draw a context. ``operation_kind`` is the prefix of the operation's id: merchants see refunds (``re``)."""
    shard = shard_of(merchant_id)
    ids = FreshIds(
        attempt_id=new_id("att", livemode=livemode, shard=shard),
        operation_id=new_id(operation_kind, livemode=livemode, shard=shard),
        reference=new_acquirer_reference(livemode=livemode, shard=shard),
        capture_id=new_id("op", livemode=livemode, shard=shard),
        repair_id=new_id("op", livemode=livemode, shard=shard),
        repair_reference=new_acquirer_reference(livemode=livemode, shard=shard),
    )
    return Context(
        decision_id=new_id("dec", livemode=livemode, shard=shard), actor=actor, at=clock.now(), ids=ids, key_id=key_id
    )
