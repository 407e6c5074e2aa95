"""`/callbacks/{connector}`: the door for acquirers."""

from litestar import Response, post
from litestar.datastructures import State
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromPath

from florin.errors import Unauthenticated
from payments.api.access import HttpRequest
from payments.gateways.port import CallbackRejected


class CallbackSignatureInvalid(Unauthenticated):
    """The callback's signature, age or form is wrong; it was not stored."""

    code = "callback_rejected"
    title = "The callback is not authentic"


@post(
    "/callbacks/{connector:str}",
    status_code=200,
    summary="Receive an acquirer's callback",
    operation_id="receiveCallback",
    tags=["Callbacks"],
    security=[],
    raises=[NotAuthorizedException],
)
async def receive_callback(connector: FromPath[str], request: HttpRequest, state: State) -> Response[None]:
    """Verified, stored, then answered; what it means is worked out afterwards."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.scope["headers"]}
    try:
        await state.runtime.callbacks.receive(connector, headers, await request.body())
    except CallbackRejected as error:
        raise CallbackSignatureInvalid(f"{error}") from None
    return Response(None, status_code=200)
