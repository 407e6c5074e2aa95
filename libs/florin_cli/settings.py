"""Where the services are and who speaks: the environment, over a configuration file.

The file is TOML with the variables' names in lower case, without their prefix::

    merchants_url = "https://merchants.internal"
    admin_token = "..."          # then only its owner may read the file
"""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from florin.settings import Secret, SettingsError, load, variable_of
from florin_cli.failure import Misused

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")


class OperatorSettings(Struct, frozen=True, kw_only=True):
    """Every field is ``FLORIN_<NAME>`` in the environment."""

    payments_url: str = "http://127.0.0.1:8080"
    """Where payments is."""
    merchants_url: str = "http://127.0.0.1:8081"
    """Where merchants is."""
    notifications_url: str = "http://127.0.0.1:8082"
    """Where notifications is."""
    simulator_url: str | None = None
    """Where the simulator is; only for `florin status`."""
    admin_token: Secret = Secret("")
    """The services' own `FLORIN_ADMIN_TOKEN`."""
    merchant: str | None = None
    """The merchant that is meant where a command needs one and none is named."""
    times: Literal["utc", "local"] = "utc"
    """In which zone times are shown."""
    timeout_s: Annotated[float, Meta(gt=0, le=3600)] = 30.0
    """How long a service may take to answer."""

    def __post_init__(self) -> None:
        for name in ("payments_url", "merchants_url", "notifications_url", "simulator_url"):
            url = getattr(self, name)
            if url is not None and not _ADDRESS.fullmatch(url):
                raise ValueError(f"{variable_of(name)} is not valid: an address looks like https://florin.example.")
        token = self.admin_token.reveal()
        if not (token.isascii() and (token + " ").isprintable()):
            raise ValueError("FLORIN_ADMIN_TOKEN is not valid: a token is made of printable ASCII characters.")


def read_settings(environ: Mapping[str, str] = os.environ) -> OperatorSettings:
    """What the file says, and over it the environment. Raises Misused."""
    names = {field.name for field in msgspec.structs.fields(OperatorSettings)}
    file = _file(environ)
    said = _read_file(file) if file else {}
    if unknown := sorted(set(said) - names):
        raise Misused(
            f"{file} sets {unknown[0]!r}, which is no setting.", advice=f"There are: {', '.join(sorted(names))}."
        )
    over = {name: text for name, text in environ.items() if text.strip()}
    try:
        return load(OperatorSettings, {variable_of(name): str(value) for name, value in said.items()} | over)
    except SettingsError as error:
        advice = f"It is read from the environment or from {file}." if file else ""
        raise Misused(str(error), advice=advice) from None


def _file(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get("FLORIN_CONFIG", "").strip():
        return Path(named).expanduser()
    folder = environ.get("XDG_CONFIG_HOME", "").strip() or "~/.config"
    usual = Path(folder).expanduser() / "florin" / "config.toml"
    return usual if usual.exists() else None


def _read_file(file: Path) -> dict[str, object]:
    try:
        with file.open("rb") as opened:
            said = tomllib.load(opened)
            mode = os.fstat(opened.fileno()).st_mode
    except OSError as error:
        raise Misused(f"The configuration file {file} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # of TOML, or of UTF-8
        raise Misused(f"The configuration file {file} is not valid TOML: {error}.") from None
    if "admin_token" in said and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Misused(f"{file} holds the admin token, and others may read it.", advice=f"chmod 600 {file}")
    return said
