"""/admin/v1/merchants/{id}/keys: API keys, each shown once."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from florin.contracts.api_keys import Scope
from florin.service import PAGE, Page, idempotency_key, page_of
from merchants.api.dependencies import PathName, UseChanges, UseDb, UsePage
from merchants.domain.api_key import ApiKey, KeyRequest
from merchants.operations.create_api_key import MadeKey, create_api_key
from merchants.operations.revoke_api_key import revoke_api_key
from merchants.operations.rotate_api_key import rotate_api_key
from merchants.store.api_keys import get_key, list_keys
from merchants.store.merchants import get_merchant

Expiry = Annotated[
    Annotated[datetime, Meta(tz=True)] | None, Meta(description="When the key stops working (RFC 3339); none: never.")
]


class CreateKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to make. A full key (`sk_`) has every scope, a restricted one (`rk_`) those that are named."""

    livemode: Annotated[bool, Meta(description="Whether it moves real money (`_live_`) or not (`_test_`).")] = False
    name: Annotated[str, Meta(max_length=100, description="What the key is for.")] = ""
    restricted: bool = False
    scopes: Annotated[tuple[Scope, ...], Meta(max_length=16)] = ()
    rate_limit_per_second: Annotated[int, Meta(ge=1, le=10_000, description="Requests per second.")] = 500
    expires_at: Expiry = None


class RotateKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a key is replaced."""

    overlap_seconds: Annotated[
        int, Meta(ge=0, le=30 * 86_400, description="How long the old key works beside the new one, in seconds.")
    ] = 86_400
    expires_at: Expiry = None


class KeyView(Struct, frozen=True, kw_only=True):
    """A key, without the key. ``hint`` is its beginning and end."""

    id: str
    merchant_id: str
    livemode: bool
    name: str
    restricted: bool
    scopes: tuple[Scope, ...]
    hint: str
    status: str
    rate_limit_per_second: int
    api_version: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    replaced_by: str | None
    secret: Annotated[str | None, Meta(description="The key itself: in the answer that made it, and never again.")] = (
        None
    )


class AdminKeys(Controller):
    """API keys."""

    path = "/merchants/{merchant_id:str}/keys"
    tags = ("API keys",)
    dependencies = {"page": PAGE}  # noqa: RUF012 - Litestar's way

    @get("/")
    async def list(
        self,
        db: UseDb,
        merchant_id: PathName,
        page: UsePage,
        livemode: Annotated[bool | None, QueryParameter(description="Only keys of this mode.")] = None,
    ) -> Page[KeyView]:
        """List keys; those of one mode newest first."""
        async with db.connection() as conn:
            await get_merchant(conn, merchant_id)
            found = await list_keys(conn, merchant_id, page, livemode=livemode)
        return page_of([_view(key) for key in found], page, lambda view: view.id)

    @post("/", responses={200: ResponseSpec(KeyView, description="The key that the same request made before.")})
    async def create(
        self, request: Request[Any, Any, Any], changes: UseChanges, merchant_id: PathName, data: JSONBody[CreateKey]
    ) -> Response[KeyView]:
        """Make a key. With an Idempotency-Key, a repeated request answers the same key, without its secret."""
        wanted = KeyRequest(
            livemode=data.livemode,
            name=data.name,
            restricted=data.restricted,
            scopes=data.scopes,
            rate_limit_per_second=data.rate_limit_per_second,
            expires_at=data.expires_at,
        )
        header = idempotency_key(request) if "idempotency-key" in request.headers else None
        return _answer(await create_api_key(changes, merchant_id, wanted, idempotency_key=header))

    @get("/{key_id:str}")
    async def read(self, db: UseDb, merchant_id: PathName, key_id: PathName) -> KeyView:
        """Read a key."""
        async with db.connection() as conn:
            return _view(await get_key(conn, merchant_id, key_id))

    @post("/{key_id:str}/rotate")
    async def rotate(
        self, changes: UseChanges, merchant_id: PathName, key_id: PathName, data: JSONBody[RotateKey]
    ) -> Response[KeyView]:
        """Replace a key by a fresh one with the same rights. The old one expires after the overlap."""
        made = await rotate_api_key(
            changes, merchant_id, key_id, overlap_s=data.overlap_seconds, expires_at=data.expires_at
        )
        return _answer(made)

    @post("/{key_id:str}/revoke", status_code=200)
    async def revoke(self, changes: UseChanges, merchant_id: PathName, key_id: PathName) -> KeyView:
        """Revoke a key for ever; other services refuse it within the stated bound."""
        return _view(await revoke_api_key(changes, merchant_id, key_id))


def _answer(made: MadeKey) -> Response[KeyView]:
    if made.secret is None:
        return Response(_view(made.key), status_code=200, headers={"Idempotency-Replayed": "true"})
    return Response(_view(made.key, made.secret.reveal()), headers={"Cache-Control": "no-store"})


def status_of(key: ApiKey) -> str:
    """What a key is: active, rotated or revoked."""
    return "revoked" if key.revoked_at else "rotated" if key.replaced_by else "active"


def _view(key: ApiKey, secret: str | None = None) -> KeyView:
    return KeyView(
        id=key.id,
        merchant_id=key.merchant_id,
        livemode=key.livemode,
        name=key.name,
        restricted=key.restricted,
        scopes=key.scopes,
        hint=key.hint,
        status=status_of(key),
        rate_limit_per_second=key.rate_limit_per_second,
        api_version=key.api_version,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        replaced_by=key.replaced_by,
        secret=secret,
    )
