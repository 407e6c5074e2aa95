"""From a Struct to the structural schema that an API server takes.

msgspec writes JSON Schema; a custom resource wants the OpenAPI 3.0 of Kubernetes: no references, no null, list types
said, and rules beside the fields.
"""

import inspect
from typing import Any

import msgspec

from merchant_operator.crds.rules import FIELD_RULES, LIST_KEYS, LISTS_WITH_ORDER, PRINTABLE, RULES, Rule

Schema = dict[str, Any]


def structural_schema(struct_type: type[msgspec.Struct]) -> Schema:
    """The schema of a type, whole."""
    (top,), components = msgspec.json.schema_components([struct_type], ref_template="{name}")
    return _Inliner(components).inline(top)


class _Inliner:
    def __init__(self, components: dict[str, Schema]) -> None:
        self._components = components

    def inline(self, schema: Schema) -> Schema:
        """The schema with everything that it refers to written out."""
        name = ""
        while True:  # a field's own description goes before its type's
            if "$ref" in schema:
                name = schema["$ref"]
                schema = self._components[name] | _without(schema, "$ref")
            elif "anyOf" in schema:  # of a type and null: an absent field says the same
                (schema,) = [option | _without(schema, "anyOf") for option in schema["anyOf"] if _is_type(option)]
            else:
                break
        result = _plain(schema)
        if "properties" in schema:
            result["properties"] = {
                field: self._field(name, field, value) for field, value in schema["properties"].items()
            }
            if schema["required"]:
                result["required"] = schema["required"]
        if "items" in schema:
            result["items"] = self.inline(schema["items"])
            result |= _list_type(schema["items"].get("$ref"), result["items"])
        _add_rules(result, RULES.get(name, ()))
        return result

    def _field(self, struct: str, field: str, schema: Schema) -> Schema:
        result = self.inline(schema)
        if (struct, field) in LISTS_WITH_ORDER:
            result["x-kubernetes-list-type"] = "atomic"
        if (struct, field) in PRINTABLE:
            result["pattern"] = PRINTABLE[struct, field]
        _add_rules(result, FIELD_RULES.get((struct, field), ()))
        _add_rules(result.get("items", {}), FIELD_RULES.get((struct, f"{field}[]"), ()))
        return result


def _plain(schema: Schema) -> Schema:
    """Without references, with the keywords of OpenAPI 3.0, in an order that reads well."""
    kind = schema.get("type", "string")  # an enumeration says no type
    result: Schema = {"description": " ".join(inspect.cleandoc(schema["description"]).split()), "type": kind}
    if kind == "integer":
        result["format"] = "int64"
    if "exclusiveMinimum" in schema:
        result |= {"minimum": schema["exclusiveMinimum"], "exclusiveMinimum": True}
    for name in ("enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "default"):
        if schema.get(name) is not None:
            result[name] = schema[name]
    return result


def _list_type(item_type: str | None, item: Schema) -> Schema:
    if item["type"] != "object":
        return {"x-kubernetes-list-type": "set"}
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [LIST_KEYS[item_type or ""]]}


def _add_rules(schema: Schema, rules: tuple[Rule, ...]) -> None:
    if rules:
        written = [
            {"rule": rule.cel, "message": rule.message} | ({"fieldPath": rule.field} if rule.field else {})
            for rule in rules
        ]
        schema["x-kubernetes-validations"] = [*schema.get("x-kubernetes-validations", []), *written]


def _is_type(option: Schema) -> bool:
    return option.get("type") != "null"


def _without(schema: Schema, name: str) -> Schema:
    return {key: value for key, value in schema.items() if key != name}
