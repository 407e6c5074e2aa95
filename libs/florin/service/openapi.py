"""The OpenAPI 3.1 document of a service: what its handlers declare, and the answers that every route can give."""

import inspect
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar
from litestar._openapi.schema_generation.plugins.struct import StructSchemaPlugin
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, License, Schema, SecurityRequirement, SecurityScheme, Tag
from litestar.typing import FieldDefinition

from florin.service.problems import MEDIA_TYPE

API_KEY: list[SecurityRequirement] = [{"api_key": []}]
ADMIN_TOKEN: list[SecurityRequirement] = [{"admin_token": []}]
INTERNAL_TOKEN: list[SecurityRequirement] = [{"internal_token": []}]
"""What a handler or router needs, for its ``security=``."""

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


class StructSchemas(StructSchemaPlugin):
    """Litestar's schemas of Structs, with their docstrings, and closed where unknown fields are refused."""

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        """The schema of one Struct."""
        schema = super().to_openapi_schema(field_definition, schema_creator)
        struct_type: type[msgspec.Struct] = field_definition.origin or field_definition.annotation
        if struct_type.__struct_config__.forbid_unknown_fields:
            schema.additional_properties = False
        if struct_type.__doc__:
            schema.description = inspect.cleandoc(struct_type.__doc__)
        return schema


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
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components["responses"] = {f"Problem{status}": _problem_response(status) for status in _MEANING}
    for path in document.get("paths", {}).values():
        for method, operation in path.items():
            if isinstance(operation, dict):
                _declare_problems(method, operation)
    return document


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
    responses.pop("400", None)  # Litestar's own shape of a validation error, which nobody sees
    for status in sorted(statuses):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})


def _problem_response(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}. {_MEANING[status]}",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (429, 503):
        response["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return response
