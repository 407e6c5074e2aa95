"""Imports that the layers refuse, each with the contract (pyproject.toml) that says where it belongs."""

import shutil
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class WrongImport(NamedTuple):
    file: str
    line: str
    contract: str


WRONG_IMPORTS = (
    WrongImport("services/payments/domain/capture.py", "from payments.store import ledger", "service"),
    WrongImport("services/payments/store/ledger.py", "from payments.operations import submit", "service"),
    WrongImport("services/merchants/operations/revoke_api_key.py", "from merchants.api import admin_keys", "service"),
    WrongImport("services/notifications/gateways/sender.py", "from notifications.store import results", "service"),
    WrongImport("services/payments/operations/sweep.py", "from merchants.store import api_keys", "independence"),
    WrongImport("services/simulator/domain/fees.py", "import aiohttp", "pure"),
    WrongImport("libs/florin/money.py", "from payments.domain import amounts", "library"),
    WrongImport("libs/florin/outbox/rows.py", "from florin.service import health", "library-layers"),
    WrongImport("libs/florin/clock.py", "from florin.database import pool", "library-layers"),
    WrongImport("libs/florin/errors.py", "from florin import settings", "library-layers"),
    WrongImport("libs/florin_cli/keys.py", "from florin.database import pool", "command-line"),
    WrongImport("libs/florin_cli/payments.py", "import aiohttp", "command-line"),
    WrongImport("operator/merchant_operator/names.py", "from florin.streams import port", "operator"),
    WrongImport("operator/kubectl_merchant/chain.py", "from merchant_operator import kubernetes", "plugin"),
    WrongImport("services/notifications/main.py", "from devtools import ports", "tools"),
    WrongImport("libs/florin/clock.py", "from tests.support import servers", "tools"),
    WrongImport("libs/devtools/demo/story.py", "from tests.support import servers", "tests"),
)


def where_it_belongs(contract: str) -> str:
    """The sentence of a contract."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (name,) = [str(each["name"]) for each in contracts if each["id"] == contract]
    return name


def copy_tree(folder: Path, *parts: str) -> Path:
    """A copy of the checkout's sources to spoil."""
    for part in ("libs", "services", "operator", "pyproject.toml", *parts):
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / part, folder / part)
    return folder


def spoil(folder: Path, wrong: WrongImport) -> None:
    """Write the import into the copy."""
    with (folder / wrong.file).open("a") as file:
        file.write(f"\n{wrong.line}\n")
