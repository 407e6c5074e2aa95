"""The custom resource definitions are made from the contracts and hold together."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from merchant_operator.crds import DEFINITIONS
from merchant_operator.crds.documents import DOCUMENTS
from merchant_operator.crds.rules import FIELD_RULES, RULES

ROOT = Path(__file__).parents[3]


def fields(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from fields(field, f"{path}.{name}")
    if "items" in schema:
        yield from fields(schema["items"], f"{path}[]")


def schema_of(kind: str) -> dict[str, Any]:
    schema: dict[str, Any] = DEFINITIONS[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


@pytest.mark.parametrize("path", DOCUMENTS)
def test_what_is_committed_is_what_the_code_says(path: str) -> None:
    assert (ROOT / path).read_text() == DOCUMENTS[path](), "run: ./dev generate"


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_each_field_says_what_it_is_and_its_unit(kind: str) -> None:
    for part in ("spec", "status"):
        for path, field in fields(schema_of(kind)["properties"][part], part):
            description = field.get("description", "")
            assert description, path
            if path.endswith(("Seconds", "Seconds[]")):
                assert "econds" in description, path
            if path.endswith("Minor"):
                assert "minor units" in description, path


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_each_list_and_text_is_bounded(kind: str) -> None:
    """Else the API server refuses the rules for what they may cost."""
    for path, field in fields(schema_of(kind)["properties"]["spec"], "spec"):
        if field["type"] == "array":
            assert "maxItems" in field, path
            assert "x-kubernetes-list-type" in field, path
        if field["type"] == "string" and "enum" not in field:
            assert "maxLength" in field, path


def test_each_rule_stands_somewhere() -> None:
    """A rule of a type that was renamed would silently be gone."""
    written = {
        (rule["rule"], rule["message"])
        for kind in DEFINITIONS
        for _, field in fields(schema_of(kind), "")
        for rule in field.get("x-kubernetes-validations", [])
    }
    for rules in (*RULES.values(), *FIELD_RULES.values()):
        assert {(rule.cel, rule.message) for rule in rules} <= written
