"""/admin/v1/merchants: who exists, and whether they may."""

from datetime import datetime
from typing import Annotated

from litestar import Controller, Response, get, post, put
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from msgspec import Meta, Struct

from florin.service import PAGE, Page, page_of
from merchants.api.dependencies import PathName, UseChanges, UseDb, UsePage
from merchants.domain.ownership import Owner
from merchants.operations.register_merchant import register_merchant, set_disabled
from merchants.store.merchants import Merchant, get_merchant, list_merchants


class PutMerchant(Struct, frozen=True, forbid_unknown_fields=True):
    """A merchant to make or to rename."""

    display_name: Annotated[
        Annotated[str, Meta(min_length=1, max_length=200)] | None,
        Meta(description="The name for people; the id where none is given."),
    ] = None


class BreakGlassView(Struct, frozen=True):
    """A hand edit that holds against the owner."""

    until: datetime
    reason: str | None


class MerchantView(Struct, frozen=True, kw_only=True):
    """A merchant."""

    id: str
    display_name: str
    status: str
    config_version: int | None
    spec_hash: Annotated[str | None, Meta(description="SHA-256 of the configuration in force, in hex.")]
    owner: Owner | None
    break_glass: BreakGlassView | None
    created_at: datetime
    updated_at: datetime


def view_merchant(merchant: Merchant) -> MerchantView:
    """A merchant as the API shows it."""
    until = merchant.break_glass_until
    return MerchantView(
        id=merchant.id,
        display_name=merchant.display_name,
        status="disabled" if merchant.disabled_at else "active",
        config_version=merchant.config_version,
        spec_hash=merchant.spec_hash,
        owner=merchant.owner,
        break_glass=BreakGlassView(until, merchant.break_glass_reason) if until else None,
        created_at=merchant.created_at,
        updated_at=merchant.updated_at,
    )


class AdminMerchants(Controller):
    """Merchants."""

    path = "/merchants"
    tags = ("Merchants",)
    dependencies = {"page": PAGE}  # noqa: RUF012 - Litestar's way

    @get("/")
    async def list(self, db: UseDb, page: UsePage) -> Page[MerchantView]:
        """List merchants by id, from z to a."""
        async with db.connection() as conn:
            found = await list_merchants(conn, page)
        return page_of([view_merchant(merchant) for merchant in found], page, lambda view: view.id)

    @put("/{merchant_id:str}", responses={201: ResponseSpec(MerchantView, description="Made.")})
    async def put(
        self, changes: UseChanges, merchant_id: PathName, data: JSONBody[PutMerchant]
    ) -> Response[MerchantView]:
        """Make a merchant (201) or rename one (200). Saying the same again changes nothing."""
        merchant, created = await register_merchant(changes, merchant_id, data.display_name)
        return Response(view_merchant(merchant), status_code=201 if created else 200)

    @get("/{merchant_id:str}")
    async def read(self, db: UseDb, merchant_id: PathName) -> MerchantView:
        """Read a merchant."""
        async with db.connection() as conn:
            return view_merchant(await get_merchant(conn, merchant_id))

    @post("/{merchant_id:str}/disable", status_code=200)
    async def disable(self, changes: UseChanges, merchant_id: PathName) -> MerchantView:
        """Refuse all of a merchant's keys from now on. Nothing is erased."""
        return view_merchant(await set_disabled(changes, merchant_id, disabled=True))

    @post("/{merchant_id:str}/enable", status_code=200)
    async def enable(self, changes: UseChanges, merchant_id: PathName) -> MerchantView:
        """Accept a disabled merchant's keys again."""
        return view_merchant(await set_disabled(changes, merchant_id, disabled=False))
