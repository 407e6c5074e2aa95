"""Make a merchant, or change its name; disable it, or enable it again. Saying the same twice changes nothing."""

from msgspec.structs import replace

from merchants.domain.names import check_merchant_id
from merchants.store.changes import ChangeLog, Changes
from merchants.store.merchants import Merchant, find_merchant, get_merchant, save_merchant, tell_merchant


async def register_merchant(changes: Changes, merchant_id: str, display_name: str | None) -> tuple[Merchant, bool]:
    """The merchant, and whether it is new. Without a name an existing one keeps its own. Raises NameInvalid."""
    check_merchant_id(merchant_id)

    async def work(log: ChangeLog) -> tuple[Merchant, bool]:
        found = await find_merchant(log.conn, merchant_id)
        if found is None:
            merchant = Merchant(
                id=merchant_id, display_name=display_name or merchant_id, created_at=log.now, updated_at=log.now
            )
        elif display_name in (None, found.display_name):
            return found, False
        else:
            merchant = replace(found, display_name=display_name, updated_at=log.now)
        await save_merchant(log, merchant)
        tell_merchant(log, merchant)
        return merchant, found is None

    return await changes.run(work)


async def set_disabled(changes: Changes, merchant_id: str, *, disabled: bool) -> Merchant:
    """Refuse all of a merchant's keys from now on, or accept them again. Raises NotFound."""

    async def work(log: ChangeLog) -> Merchant:
        found = await get_merchant(log.conn, merchant_id)
        if (found.disabled_at is not None) is disabled:
            return found
        merchant = replace(
            found, disabled_at=log.now if disabled else None, disabled_by_owner=False, updated_at=log.now
        )
        await save_merchant(log, merchant)
        tell_merchant(log, merchant)
        return merchant

    return await changes.run(work)
