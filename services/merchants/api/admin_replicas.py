"""/admin/v1/replicas: how far each replica of the other services has come."""

from litestar import Controller, get

from merchants.api.dependencies import UseDb, UseSettings
from merchants.operations.read_propagation import Floors, read_floors


class AdminReplicas(Controller):
    """Replicas."""

    path = "/replicas"
    tags = ("Configuration",)

    @get("/")
    async def list(self, db: UseDb, settings: UseSettings) -> Floors:
        """List replicas whose lease holds, with the newest change that each works with, and services without any.

        A configuration is propagated when every one of them is at or above its version.
        """
        return await read_floors(db, settings.propagation_services)
