"""Say what a write of a configuration would do, and do nothing."""

from collections.abc import Collection

from msgspec import Struct

from florin.contracts.affected_routes import RouteChange, affected_routes
from florin.contracts.merchant_config import MerchantConfig
from florin.contracts.merchant_config_rules import FieldChange, Violation, diff
from florin.database import Database
from florin.errors import Conflict, Stale
from merchants.domain.names import check_merchant_id
from merchants.domain.ownership import Stored, Verdict, Write, judge, replaced_by
from merchants.operations.apply_config import check_spec, load_stored
from merchants.store.changes import read_now
from merchants.store.merchants import find_merchant, no_merchant


class Plan(Struct, frozen=True):
    """What a write would do: fields that would change, and everything that would refuse it."""

    changes: list[FieldChange]
    routes: list[RouteChange]
    violations: list[Violation]
    conflict: Conflict | Stale | None
    config_version: int | None
    """The version in force now."""


async def plan_config(
    db: Database, merchant_id: str, write: Write[MerchantConfig], *, plain_hosts: Collection[str]
) -> Plan:
    """The plan of a write. Raises NotFound where an edit by hand names a merchant that is not there."""
    async with db.connection() as conn:
        merchant = await find_merchant(conn, check_merchant_id(merchant_id))
        if merchant is None and write.owner is None:
            raise no_merchant(merchant_id)
        stored = (await load_stored(conn, merchant))[0] if merchant else Stored[MerchantConfig]()
        verdict: Verdict | None = None
        conflict: Conflict | Stale | None = None
        try:
            verdict = judge(stored, write, await read_now(conn))
        except (Conflict, Stale) as error:
            conflict = error
        violations = []
        if verdict is None or verdict.changed:
            previous = replaced_by(stored, write)
            violations = await check_spec(conn, merchant_id, write.spec, previous=previous, plain_hosts=plain_hosts)
        return Plan(
            changes=diff(stored.spec, write.spec),
            routes=affected_routes(stored.spec, write.spec),
            violations=violations,
            conflict=conflict,
            config_version=merchant.config_version if merchant else None,
        )
