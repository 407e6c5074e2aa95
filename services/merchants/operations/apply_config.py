"""Store a configuration: judged by the fence, checked by the rules, numbered, published."""

from typing import NamedTuple

from msgspec.structs import replace

from florin.contracts.merchant_config import MerchantConfig
from florin.contracts.merchant_config_rules import Violation
from florin.database import Connection
from merchants.domain.config_rules import find_violations
from merchants.domain.errors import ConfigInvalid
from merchants.domain.ownership import Stored, Write, judge
from merchants.store.changes import ChangeLog, Changes
from merchants.store.configs import ConfigVersion, add_config, find_config
from merchants.store.connectors import find_connectors
from merchants.store.merchants import Merchant, get_merchant, save_merchant, tell_merchant


class Applied(NamedTuple):
    """What is in force after a write; ``changed``: by this write."""

    merchant: Merchant
    config: ConfigVersion
    changed: bool


async def apply_config(changes: Changes, merchant_id: str, write: Write, *, allow_loopback: bool) -> Applied:
    """Make ``write`` the merchant's configuration.

    Raises NotFound, ConfigInvalid and what `merchants.domain.ownership.judge` raises.
    """

    async def work(log: ChangeLog) -> Applied:
        merchant = await get_merchant(log.conn, merchant_id)
        stored, current = await load_stored(log.conn, merchant)
        verdict = judge(stored, write, log.now)
        if verdict.changed:
            violations = await check_spec(
                log.conn, merchant_id, write.spec, previous=stored.spec, allow_loopback=allow_loopback
            )
            if violations:
                raise ConfigInvalid(violations)
            current = await _add_version(log, merchant_id, write)
        if current is None:
            raise AssertionError("a write that differs from nothing is a change")
        after = replace(
            merchant,
            display_name=write.spec.display_name if verdict.changed else merchant.display_name,
            config_version=current.config_version,
            owner=verdict.owner,
            owner_version=current.config_version if write.owner else merchant.owner_version,
            break_glass_until=verdict.break_glass_until,
            break_glass_reason=_reason(merchant, write) if verdict.break_glass_until else None,
        )
        if after != merchant:
            after = replace(after, updated_at=log.now)
            await save_merchant(log, after)
        if after.display_name != merchant.display_name:
            tell_merchant(log, after)
        return Applied(after, current, verdict.changed)

    return await changes.run(work)


async def release_config(changes: Changes, merchant_id: str, uid: str | None) -> Merchant:
    """Let the owner go; what is stored stays in force. With ``uid`` only where that one is the owner."""

    async def work(log: ChangeLog) -> Merchant:
        merchant = await get_merchant(log.conn, merchant_id)
        if merchant.owner is None or uid not in (None, merchant.owner.uid):
            return merchant
        released = replace(
            merchant,
            owner=None,
            owner_version=None,
            break_glass_until=None,
            break_glass_reason=None,
            updated_at=log.now,
        )
        await save_merchant(log, released)
        return released

    return await changes.run(work)


async def load_stored(conn: Connection, merchant: Merchant) -> tuple[Stored, ConfigVersion | None]:
    """What the fence has to know, and the version in force."""
    current = await find_config(conn, merchant.id, merchant.config_version)
    by_owner = current
    if merchant.owner_version != merchant.config_version:
        by_owner = await find_config(conn, merchant.id, merchant.owner_version)
    stored = Stored(
        spec=current.spec if current else None,
        owner=merchant.owner,
        owner_spec=by_owner.spec if by_owner and merchant.owner else None,
        break_glass_until=merchant.break_glass_until,
    )
    return stored, current


async def check_spec(
    conn: Connection, merchant_id: str, spec: MerchantConfig, *, previous: MerchantConfig | None, allow_loopback: bool
) -> list[Violation]:
    """Every rule that ``spec`` breaks as the merchant's next configuration."""
    connectors = await find_connectors(conn, [binding.connector_ref.name for binding in spec.connectors])
    return find_violations(
        spec, merchant_id=merchant_id, previous=previous, connectors=connectors, allow_loopback=allow_loopback
    )


async def _add_version(log: ChangeLog, merchant_id: str, write: Write) -> ConfigVersion:
    config = ConfigVersion(
        config_version=log.next_version(),
        merchant_id=merchant_id,
        spec=write.spec,
        created_at=log.now,
        owner=write.owner,
        reason=write.break_glass.reason if write.break_glass else None,
    )
    await add_config(log, config)
    return config


def _reason(merchant: Merchant, write: Write) -> str | None:
    return write.break_glass.reason if write.break_glass else merchant.break_glass_reason
