"""Request bodies: decoded once, strictly, straight into the handler's Struct.

Litestar alone would decode to dicts first and then convert leniently ("100" passes for 100). `JsonBodies` gives
the raw bytes to a decoder of the very type that the handler's ``data`` has.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec
from litestar.dto import AbstractDTO
from litestar.openapi.spec import Reference, Schema
from litestar.plugins import SerializationPlugin
from litestar.typing import FieldDefinition

from florin.errors import InvalidRequest
from florin.service.problems import MalformedBody, UnsupportedMediaType, sentence_about

_AT_PATH = re.compile(r"^(?P<what>.*?)(?: - at (?:`key` in )?`\$(?P<path>.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"(?:unknown|required) field `(?P<field>.*)`$")


def decode_json(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    """Decode a body. Raises MalformedBody where it is no JSON, InvalidRequest with the field where it does not fit.

    A field that is there twice is refused (RFC 7493, section 2.3): whoever checked the request before us may have
    believed the other one.
    """
    try:
        value = decoder.decode(body)
        _repetitions.decode(body.decode())
        return value
    except msgspec.ValidationError as error:
        raise _misfit(str(error)) from None
    except UnicodeDecodeError:
        raise MalformedBody("The body is not UTF-8.") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise MalformedBody(f"The body is not JSON: {str(error).rstrip('.')}.") from None
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.") from None


def _refuse_repeated(fields: list[tuple[str, Any]]) -> None:
    if len(fields) != len({name for name, _ in fields}):
        names = [name for name, _ in fields]
        repeated = next(name for name in names if names.count(name) > 1)[:200]
        raise InvalidRequest(f"{repeated}: the field is there twice.", param=repeated)


_repetitions = json.JSONDecoder(object_pairs_hook=_refuse_repeated)


def _misfit(message: str) -> InvalidRequest:
    """From msgspec's sentence: "Object contains unknown field `x` - at `$.items[0]`" is about ``items[0].x``."""
    match = _AT_PATH.match(message)
    what, path = (match["what"], match["path"] or "") if match else (message, "")
    if field := _FIELD.search(what):
        path = f"{path}.{field['field']}"
    param = path.removeprefix(".").replace("[...]", "")[:200]
    if not param:
        return InvalidRequest(f"The body does not fit: {what}.")
    return InvalidRequest(sentence_about(param, what), param=param)


class JsonBody(AbstractDTO[Any]):
    """Litestar's door for decoding a body in a way of one's own: the type of a handler's ``data``, with its decoder."""

    __slots__ = ()
    decoder: ClassVar[msgspec.json.Decoder[Any]]

    def decode_bytes(self, value: bytes) -> Any:
        """Decode the body of the request at hand."""
        if not _is_json(self.asgi_connection.scope["headers"]):
            raise UnsupportedMediaType("Send the body as JSON, with the header Content-Type: application/json.")
        return decode_json(self.decoder, value)

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Not needed: each handler has a class of its own."""

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        """Document the handler's own Struct: nothing is transformed on the way."""
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Any:
        """Not needed: no model is transformed."""
        return iter(())

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """Not needed: no model is transformed."""
        return False


class JsonBodies(SerializationPlugin):
    """Decodes the ``data`` of every handler by `JsonBody`."""

    def supports_type(self, field_definition: FieldDefinition) -> bool:
        """Whatever type it is."""
        return True

    def create_dto_for_type(self, field_definition: FieldDefinition) -> type[AbstractDTO[Any]]:
        """Prepare the decoder of one handler."""
        return type("JsonBody", (JsonBody,), {"decoder": msgspec.json.Decoder(field_definition.raw)})


def _is_json(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    for name, value in headers:
        if name == b"content-type":
            return value == b"application/json" or value.split(b";", 1)[0].strip().lower() == b"application/json"
    return True
