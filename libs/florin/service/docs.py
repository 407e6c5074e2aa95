"""/openapi.json and the documentation page at /docs, which loads nothing from anywhere else."""

import importlib.util
from functools import lru_cache
from pathlib import Path

import msgspec
from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import State
from litestar.params import FromPath

from florin.service.openapi import openapi_document
from florin.service.problems import RouteNotFound

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".png": "image/png"}
_ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
  requestInterceptor: (request) => {
    // Every POST needs a key of its own; a page that made its reader invent one would teach bad habits.
    if (request.method === "POST" && !request.headers["Idempotency-Key"]) {
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      request.headers["Idempotency-Key"] = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    return request;
  },
});
"""


@lru_cache(maxsize=8)
def _asset(name: FromPath[str]) -> bytes:
    # The package also holds a plugin for a framework that we do not use: find its files without importing it.
    spec = importlib.util.find_spec("flask_swagger_ui")
    if spec is None or not spec.submodule_search_locations:
        raise RouteNotFound("This installation comes without the documentation page; see /openapi.json.")
    return (Path(spec.submodule_search_locations[0]) / "dist" / name).read_bytes()


def documentation_routes(title: str) -> Router:
    """/openapi.json, /docs and what /docs loads."""
    document: list[bytes] = []

    @get("/openapi.json", sync_to_thread=False)
    def openapi_json(request: Request[object, object, State]) -> Response[bytes]:
        """The OpenAPI document."""
        if not document:
            litestar: Litestar = request.app
            document.append(msgspec.json.encode(openapi_document(litestar)))
        return Response(document[0], media_type="application/json")

    @get("/docs", sync_to_thread=False)
    def docs_page() -> Response[str]:
        """The documentation page."""
        return Response(_PAGE.format(title=title), media_type="text/html")

    @get("/docs/{name:str}", sync_to_thread=False)
    def docs_asset(name: FromPath[str]) -> Response[bytes]:
        """A file of the documentation page."""
        if name == "start.js":
            return Response(_START.encode(), media_type="text/javascript")
        if name not in _ASSETS:
            raise RouteNotFound(f"The documentation has no file named {name[:80]!r}.")
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(_asset(name), media_type=_MEDIA_TYPES[Path(name).suffix], headers=headers)

    return Router("/", route_handlers=[openapi_json, docs_page, docs_asset], include_in_schema=False)
