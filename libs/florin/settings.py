"""Settings from the environment: one frozen Struct, read once at start, every field from ``FLORIN_<NAME>``.

    class PaymentsSettings(ServiceSettings, frozen=True, kw_only=True):
        acquirer_timeout_s: float = 10.0          # FLORIN_ACQUIRER_TIMEOUT_S

    settings = load(PaymentsSettings)

Every variable that is missing or wrong is named in one `SettingsError`, so that one look mends them all.
"""

import hmac
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import msgspec

PREFIX = "FLORIN_"
_Settings = TypeVar("_Settings", bound=msgspec.Struct)


class SettingsError(Exception):
    """The environment does not make valid settings; the message is for the person who starts the process."""


class Secret:
    """A text that no repr, log line or traceback shows. ``reveal()`` at the one place that needs it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "***"


def variable_of(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()


def load(struct_type: type[_Settings], environ: Mapping[str, str] = os.environ) -> _Settings:
    """Read ``struct_type`` from the environment. An empty variable counts as not set.

    Lists are separated by commas; booleans are true/false or 1/0.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in msgspec.structs.fields(struct_type):
        variable = variable_of(field.name)
        text = environ.get(variable, "").strip()
        if not text:
            if field.required:
                problems.append(f"{variable} is not set.")
            continue
        try:
            values[field.name] = _parse(text, field.type)
        except ValueError as error:  # msgspec's errors are ValueErrors
            problems.append(f"{variable} is not valid: {_reason(error)}.")
    if not problems:
        try:
            return struct_type(**values)
        except ValueError as error:  # raised by a __post_init__: rules between fields
            problems.append(str(error))
    raise SettingsError("\n".join(problems))


def _parse(text: str, annotation: Any) -> Any:
    is_list = any(get_origin(option) in (list, tuple) for option in (annotation, *get_args(annotation)))
    value: Any = [part.strip() for part in text.split(",") if part.strip()] if is_list else text
    return msgspec.convert(value, annotation, strict=False, dec_hook=_from_text)


def _from_text(target: type[Any], value: Any) -> Any:
    if target is Secret:
        return Secret(str(value))
    if issubclass(target, Path):
        return Path(value).expanduser()
    raise TypeError(f"No setting can be of type {target!r}.")


def _reason(error: ValueError) -> str:
    # msgspec speaks of a path into the value ("... - at `$`"); there is only the variable here. It never
    # quotes text beyond an enum's members, so a secret cannot come out this way.
    return str(error).split(" - at ")[0]
