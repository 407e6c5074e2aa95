"""What is written from the definitions: the chart's templates and a page of the reference."""

from collections.abc import Callable
from functools import partial

import msgspec
import yaml

from merchant_operator.crds.definitions import DEFINITIONS
from merchant_operator.crds.reference import render_page
from merchant_operator.names import PLURALS

_NOTE = "# Made by `./dev generate` from florin.contracts; do not edit.\n"


def render_definition(kind: str) -> str:
    """A definition as YAML."""
    document = msgspec.json.decode(msgspec.json.encode(DEFINITIONS[kind]))  # a copy shares nothing: no YAML aliases
    return f"{_NOTE}{yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)}"


DOCUMENTS: dict[str, Callable[[], str]] = {
    **{f"charts/florin-crds/templates/{PLURALS[kind]}.yaml": partial(render_definition, kind) for kind in DEFINITIONS},
    "docs/reference/merchantconfig.md": render_page,
}
"""By path below the checkout."""
