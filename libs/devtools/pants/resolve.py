"""The lock that Pants reads, made from the one lock: the same versions and hashes, with this machine's addresses.

Pants wants pex's own form, which holds addresses: it is never committed. The cache keeps it, the checkout has a copy.
"""

import hashlib
import shutil
import subprocess
from pathlib import Path

from devtools.cache import made_once
from devtools.environment import environment_python
from devtools.failure import Failure
from devtools.pants.tools import pex_packages, pex_program, pex_variables
from devtools.places import CHECKOUT, LOCK_FILE, cache_folder
from devtools.screen import Step

PEX_LOCK_FILE = CHECKOUT / "3rdparty" / "python" / "default.lock"


def write_pex_lock() -> Path:
    """Put the lock where pants.toml names it; made first when the cache does not have it."""
    made_of = hashlib.sha256(LOCK_FILE.read_bytes() + pex_program().parent.name.encode()).hexdigest()[:16]
    made = made_once(cache_folder() / f"pex-lock-{made_of}", _make, what="the lock for Pants") / "default.lock"
    if not PEX_LOCK_FILE.exists() or PEX_LOCK_FILE.read_bytes() != made.read_bytes():
        shutil.copyfile(made, PEX_LOCK_FILE)
    return PEX_LOCK_FILE


def _make(folder: Path) -> None:
    packages = pex_packages()
    argv = [
        str(environment_python()),
        str(packages / "bin" / "pex3"),
        "lock",
        "create",
        "--requirement",
        str(LOCK_FILE),
    ]
    argv += ["--style", "universal", "--target-system", "linux", "--target-system", "mac", "--use-pip-config"]
    argv += ["--interpreter-constraint", "CPython==3.11.*", "--pip-version", "latest"]
    argv += ["--indent", "2", "--output", str(folder / "default.lock")]
    with Step("The lock for Pants, from the one lock (minutes, once for each lock)"):
        made = subprocess.run(argv, env=pex_variables(packages), capture_output=True, text=True, check=False)
        if made.returncode != 0:
            tail = "\n".join(f"    {line}" for line in made.stderr.splitlines()[-8:])
            raise Failure(f"The lock for Pants could not be made:\n{tail}")
