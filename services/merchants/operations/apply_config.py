"""Store a configuration: judged by the fence, checked by the rules, numbered, published."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from florin.contracts.merchant_config import MerchantConfig
from florin.contracts.merchant_config_rules import Violation, spec_hash
from florin.database import Connection
from florin.errors import InvalidRequest
from florin.secrets import SecretBox
from merchants.domain.api_key import ApiKey
from merchants.domain.config_rules import find_violations
from merchants.domain.errors import ConfigInvalid
from merchants.domain.handed import HandedKey, HandedSecret
from merchants.domain.names import check_merchant_id, merchant_scope
from merchants.domain.ownership import Stored, Write, judge, replaced_by
from merchants.operations.take_handed import take_keys, take_secrets
from merchants.store.changes import ChangeLog, Changes
from merchants.store.configs import ConfigVersion, add_config, find_config
from merchants.store.connectors import find_connectors
from merchants.store.merchants import Merchant, find_merchant, get_merchant, save_merchant, tell_merchant


class Applied(NamedTuple):
    """What is in force after a write; ``changed``: by this write. ``keys``: what became of those that were handed."""

    merchant: Merchant
    config: ConfigVersion
    changed: bool
    keys: Sequence[ApiKey] = ()


class Handed(NamedTuple):
    """What an owner hands over with its content."""

    secrets: Sequence[HandedSecret] = ()
    keys: Sequence[HandedKey] = ()


async def apply_config(
    changes: Changes,
    box: SecretBox,
    merchant_id: str,
    write: Write[MerchantConfig],
    handed: Handed = Handed(),
    *,
    plain_hosts: Collection[str],
) -> Applied:
    """Make ``write`` the merchant's configuration. An owner's write makes a merchant that is not there.

    Raises NotFound, NameInvalid, ConfigInvalid, what `merchants.domain.ownership.judge` raises, and what
    `merchants.operations.take_handed` raises.
    """
    if write.owner is None and (handed.secrets or handed.keys):
        raise InvalidRequest("Secrets and keys by hand have endpoints of their own.", param="owner")

    async def work(log: ChangeLog) -> Applied:
        merchant, known = await _find_or_make(log, merchant_id, write)
        stored, current = await load_stored(log.conn, merchant)
        verdict = judge(stored, write, log.now)
        if verdict.changed:
            violations = await check_spec(
                log.conn, merchant_id, write.spec, previous=replaced_by(stored, write), plain_hosts=plain_hosts
            )
            if violations:
                raise ConfigInvalid(violations)
            current = await _add_version(log, merchant_id, write)
        if current is None:
            raise AssertionError("a write that differs from nothing is a change")
        takes_over = write.owner is not None and merchant.disabled_by_owner
        after = replace(
            merchant,
            display_name=write.spec.display_name if verdict.changed else merchant.display_name,
            disabled_at=None if takes_over else merchant.disabled_at,
            disabled_by_owner=False if takes_over else merchant.disabled_by_owner,
            config_version=current.config_version,
            spec_hash=spec_hash(current.spec),
            owner=verdict.owner,
            owner_version=current.config_version if write.owner else merchant.owner_version,
            break_glass_until=verdict.break_glass_until,
            break_glass_reason=_reason(merchant, write) if verdict.break_glass_until else None,
        )
        if after != merchant:
            after = replace(after, updated_at=log.now)
            await save_merchant(log, after)
        if not known or (after.display_name, after.disabled_at) != (merchant.display_name, merchant.disabled_at):
            tell_merchant(log, after)
        await take_secrets(log, box, merchant_scope(merchant_id), handed.secrets, adopt=write.adopt)
        name = f"of {verdict.owner.resource}"[:100] if verdict.owner and verdict.owner.resource else ""
        keys = await take_keys(log, merchant_id, handed.keys, name)
        return Applied(after, current, verdict.changed, keys)

    return await changes.run(work)


async def release_config(changes: Changes, merchant_id: str, uid: str | None, *, disable: bool = False) -> Merchant:
    """Let the owner go; what is stored stays in force. With ``uid`` only where that one is the owner.

    ``disable``: refuse the merchant's keys from now on, until another owner comes.
    """

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
        if disable and merchant.disabled_at is None:
            released = replace(released, disabled_at=log.now, disabled_by_owner=True)
            tell_merchant(log, released)
        await save_merchant(log, released)
        return released

    return await changes.run(work)


async def _find_or_make(log: ChangeLog, merchant_id: str, write: Write[MerchantConfig]) -> tuple[Merchant, bool]:
    if write.owner is None:
        return await get_merchant(log.conn, merchant_id), True
    found = await find_merchant(log.conn, check_merchant_id(merchant_id))
    if found is not None:
        return found, True
    new = Merchant(id=merchant_id, display_name=write.spec.display_name, created_at=log.now, updated_at=log.now)
    return new, False


async def load_stored(conn: Connection, merchant: Merchant) -> tuple[Stored[MerchantConfig], ConfigVersion | None]:
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
    conn: Connection,
    merchant_id: str,
    spec: MerchantConfig,
    *,
    previous: MerchantConfig | None,
    plain_hosts: Collection[str],
) -> list[Violation]:
    """Every rule that ``spec`` breaks as the merchant's next configuration."""
    connectors = await find_connectors(conn, [binding.connector_ref.name for binding in spec.connectors])
    return find_violations(
        spec, merchant_id=merchant_id, previous=previous, connectors=connectors, plain_hosts=plain_hosts
    )


async def _add_version(log: ChangeLog, merchant_id: str, write: Write[MerchantConfig]) -> ConfigVersion:
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


def _reason(merchant: Merchant, write: Write[MerchantConfig]) -> str | None:
    return write.break_glass.reason if write.break_glass else merchant.break_glass_reason
