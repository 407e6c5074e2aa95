"""Which methods a path takes: HEAD wherever there is GET, and OPTIONS that names them all (RFC 9110, section 9.3)."""

from collections.abc import Iterable

from litestar import Response
from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import Scope


def allow(methods: Iterable[str]) -> str:
    """The value of ``Allow``. Nobody routes HEAD: the frame takes it for a GET, and the server sends the head only."""
    named = set(methods)
    return ", ".join(sorted(named | {"HEAD"} if "GET" in named else named))


class CompleteOptions(ReceiveRoutePlugin):
    """Has OPTIONS name every method. Litestar makes it with a path's first handler and forgets those that follow."""

    def receive_route(self, route: BaseRoute) -> None:
        """Replace what a route's OPTIONS handler does."""
        if isinstance(route, HTTPRoute):
            headers = {"Allow": allow(route.route_handler_map)}

            def options(scope: Scope) -> Response[None]:
                return Response(None, status_code=204, headers=headers, media_type="text/plain")

            handler, _ = route.route_handler_map["OPTIONS"]
            handler(options)
