"""What a cluster could leave behind: things of its own must be gone, the machine must be as before.

The machine is looked at before the first ``up`` and after ``down``. What others do meanwhile shows too, and is named.
"""

import json
import os
import subprocess
from collections.abc import Collection
from pathlib import Path

from devtools.cluster.groups import cgroup_mounts
from devtools.cluster.place import Place
from devtools.places import cache_folder, private_folder
from devtools.status import LOCK, holder_of

Traces = dict[str, list[str]]
_SPACES = ("cgroup", "ipc", "mnt", "net", "pid", "uts")
_WRITTEN_TO = (
    "/etc/cni",
    "/etc/kubernetes",
    "/opt/cni",
    "/opt/containerd",
    "/run/containerd",
    "/run/netns",
    "/usr/libexec/kubernetes",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
)
"""Where the programs of Kubernetes write when nobody keeps them from it."""


def namespaces_of(place: Place) -> set[str]:
    """Those that the node has for itself."""
    pid = holder_of(place.folder / LOCK)
    own = {os.readlink(f"/proc/self/ns/{space}") for space in _SPACES}
    return {os.readlink(f"/proc/{pid}/ns/{space}") for space in _SPACES} - own if pid else set()


def remains(place: Place, spaces: Collection[str]) -> list[str]:
    """What is left of the cluster itself, a sentence each; ``spaces`` are the namespaces that its node had."""
    groups = [group for mount in cgroup_mounts() for group in mount.glob(f"{place.name}*")]
    return [
        *(f"process: {process}" for process in _processes_in(place, spaces)),
        *(f"control group: {group}" for group in groups),
        *(f"interface: {path.name}" for path in Path("/sys/class/net").glob(place.interface)),
        *(f"mount: {mount}" for mount in _mounts() if str(place.folder) in mount),
        *([f"files: {place.folder}"] if place.folder.exists() else []),
    ]


def of_the_machine() -> Traces:
    """What the machine has that a cluster could have added to or taken away."""
    return {
        "control groups": sorted(str(path) for mount in cgroup_mounts() for path in mount.iterdir() if path.is_dir()),
        "folders": [name for name in _WRITTEN_TO if Path(name).exists()],
        "interfaces": sorted(path.name for path in Path("/sys/class/net").iterdir()),
        # An image that is being built meanwhile is mounted in the cache.
        "mounts": sorted(mount for mount in _mounts() if str(cache_folder()) not in mount),
        "namespaces of networks": _told("ip", "netns", "list"),
        "packet filters": _told("nft", "list", "ruleset"),
        "routes": _told("ip", "route", "show", "table", "all"),
        "settings": [
            _setting("/proc/sys/net/ipv4/ip_forward"),
            _setting("/proc/sys/net/bridge/bridge-nf-call-iptables"),
        ],
    }


def differences(before: Traces, after: Traces) -> list[str]:
    """A sentence for each thing that came or went."""
    return [
        f"{what}: {one} {'was not there before' if one in after[what] else 'is gone'}"
        for what in after
        for one in sorted(set(before.get(what, [])) ^ set(after[what]))
    ]


def write_before(place: Place) -> None:
    """Keep how the machine is, unless an earlier ``up`` that was not followed by ``down`` did."""
    if not _file(place).exists():
        private_folder(place.folder.parent)
        _file(place).write_text(json.dumps(of_the_machine()))


def read_before(place: Place) -> Traces | None:
    """How the machine was before the first ``up``."""
    try:
        before: Traces = json.loads(_file(place).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return before


def forget_before(place: Place) -> None:
    """Once it was compared."""
    _file(place).unlink(missing_ok=True)


def _file(place: Place) -> Path:
    return place.folder.with_name("machine-before-the-cluster.json")


def _processes_in(place: Place, spaces: Collection[str]) -> list[str]:
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            its_own = {os.readlink(process / "ns" / space) for space in _SPACES}
            in_group = f"/{place.name}" in (process / "cgroup").read_text()
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended meanwhile
            continue
        if in_group or its_own & set(spaces):
            found.append(f"{process.name} {command[:80]}")
    return found


def _mounts() -> list[str]:
    # Without the numbers that the kernel gives out anew: what is mounted where.
    return [" ".join(line.split()[3:5]) for line in Path("/proc/self/mountinfo").read_text().splitlines()]


def _told(*argv: str) -> list[str]:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def _setting(name: str) -> str:
    return f"{name} = {Path(name).read_text().strip()}" if Path(name).exists() else name
