"""Where things are kept: the checkout, the cache that may be deleted, the data that may not."""

import hashlib
import os
import pwd
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCE_ROOTS = (CHECKOUT / "libs", CHECKOUT / "services", CHECKOUT / "operator")
LOCK_FILE = CHECKOUT / "3rdparty" / "python" / "default.lock.txt"


def cache_folder() -> Path:
    """For what can be made again (the environment, templates)."""
    return _folder("FLORIN_CACHE", "XDG_CACHE_HOME", ".cache", Path("/var/cache/florin"))


def data_folder() -> Path:
    """For what a running platform keeps, a folder for each checkout."""
    return _folder("FLORIN_HOME", "XDG_DATA_HOME", ".local/share", Path("/var/lib/florin")) / checkout_hash()


def checkout_hash() -> str:
    """Names this checkout by its path, so that two clones never share data."""
    return hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:12]


def _folder(own_variable: str, xdg_variable: str, below_home: str, of_root: Path) -> Path:
    if own := os.environ.get(own_variable):
        return Path(own).absolute()
    if (xdg := os.environ.get(xdg_variable)) and Path(xdg).is_absolute():
        return Path(xdg, "florin")
    # As root the database server drops its rights, and /root is closed to everyone else.
    if os.geteuid() == 0:
        return of_root
    return Path(_home(), below_home, "florin")


def _home() -> Path:
    home = os.environ.get("HOME") or _home_of_account()
    if home and os.access(home, os.W_OK):
        return Path(home)
    return Path(os.environ.get("TMPDIR") or "/var/tmp", f"florin-{os.geteuid()}")  # noqa: S108 - made with mode 0700


def _home_of_account() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""


def private_folder(path: Path) -> Path:
    """Make a folder that only we may list, and refuse one that belongs to another account."""
    path.mkdir(parents=True, exist_ok=True)
    status = path.stat()
    if status.st_uid != os.geteuid():
        sys.exit(f"{path} belongs to another account; name another folder in FLORIN_HOME or FLORIN_CACHE.")
    return path


def python_path() -> str:
    """PYTHONPATH for programs of this checkout."""
    return os.pathsep.join(str(root) for root in SOURCE_ROOTS)
