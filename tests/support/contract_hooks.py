"""Loaded by Schemathesis: each route gets its own credential, valid requests get ids that exist and fresh keys."""

import json
import os
import random
import secrets
from typing import Any

import schemathesis

KNOWN = json.loads(os.environ["FLORIN_CONTRACT_KNOWN"])
"""``tokens`` by the beginning of a path, and ``values`` by the name of a path parameter."""
_random = random.Random(0)


@schemathesis.auth(refresh_interval=None)
class Credentials:
    """The longest beginning of a path names its credential."""

    def get(self, case: schemathesis.Case[Any], context: object) -> str | None:
        prefixes = [prefix for prefix in KNOWN["tokens"] if case.operation.path.startswith(prefix)]
        return str(KNOWN["tokens"][max(prefixes, key=len)]) if prefixes else None

    def set(self, case: schemathesis.Case[Any], data: str, context: object) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context: object, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = secrets.token_hex(8)
    for name in case.path_parameters or {}:
        if name in KNOWN["values"] and _random.random() < 0.7:
            case.path_parameters[name] = KNOWN["values"][name]
