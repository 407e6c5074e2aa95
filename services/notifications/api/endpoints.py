"""`/v1/webhook_endpoints`."""

from datetime import timedelta

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import JSONBody
from msgspec import Struct

from florin.service import API_KEY, PAGE, Page, UsePage, page_of
from notifications.api.access import PathId, Reader, UseRuntime, Writer, address
from notifications.api.requests import ChangeEndpoint, CreateEndpoint, RotateSecret
from notifications.api.views import EndpointView, SecretView, view_endpoint
from notifications.operations.change_endpoint import (
    change_endpoint,
    delete_endpoint,
    endpoint_missing,
    pause_endpoint,
    resume_endpoint,
    rotate_secret,
)
from notifications.operations.create_endpoint import create_endpoint
from notifications.operations.ping_endpoint import ping_endpoint
from notifications.store.endpoints import find_endpoint, list_endpoints


class PingView(Struct, frozen=True):
    """A ping that is on its way; read its delivery to see how it went."""

    delivery_id: str


class Endpoints(Controller):
    """Webhook endpoints of the key's merchant, in the key's mode."""

    path = "/v1/webhook_endpoints"
    tags = ("Webhook endpoints",)
    security = API_KEY
    dependencies = {"page": PAGE}  # noqa: RUF012 - Litestar's way

    @post("/")
    async def create(self, runtime: UseRuntime, writer: Writer, data: JSONBody[CreateEndpoint]) -> SecretView:
        """Create an endpoint. The signing secret is shown in this answer and never again."""
        created = await create_endpoint(
            runtime.database,
            data.new_endpoint(),
            merchant_id=writer.merchant_id,
            livemode=writer.livemode,
            secrets=runtime.secrets,
            policy=runtime.policy,
            default_retries=runtime.sync.retry_policy(writer.merchant_id),
        )
        return SecretView(endpoint=view_endpoint(created.endpoint), secret=created.secret)

    @get("/")
    async def list(self, runtime: UseRuntime, reader: Reader, page: UsePage) -> Page[EndpointView]:
        """List endpoints, newest first."""
        async with runtime.database.connection() as conn:
            found = await list_endpoints(
                conn,
                reader.merchant_id,
                livemode=reader.livemode,
                cursor=page.cursor,
                backwards=page.backwards,
                limit=page.fetch,
            )
        return page_of([view_endpoint(endpoint) for endpoint in found], page, lambda view: view.id)

    @get("/{endpoint_id:str}")
    async def read(self, runtime: UseRuntime, reader: Reader, endpoint_id: PathId) -> EndpointView:
        """Read an endpoint."""
        async with runtime.database.connection() as conn:
            endpoint = await find_endpoint(conn, endpoint_id, reader.merchant_id, livemode=reader.livemode)
        if endpoint is None:
            raise endpoint_missing(endpoint_id)
        return view_endpoint(endpoint)

    @patch("/{endpoint_id:str}")
    async def change(
        self, runtime: UseRuntime, writer: Writer, endpoint_id: PathId, data: JSONBody[ChangeEndpoint]
    ) -> EndpointView:
        """Change an endpoint. One that the merchant's configuration manages answers 409."""
        place = address(writer, endpoint_id)
        return view_endpoint(await change_endpoint(runtime.database, place, data.changes(), runtime.policy))

    @delete("/{endpoint_id:str}", status_code=204)
    async def delete(self, runtime: UseRuntime, writer: Writer, endpoint_id: PathId) -> None:
        """Delete an endpoint: what waits for it is cancelled, what was sent stays on record."""
        await delete_endpoint(runtime.database, address(writer, endpoint_id))

    @post("/{endpoint_id:str}/pause", status_code=200)
    async def pause(self, runtime: UseRuntime, writer: Writer, endpoint_id: PathId) -> EndpointView:
        """Hold an endpoint's deliveries: events are recorded, and sent once it is resumed."""
        return view_endpoint(await pause_endpoint(runtime.database, address(writer, endpoint_id)))

    @post("/{endpoint_id:str}/resume", status_code=200)
    async def resume(self, runtime: UseRuntime, writer: Writer, endpoint_id: PathId) -> EndpointView:
        """Send again to an endpoint that was paused, or disabled by a 410; what has waited is sent first."""
        endpoint = await resume_endpoint(runtime.database, address(writer, endpoint_id))
        runtime.dispatcher.wake([endpoint.id])
        return view_endpoint(endpoint)

    @post("/{endpoint_id:str}/rotate_secret", status_code=200)
    async def rotate(
        self, runtime: UseRuntime, writer: Writer, endpoint_id: PathId, data: JSONBody[RotateSecret]
    ) -> SecretView:
        """Replace the signing secret; for `overlap_s` both sign. The new one is shown this once."""
        endpoint, secret = await rotate_secret(
            runtime.database,
            address(writer, endpoint_id),
            overlap=timedelta(seconds=data.overlap_s),
            secrets=runtime.secrets,
            secret=data.secret,
        )
        return SecretView(endpoint=view_endpoint(endpoint), secret=secret)

    @post("/{endpoint_id:str}/ping", status_code=202)
    async def ping(self, runtime: UseRuntime, writer: Writer, endpoint_id: PathId) -> Response[PingView]:
        """Send a test message, `webhook.ping`, whatever the endpoint's filters say."""
        delivery_id = await ping_endpoint(runtime.database, address(writer, endpoint_id), runtime.dispatcher)
        return Response(PingView(delivery_id), status_code=202)
