"""The OpenAPI 3.1 document of a service: what its handlers declare, and the answers that every route can give."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, License, Schema, SecurityRequirement, SecurityScheme, Tag
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from florin.service import idempotency
from florin.service.problems import MEDIA_TYPE

API_KEY: list[SecurityRequirement] = [{"api_key": []}]
ADMIN_TOKEN: list[SecurityRequirement] = [{"admin_token": []}]
INTERNAL_TOKEN: list[SecurityRequirement] = [{"internal_token": []}]
"""What a handler or router needs, for its ``security=``."""

_REFERENCE = "#/components/schemas/"
_ALWAYS = (400, 404, 413, 429, 500, 503)
_WITH_SECURITY = (401, 403)
_WITH_EFFECT = (402, 409, 422)
_WITH_BODY = (408, 415)
_WITH_PUT = (412,)
_MEANING = {
    400: "The request is not valid; `param` names the field.",
    401: "No credential, or one that is not valid.",
    402: "Valid, and declined by the issuer or acquirer.",
    403: "The credential does not carry this right.",
    404: "No such object, or another merchant's.",
    408: "The body took too long to arrive.",
    409: "The present state does not allow it, or a request with the same key is under way.",
    412: "What was written is older than what is stored.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The same key was used with another request.",
    429: "Too many requests; see `Retry-After`.",
    500: "A fault of ours, logged under the request id.",
    503: "Temporarily unavailable; see `Retry-After`.",
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "A problem document (RFC 9457). `type` and `doc_url` lead to the page about its `code`.",
    "required": ["type", "title", "status", "detail", "code", "retryable", "doc_url"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence about this case."},
        "instance": {"type": ["string", "null"], "description": "The request's id."},
        "code": {"type": "string", "description": "Stable: programs decide by this."},
        "param": {"type": "string", "description": "The field at fault."},
        "retryable": {"type": "boolean", "description": "Whether the same request may succeed later."},
        "doc_url": {"type": "string", "format": "uri-reference"},
    },
    "additionalProperties": True,
    "examples": [
        {
            "type": "/errors/invalid_request",
            "title": "The request is not valid",
            "status": 400,
            "detail": "amount_minor: expected `int`, got `str`.",
            "instance": "req_5f0c1e6d9a7b43218c0de1f2",
            "code": "invalid_request",
            "param": "amount_minor",
            "retryable": False,
            "doc_url": "/errors/invalid_request",
        }
    ],
}


class StructSchemas(OpenAPISchemaPlugin):
    """Remembers the Structs of a service, whose schemas `openapi_document` has msgspec write.

    msgspec decodes them, so it alone knows every bound; Litestar's own schemas lose those of optional fields and of
    what is in dicts and lists.
    """

    def __init__(self) -> None:
        self.types: list[type[msgspec.Struct]] = []

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Whether this is a Struct, also a generic one."""
        return not field_definition.is_union and field_definition.is_subclass_of(msgspec.Struct)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        """A place for the schema of one Struct, with its number in ``types`` as its title."""
        self.types.append(field_definition.annotation)
        place: Schema = schema_creator.create_component_schema(
            field_definition, required=[], property_fields={}, title=str(len(self.types) - 1)
        )
        return place


def openapi_config(*, name: str, version: str, description: str, tags: Sequence[Tag]) -> OpenAPIConfig:
    """What is said of the service as a whole."""
    bearer = {
        "api_key": "A merchant's API key, `sk_test_...` or `sk_live_...`.",
        "admin_token": "The operators' token.",
        "internal_token": "The token between services.",
    }
    return OpenAPIConfig(
        title=f"Florin {name}",
        version=version,
        description=description,
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        tags=list(tags),
        use_handler_docstrings=True,
        path="/.litestar-schema",  # its own pages load scripts from elsewhere; ours are in `docs`
        components=Components(
            security_schemes={
                scheme: SecurityScheme(type="http", scheme="bearer", description=text)
                for scheme, text in bearer.items()
            }
        ),
    )


def openapi_document(litestar: Litestar) -> dict[str, Any]:
    """The whole document, as plain data."""
    document = litestar.openapi_schema.to_schema()
    components = document.setdefault("components", {})
    structs = next(plugin for plugin in litestar.plugins.openapi if isinstance(plugin, StructSchemas))
    components["schemas"] = _schemas(document, structs.types)
    components["responses"] = {f"Problem{status}": _problem_response(status) for status in _MEANING}
    for path in document.get("paths", {}).values():
        for method, operation in path.items():
            if isinstance(operation, dict):
                _declare_problems(method, operation)
                for parameter in operation.get("parameters", ()):
                    parameter["schema"] = _parameter_schema(parameter["schema"])
                    if parameter["name"] == idempotency.HEADER:
                        parameter["required"] = True  # Litestar may not know it: a missing key has an answer of its own
    return document


def _schemas(document: dict[str, Any], types: Sequence[type[msgspec.Struct]]) -> dict[str, Any]:
    """The components: Structs as msgspec writes them, and what Litestar has for parameters (enumerations)."""
    references, written = msgspec.json.schema_components(types, ref_template=_REFERENCE + "{name}")
    kept = {"Problem": _PROBLEM}
    renamed = {}
    for name, schema in document["components"].get("schemas", {}).items():
        if "enum" in schema:
            kept[name] = schema
        else:
            renamed[_REFERENCE + name] = references[int(schema["title"])]["$ref"]
    _rename_references(document["paths"], renamed)
    return dict(sorted((kept | written).items()))


def _rename_references(node: Any, renamed: dict[str, str]) -> None:
    if isinstance(node, dict):
        if (reference := node.get("$ref")) in renamed:
            node["$ref"] = renamed[reference]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            _rename_references(item, renamed)


def _parameter_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """With whole numbers as such, and texts without null: sent as a text, `null` is one. Elsewhere it is no value."""
    variants = [variant for variant in schema.get("oneOf", ()) if variant != {"type": "null"}]
    if len(variants) == 1 and variants[0].get("type") == "string":
        schema = {**variants[0], **{name: value for name, value in schema.items() if name != "oneOf"}}
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value for name, value in schema.items()
    }


def _declare_problems(method: str, operation: dict[str, Any]) -> None:
    statuses = [*_ALWAYS]
    if operation.get("security"):
        statuses += _WITH_SECURITY
    if method != "get":
        statuses += _WITH_EFFECT
    if method == "put":
        statuses += _WITH_PUT
    if "requestBody" in operation:
        statuses += _WITH_BODY
    responses = operation.setdefault("responses", {})
    # Litestar writes errors (a handler's ``raises``) in a shape of its own, which nobody sees.
    statuses += [int(status) for status in responses if int(status) in _MEANING]
    for status in sorted(statuses):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}


def _problem_response(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}. {_MEANING[status]}",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (429, 503):
        response["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return response
