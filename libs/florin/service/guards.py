"""Bearer tokens: read from requests, and compared for the doors that people and services of the house use."""

import hmac
from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from florin.errors import Unauthenticated
from florin.service.settings import ServiceSettings
from florin.settings import Secret

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], None]


def bearer_token(connection: Connection) -> str:
    """The credential of ``Authorization: Bearer ...``. Raises Unauthenticated where there is none."""
    found = ""
    for name, value in connection.scope["headers"]:
        if name == b"authorization":
            if found:
                raise Unauthenticated("Send one Authorization header.")
            found = value.decode("latin-1")
    scheme, _, token = found.partition(" ")
    token = token.strip()
    if not token or scheme.lower() != "bearer":
        raise Unauthenticated("Send a key as Authorization: Bearer <key>.")
    return token


def token_guard(expected: Secret) -> Guard:
    """A guard that lets only this token pass. An empty secret lets nobody pass."""
    wanted = expected.reveal().encode()

    def guard(connection: Connection, _: BaseRouteHandler) -> None:
        given = bearer_token(connection).encode("latin-1")
        if not wanted or not hmac.compare_digest(given, wanted):
            raise Unauthenticated("This token is not valid here.")

    return guard


def admin_guard(settings: ServiceSettings) -> Guard:
    """For /admin/v1: operators."""
    return token_guard(settings.admin_token)


def internal_guard(settings: ServiceSettings) -> Guard:
    """For /internal/v1: other services of this installation."""
    return token_guard(settings.internal_token)
