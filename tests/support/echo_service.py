"""A small service on the real frame and server, as a process of its own: ``python -m tests.support.echo_service``."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from litestar import Litestar, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from florin.errors import Conflict
from florin.service import Background, ServiceApp, ServiceSettings, create_app, serve, settings_or_exit
from florin.telemetry import current_traceparent, span


class Echo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes back."""

    text: str
    amount_minor: int = 0


class Gate:
    """Holds requests until a test lets them go."""

    def __init__(self) -> None:
        self.waiting = 0
        self.arrived = asyncio.Event()
        self.opened = asyncio.Event()

    async def pass_through(self) -> None:
        """Wait until the gate is opened."""
        self.waiting += 1
        self.arrived.set()
        await self.opened.wait()


def build_app(settings: ServiceSettings, gate: Gate | None = None) -> ServiceApp:
    """The service under test."""

    @post("/echo")
    async def echo(data: JSONBody[Echo]) -> Echo:
        return data

    @get("/held")
    async def held() -> dict[str, str]:
        if gate is None:
            print("held", flush=True)  # noqa: T201 - the test that started this process waits for the word
            await asyncio.sleep(1.0)
        else:
            await gate.pass_through()
        return {"text": "let go"}

    @get("/traced")
    async def traced() -> dict[str, str | None]:
        with span("inside"):
            return {"traceparent": current_traceparent()}

    @get("/echo/{text:str}")
    async def echo_path(text: FromPath[str], again: FromQuery[str] = "") -> dict[str, str]:
        return {"text": text, "again": again}

    @get("/conflict")
    async def conflict() -> None:
        raise Conflict("It is not in the right state.", state="captured")

    @get("/fault")
    async def fault() -> None:
        raise RuntimeError("card 4242424242424242 and sk_live_abcdef went wrong")

    @get("/encoded")
    async def encoded() -> Response[Echo]:
        return Response(b'{"text":"encoded","amount_minor":1}', media_type="application/json")  # type: ignore[arg-type]

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async def hold_lease() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                print("lease released", flush=True)  # noqa: T201

        async with Background() as background:
            background.start("lease", hold_lease)
            yield

    return create_app(
        name="echo",
        version="1",
        description="Says what it hears.",
        route_handlers=[echo, held, traced, echo_path, conflict, fault, encoded],
        settings=settings,
        lifespan=[lifespan],
    )


if __name__ == "__main__":
    process_settings = settings_or_exit(ServiceSettings)
    serve(build_app(process_settings), process_settings)
