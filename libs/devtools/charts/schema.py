"""values.schema.json from a values.yaml. What is not named there is refused: a misspelt value is no silent default."""

from collections.abc import Mapping
from typing import Any

from devtools.charts.values import Value

_DRAFT = "https://json-schema.org/draft-07/schema#"
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
Values = Mapping[tuple[str, ...], Value]


def schema_of(values: Values, *, shared: Values, components: tuple[str, ...] = ()) -> dict[str, Any]:
    """The schema of one chart. ``shared`` are the library's values; ``components`` are charts below an umbrella."""
    properties = {path[0]: _schema(value, values) for path, value in values.items() if len(path) == 1}
    for name in components:
        # Its own schema checks the rest of it.
        properties[name] = {"type": "object", "properties": {"enabled": {"type": "boolean"}}}
    properties["enabled"] = {"type": "boolean", "description": "Whether an umbrella chart installs this one."}
    properties["global"] = {
        "type": "object",
        "description": "Shared by all charts; other charts may have keys of their own in it.",
        "properties": {"florin": _schema(shared["global", "florin"], shared)},
    }
    properties["florin-lib"] = {"type": "object"}
    return {
        "$schema": _DRAFT,
        "type": "object",
        "additionalProperties": False,
        "properties": dict(sorted(properties.items())),
    }


def _schema(value: Value, values: Values) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": _TYPES[type(value.default)]}
    if value.description:
        schema["description"] = value.description
    if "enum" in value.marks:
        schema["enum"] = [choice.strip() for choice in value.marks["enum"].split(",")]
    if "minimum" in value.marks:
        schema["minimum"] = int(value.marks["minimum"])
    elif schema["type"] in ("integer", "number"):
        schema["minimum"] = 0
    if schema["type"] == "array":
        schema["items"] = {"type": value.marks["items"]}
    if schema["type"] == "object" and not value.is_open:
        schema["additionalProperties"] = False
        schema["properties"] = {key: _schema(values[(*value.path, key)], values) for key in value.children}
    return schema
