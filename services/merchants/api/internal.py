"""/internal/v1: what the other services of the installation ask."""

from typing import Annotated

from litestar import Controller, Response, get, post, put
from litestar.params import JSONBody, PathParameter, QueryParameter

from florin.contracts.api_keys import KeyLookup
from florin.contracts.directory import FeedPage, KeyAnswer, ReplicaReport, SecretLease
from merchants.api.dependencies import PathName, UseBox, UseDb
from merchants.domain.names import check_replica
from merchants.operations.lease_secret import lease_secret
from merchants.operations.look_up_key import look_up_key
from merchants.store.changes import read_feed
from merchants.store.replicas import save_replica

ReplicaName = Annotated[str, PathParameter(min_length=1, max_length=64)]
ScopeName = Annotated[str, PathParameter(pattern=r"^(merchant|connector):[a-z0-9_-]+$", max_length=80)]


class Internal(Controller):
    """Projections, look-ups, leases."""

    path = "/"
    tags = ("Between services",)

    @get("/feed")
    async def feed(
        self,
        db: UseDb,
        after: Annotated[int, QueryParameter(ge=0, le=2**53, description="The version to begin behind.")] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 500,
    ) -> FeedPage:
        """Changes after a version, in the order of their commits: the newest state of each thing, and every version
        of each configuration.
        """
        async with db.connection() as conn:
            return await read_feed(conn, after, limit)

    @post("/keys/lookup", status_code=200)
    async def look_up(self, db: UseDb, data: JSONBody[KeyLookup]) -> KeyAnswer:
        """Whether a key exists, and what its payments need."""
        return await look_up_key(db, data.hash)

    @get("/secrets/{owner:str}/{name:str}")
    async def lease(self, db: UseDb, box: UseBox, owner: ScopeName, name: PathName) -> Response[SecretLease]:
        """A secret in the clear, with values before it whose overlap is not over."""
        return Response(await lease_secret(db, box, owner, name), headers={"Cache-Control": "no-store"})

    @put("/replicas/{service:str}/{replica:str}", status_code=204)
    async def report(
        self, db: UseDb, service: ReplicaName, replica: ReplicaName, data: JSONBody[ReplicaReport]
    ) -> None:
        """How far a replica has come."""
        check_replica(service, "service")
        check_replica(replica, "replica")
        async with db.connection() as conn:
            await save_replica(conn, service, replica, data)
