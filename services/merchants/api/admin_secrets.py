"""Secrets of merchants and connectors: written here, leased by services, never read back."""

from datetime import datetime
from typing import Annotated

from litestar import Controller, Response, get, put
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from msgspec import Meta, Struct

from florin.settings import Secret
from merchants.api.dependencies import PathName, UseBox, UseChanges, UseDb
from merchants.domain.names import connector_scope, merchant_scope
from merchants.operations.put_secret import PutSecret, put_connector_secret, put_merchant_secret
from merchants.store.connectors import get_connector
from merchants.store.merchants import get_merchant
from merchants.store.secrets import SealedSecret, list_secrets


class PutSecretBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A value to keep."""

    value: Annotated[str, Meta(min_length=1, max_length=16_384, description="The secret; it is sealed at once.")]
    overlap_seconds: Annotated[
        int, Meta(ge=0, le=30 * 86_400, description="How long the value before it still counts, in seconds.")
    ] = 86_400

    def __repr__(self) -> str:
        return "PutSecretBody(***)"


class SecretView(Struct, frozen=True):
    """That a secret exists, without it."""

    scope: str
    name: str
    secret_version: int
    created_at: datetime


class SecretList(Struct, frozen=True):
    """The secrets of one merchant or connector, by name."""

    data: list[SecretView]


class AdminSecrets(Controller):
    """Secrets."""

    path = "/"
    tags = ("Secrets",)

    @get("/merchants/{merchant_id:str}/secrets")
    async def list_of_merchant(self, db: UseDb, merchant_id: PathName) -> SecretList:
        """List a merchant's secrets, without their values."""
        async with db.connection() as conn:
            await get_merchant(conn, merchant_id)
            return _view_all(await list_secrets(conn, merchant_scope(merchant_id)))

    @put(
        "/merchants/{merchant_id:str}/secrets/{name:str}",
        responses={201: ResponseSpec(SecretView, description="Stored.")},
    )
    async def put_of_merchant(
        self, changes: UseChanges, box: UseBox, merchant_id: PathName, name: PathName, data: JSONBody[PutSecretBody]
    ) -> Response[SecretView]:
        """Store a merchant's secret (201), or the same value again (200)."""
        put_result = await put_merchant_secret(
            changes, box, merchant_id, name, Secret(data.value), overlap_s=data.overlap_seconds
        )
        return _answer(put_result)

    @get("/connectors/{connector:str}/secrets")
    async def list_of_connector(self, db: UseDb, connector: PathName) -> SecretList:
        """List a connector's secrets, without their values."""
        async with db.connection() as conn:
            await get_connector(conn, connector)
            return _view_all(await list_secrets(conn, connector_scope(connector)))

    @put(
        "/connectors/{connector:str}/secrets/{name:str}",
        responses={201: ResponseSpec(SecretView, description="Stored.")},
    )
    async def put_of_connector(
        self, changes: UseChanges, box: UseBox, connector: PathName, name: PathName, data: JSONBody[PutSecretBody]
    ) -> Response[SecretView]:
        """Store a connector's secret (201), or the same value again (200)."""
        put_result = await put_connector_secret(
            changes, box, connector, name, Secret(data.value), overlap_s=data.overlap_seconds
        )
        return _answer(put_result)


def _answer(result: PutSecret) -> Response[SecretView]:
    return Response(_view(result.secret), status_code=201 if result.changed else 200)


def _view_all(secrets: list[SealedSecret]) -> SecretList:
    return SecretList([_view(secret) for secret in secrets])


def _view(secret: SealedSecret) -> SecretView:
    return SecretView(secret.scope, secret.name, secret.secret_version, secret.created_at)
