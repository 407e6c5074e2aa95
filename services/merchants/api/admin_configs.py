"""/admin/v1/merchants/{id}/config: the configuration, its history, and how far it has come."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post, put
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from florin.contracts.affected_routes import RouteChange
from florin.contracts.merchant_config import MerchantConfig
from florin.contracts.merchant_config_rules import FieldChange, Violation, spec_hash, unknown_fields
from florin.service import PAGE, Page, page_of
from merchants.api.admin_keys import status_of
from merchants.api.admin_merchants import BreakGlassView, MerchantView, view_merchant
from merchants.api.dependencies import PathName, UseBox, UseChanges, UseDb, UsePage, UseSettings, Version
from merchants.domain.errors import ConfigInvalid
from merchants.domain.handed import HandedKey, HandedSecret
from merchants.domain.ownership import BreakGlass, Owner, Write
from merchants.operations.apply_config import Applied, Handed, apply_config, release_config
from merchants.operations.plan_config import Plan, plan_config
from merchants.operations.read_propagation import Propagation, read_propagation
from merchants.store.configs import ConfigVersion, get_config, list_configs
from merchants.store.merchants import get_merchant


class PutConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A configuration to store. Without ``owner`` it is a hand edit."""

    spec: MerchantConfig
    owner: Annotated[Owner | None, Meta(description="The resource that this is the content of.")] = None
    adopt: Annotated[bool, Meta(description="Take the configuration over from another owner, or from nobody.")] = False
    break_glass: Annotated[BreakGlass | None, Meta(description="Edit by hand although there is an owner.")] = None
    secrets: Annotated[
        tuple[HandedSecret, ...], Meta(max_length=16, description="Secrets of the owner that the configuration names.")
    ] = ()
    api_keys: Annotated[
        tuple[HandedKey, ...], Meta(max_length=4, description="API keys that the owner made, by their hash.")
    ] = ()

    def write(self) -> Write[MerchantConfig]:
        """What the operations know it as."""
        return Write(self.spec, self.owner, self.adopt, self.break_glass)


class ReleaseConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The owner that lets go; none: whoever it is."""

    uid: str | None = None
    disable: Annotated[bool, Meta(description="Refuse the merchant's keys from now on, until another owner comes.")] = (
        False
    )


class HandedKeyView(Struct, frozen=True):
    """What became of a key that was handed over."""

    id: str
    hash: str
    status: str


class ConfigView(Struct, frozen=True, kw_only=True):
    """The configuration in force. ``changed``: this request made the version."""

    merchant_id: str
    config_version: int
    changed: bool
    spec_hash: str
    spec: MerchantConfig
    owner: Owner | None
    break_glass: BreakGlassView | None
    created_at: datetime
    status: Annotated[str, Meta(description="Of the merchant: `active` or `disabled`.")]
    api_keys: Annotated[list[HandedKeyView], Meta(description="Of the keys that this request handed over.")] = []


class ConfigVersionView(Struct, frozen=True, kw_only=True):
    """One version and where it came from: an owner's generation, or a hand with its reason."""

    merchant_id: str
    config_version: int
    spec_hash: str
    spec: MerchantConfig
    owner: Owner | None
    reason: str | None
    created_at: datetime


class Refusal(Struct, frozen=True):
    """Why a write would be refused as a whole."""

    code: str
    detail: str
    param: str | None


class PlanView(Struct, frozen=True, kw_only=True):
    """What a write would do. Nothing was written."""

    merchant_id: str
    config_version: int | None
    accepted: bool
    changes: list[FieldChange]
    routes: Annotated[list[RouteChange], Meta(description="Routing rules whose payments may go another way.")]
    violations: list[Violation]
    conflict: Refusal | None


class AdminConfigs(Controller):
    """Configurations."""

    path = "/merchants/{merchant_id:str}"
    tags = ("Configuration",)
    dependencies = {"page": PAGE}  # noqa: RUF012 - Litestar's way

    @put("/config")
    async def put(
        self,
        request: Request[Any, Any, Any],
        db: UseDb,
        changes: UseChanges,
        box: UseBox,
        settings: UseSettings,
        merchant_id: PathName,
        data: JSONBody[PutConfig],
        dry_run: Annotated[
            bool, QueryParameter(name="dryRun", description="Answer what would change and what would be refused.")
        ] = False,
    ) -> Response[ConfigView | PlanView]:
        """Store a configuration, fenced by the owner's (uid, generation).

        The same generation with the same content changes nothing; an older one answers 412; another owner's, 409.
        """
        unknown = unknown_fields(msgspec.json.decode(await request.body())["spec"], data.spec)
        if dry_run:
            plan = await plan_config(db, merchant_id, data.write(), plain_hosts=settings.plain_hosts)
            return Response(_view_plan(merchant_id, plan, unknown))
        if unknown:
            raise ConfigInvalid(unknown)
        handed = Handed(data.secrets, data.api_keys)
        applied = await apply_config(changes, box, merchant_id, data.write(), handed, plain_hosts=settings.plain_hosts)
        return Response(_view_applied(applied))

    @get("/config")
    async def read(self, db: UseDb, merchant_id: PathName) -> ConfigView:
        """Read the configuration in force."""
        async with db.connection() as conn:
            merchant = await get_merchant(conn, merchant_id)
            config = await get_config(conn, merchant_id, merchant.config_version)
        return _view_applied(Applied(merchant, config, changed=False))

    @post("/config/release", status_code=200)
    async def release(self, changes: UseChanges, merchant_id: PathName, data: JSONBody[ReleaseConfig]) -> MerchantView:
        """Let the owner go: the configuration stays in force and may be edited by hand."""
        return view_merchant(await release_config(changes, merchant_id, data.uid, disable=data.disable))

    @get("/config/versions")
    async def list_versions(self, db: UseDb, merchant_id: PathName, page: UsePage) -> Page[ConfigVersionView]:
        """List all versions, newest first."""
        async with db.connection() as conn:
            await get_merchant(conn, merchant_id)
            found = await list_configs(conn, merchant_id, page)
        return page_of([_view_version(config) for config in found], page, lambda view: str(view.config_version))

    @get("/config/versions/{config_version:int}")
    async def read_version(self, db: UseDb, merchant_id: PathName, config_version: Version) -> ConfigVersionView:
        """Read one version."""
        async with db.connection() as conn:
            await get_merchant(conn, merchant_id)
            return _view_version(await get_config(conn, merchant_id, config_version))

    @get("/propagation")
    async def propagation(self, db: UseDb, settings: UseSettings, merchant_id: PathName) -> Propagation:
        """Whether every living replica of the other services works with the configuration in force."""
        return await read_propagation(db, merchant_id, settings.propagation_services)


def _view_applied(applied: Applied) -> ConfigView:
    merchant, config, changed, keys = applied
    until = merchant.break_glass_until
    return ConfigView(
        merchant_id=merchant.id,
        config_version=config.config_version,
        changed=changed,
        spec_hash=spec_hash(config.spec),
        spec=config.spec,
        owner=merchant.owner,
        break_glass=BreakGlassView(until, merchant.break_glass_reason) if until else None,
        created_at=config.created_at,
        status="disabled" if merchant.disabled_at else "active",
        api_keys=[HandedKeyView(key.id, key.hash, status_of(key)) for key in keys],
    )


def _view_version(config: ConfigVersion) -> ConfigVersionView:
    return ConfigVersionView(
        merchant_id=config.merchant_id,
        config_version=config.config_version,
        spec_hash=spec_hash(config.spec),
        spec=config.spec,
        owner=config.owner,
        reason=config.reason,
        created_at=config.created_at,
    )


def _view_plan(merchant_id: str, plan: Plan, unknown: list[Violation]) -> PlanView:
    violations = [*unknown, *plan.violations]
    conflict = plan.conflict
    return PlanView(
        merchant_id=merchant_id,
        config_version=plan.config_version,
        accepted=not violations and conflict is None,
        changes=plan.changes,
        routes=plan.routes,
        violations=violations,
        conflict=Refusal(conflict.code, conflict.detail, conflict.param) if conflict else None,
    )
