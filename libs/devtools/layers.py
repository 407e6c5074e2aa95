"""The layers by Pants: `pants dependencies` refuses a wrong import, and import-linter's contracts say where it belongs.

Pants looks at what targets name as well as at imports, import-linter at imports through other modules as well.
"""

import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from devtools.failure import Failure
from devtools.pants.resolve import write_pex_lock
from devtools.pants.tools import pants_command, pants_variables
from devtools.places import CHECKOUT

_DENIED = re.compile(r": DENY\n +\w+ ([^\s:]+)\S* -> \w+ ([^\s:]+)")
_SERVICES = ("payments", "merchants", "notifications", "simulator")
_PROGRAMS = (*_SERVICES, "florin_cli", "merchant_operator", "kubectl_merchant")


@dataclass(frozen=True)
class Refusal:
    """A dependency that a rule of build_rules/layers.py denies."""

    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} may not import {self.imported}.\n  {_contracts()[contract_of(self)]}."


def refusals(*targets: str) -> list[Refusal]:
    """What Pants refuses first among these targets: it stops there. Empty: all is allowed."""
    write_pex_lock()
    argv = [*pants_command(), "--no-dynamic-ui", "--no-colors", "dependencies", *(targets or ("::",))]
    done = subprocess.run(argv, cwd=CHECKOUT, env=pants_variables(), capture_output=True, text=True, check=False)
    found = [Refusal(*pair) for pair in _DENIED.findall(done.stderr)]
    if done.returncode != 0 and not found:
        raise Failure(f"Pants could not tell the dependencies:\n{done.stderr}")
    return found


def contract_of(refusal: Refusal) -> str:
    """The id of import-linter's contract that holds the same."""
    importer, imported = _part(refusal.importer), _part(refusal.imported)
    match importer, imported:
        case ("devtools", _):
            return "tests"
        case (_, "tests" | "devtools"):
            return "tools"
        case ("florin", "florin"):
            return "library-layers"
        case ("florin", _):
            return "library"
    if importer == imported:
        return "service"
    own = {"florin_cli": "command-line", "merchant_operator": "operator", "kubectl_merchant": "plugin"}
    if imported in _PROGRAMS and importer != "kubectl_merchant":
        return "independence"
    return own.get(importer, "pure")


def _part(path: str) -> str:
    """The package that a path belongs to; a library of others by the folder of its lock."""
    folders = path.split("/")
    return folders[1] if folders[0] in ("libs", "services", "operator") else folders[0]


def _contracts() -> dict[str, str]:
    settings = tomllib.loads(Path(CHECKOUT / "pyproject.toml").read_text())
    return {contract["id"]: contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}
