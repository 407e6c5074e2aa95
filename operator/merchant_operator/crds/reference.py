"""The page of the reference: every field with its type, bounds, default and meaning."""

import json
from collections.abc import Iterator

from merchant_operator.crds.definitions import DEFINITIONS
from merchant_operator.crds.schema import Schema

_INTRO = """# MerchantConfig and Connector

Made from the schemas by `./dev generate`. `kubectl explain mc.spec --recursive` tells the same; the
guide is [configure merchants with kubectl](../guides/configure-merchants-with-kubectl.md).

Amounts are in minor units of the currency named beside them, durations in seconds. In bold: required. Rules between
fields are checked by the API server at once; merchants checks them again.
"""


def render_page() -> str:
    """The page in Markdown."""
    lines = [_INTRO]
    for kind, definition in DEFINITIONS.items():
        version = definition["spec"]["versions"][0]
        names = definition["spec"]["names"]
        schema = version["schema"]["openAPIV3Schema"]
        lines += [
            f"## {kind}",
            f"{schema['description']} Short name `{names['shortNames'][0]}`, category `{names['categories'][0]}`.",
            "",
        ]
        for part in ("spec", "status"):
            lines += [f"### {kind}: {part}", "| field | type | meaning |", "|---|---|---|"]
            lines += list(_rows(schema["properties"][part], ""))
            rules = list(_rules(schema["properties"][part], part))
            if rules:
                lines += ["", "Rules:", *rules]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _rows(schema: Schema, path: str) -> Iterator[str]:
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        inner = field.get("items", field)
        full = f"{path}{name}" + ("[]" if "items" in field else "")
        shown = f"**`{full}`**" if name in required else f"`{full}`"
        yield f"| {shown} | {_type(field)} | {_meaning(field)} |"
        yield from _rows(inner, f"{full}.")


def _type(field: Schema) -> str:
    if "items" in field:
        inner = field["items"]
        most = f", at most {field['maxItems']}" if "maxItems" in field else ""
        least = f", at least {field['minItems']}" if "minItems" in field else ""
        return f"list of {_bounds(inner)}{least}{most}"
    return _bounds(field)


def _bounds(field: Schema) -> str:
    text: str = field["type"]
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "minimum" in field and "maximum" in field:
        low = f"above {field['minimum']}" if field.get("exclusiveMinimum") else f"{field['minimum']}"
        text += f", {low} to {field['maximum']}"
    elif "maxLength" in field:
        text += f", at most {field['maxLength']} characters"
    return text


def _meaning(field: Schema) -> str:
    meaning: str = field["description"]
    default = field.get("default")
    if default is not None and field["type"] not in ("object",) and default != []:
        meaning += f" Default: `{json.dumps(default)}`."
    return meaning.replace("|", "\\|")


def _rules(schema: Schema, path: str) -> Iterator[str]:
    for rule in schema.get("x-kubernetes-validations", []):
        yield f"- `{path}{rule.get('fieldPath', '')}`: {rule['message']}."
    for name, field in schema.get("properties", {}).items():
        yield from _rules(field, f"{path}.{name}")
    if "items" in schema:
        yield from _rules(schema["items"], f"{path}[]")
