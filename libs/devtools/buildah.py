"""buildah from Debian, with a storage of our own in the cache: images without a daemon or the machine's own storage."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devtools import debian
from devtools.failure import Failure
from devtools.places import cache_folder, private_folder

_ANYTHING = '{"default": [{"type": "insecureAcceptAnything"}]}\n'
"""Of signatures: nothing is pulled, what we make we trust."""


def prepare() -> None:
    """Install what building images needs; it needs root."""
    debian.install_missing(servers=False, programs=("buildah", "debootstrap"))
    if os.geteuid() != 0:
        raise Failure(
            "Images are built by Docker, or by buildah as root; here is no Docker and you are not root: use sudo."
        )


def buildah(arguments: Sequence[str], *, check: bool = True) -> str:
    """Run a command of buildah; what it prints. Raises Failure with the end of what it said."""
    folder = private_folder(cache_folder() / "containers")
    policy = _policy(folder)
    command, *rest = arguments
    # vfs needs nothing of the kernel, chroot no namespaces: both work inside containers.
    argv = ["buildah", "--root", str(folder / "storage"), "--runroot", str(folder / "run"), "--storage-driver", "vfs"]
    argv += [command, *(["--signature-policy", str(policy)] if command in _TAKE_POLICY else []), *rest]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        tail = "\n".join(f"    {line}" for line in (done.stdout + done.stderr).splitlines()[-12:])
        raise Failure(f"buildah {command} failed:\n{tail}")
    return done.stdout


_TAKE_POLICY = ("bud", "commit", "from", "push")


def _policy(folder: Path) -> Path:
    policy = folder / "policy.json"
    if not policy.exists():
        policy.write_text(_ANYTHING)
    return policy
