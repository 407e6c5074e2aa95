"""Folders of the machine that Kubernetes writes to, replaced for the node by folders of its own."""

import os
import subprocess
from pathlib import Path

from devtools.cluster.place import Place
from devtools.places import CHECKOUT, cache_folder

_KEPT = ("/var/lib", "/var/log")
"""Programs have paths below these built in: /var/lib/kubelet, /var/lib/cni, /var/log/pods. Ours are on the disk too."""
_IN_MEMORY = ("/run",)
"""And below these for their sockets, which must be short."""


def mask_folders(place: Place) -> None:
    """In the mount namespace of the node only. What the project itself has below a masked folder stays where it is."""
    ours = {
        path.resolve()
        for path in (place.folder, cache_folder(), CHECKOUT, Path(os.path.realpath("/proc/self/exe")).parents[1])
    }
    masked = [Path(name) for name in (*_KEPT, *_IN_MEMORY)]
    # Opened before anything is mounted: what is mounted first may be above the folders of what comes next.
    kept = {path: os.open(path, os.O_PATH) for path in ours if any(mask in path.parents for mask in masked)}
    replaced = {Path(name): _opened_replacement(place, name) for name in _KEPT}
    for path, descriptor in replaced.items():
        _bind(descriptor, path)
    for name in _IN_MEMORY:
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", name)
    for path, descriptor in kept.items():
        path.mkdir(parents=True, exist_ok=True)
        _bind(descriptor, path)
    # Volumes that are mounted by the kubelet appear in containers.
    _mount("--make-rshared", "/")


def _opened_replacement(place: Place, name: str) -> int:
    folder = place.folder / "replaced" / name.replace("/", "-").strip("-")
    folder.mkdir(parents=True, exist_ok=True)
    return os.open(folder, os.O_PATH)


def _bind(descriptor: int, path: Path) -> None:
    """Mount an open folder at a path, and close it."""
    # Taken as it is: its target, by name, is covered by now.
    _mount("--no-canonicalize", "--bind", f"/proc/self/fd/{descriptor}", str(path), pass_fds=[descriptor])
    os.close(descriptor)


def _mount(*arguments: str, pass_fds: list[int] | None = None) -> None:
    # -n: /etc/mtab is the machine's.
    subprocess.run(["mount", "-n", *arguments], check=True, pass_fds=pass_fds or [])
