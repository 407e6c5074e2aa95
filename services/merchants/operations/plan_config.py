"""Say what a write of a configuration would do, and do nothing."""

from msgspec import Struct

from florin.contracts.merchant_config_rules import FieldChange, Violation, diff
from florin.database import Database
from florin.errors import Conflict, Stale
from merchants.domain.ownership import Verdict, Write, judge
from merchants.operations.apply_config import check_spec, load_stored
from merchants.store.changes import read_now
from merchants.store.merchants import get_merchant


class Plan(Struct, frozen=True):
    """What a write would do: fields that would change, and everything that would refuse it."""

    changes: list[FieldChange]
    violations: list[Violation]
    conflict: Conflict | Stale | None
    config_version: int | None
    """The version in force now."""


async def plan_config(db: Database, merchant_id: str, write: Write, *, allow_loopback: bool) -> Plan:
    """The plan of a write. Raises NotFound."""
    async with db.connection() as conn:
        merchant = await get_merchant(conn, merchant_id)
        stored, _ = await load_stored(conn, merchant)
        verdict: Verdict | None = None
        conflict: Conflict | Stale | None = None
        try:
            verdict = judge(stored, write, await read_now(conn))
        except (Conflict, Stale) as error:
            conflict = error
        violations = []
        if verdict is None or verdict.changed:
            violations = await check_spec(
                conn, merchant_id, write.spec, previous=stored.spec, allow_loopback=allow_loopback
            )
        return Plan(diff(stored.spec, write.spec), violations, conflict, merchant.config_version)
