"""Whether this machine can have a node: root's rights, control groups, and what a node asks of the kernel, tried."""

import os
import subprocess
import tempfile
from pathlib import Path

from devtools.cluster.groups import cgroup_mounts
from devtools.failure import Failure

STATUS = 3
"""How ``./dev cluster up`` ends on a machine that can have no cluster."""
_CONTROLLERS = ("cpu", "memory", "pids")
_OWN_NAMESPACES = ("unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--mount-proc", "--")
_TRIED = """
mkdir lower upper work merged
mount -n -t tmpfs tmpfs lower
mount -n -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
ip link add here type veth peer name there
nft add table ip tried
"""


class Unsuitable(Failure):
    """No cluster is possible here, whatever is installed."""


def check_rights() -> None:
    """Refuse an account and groups that no pod could be run with."""
    if os.geteuid() != 0:
        raise Unsuitable(
            "A cluster without Docker needs root's rights for its namespaces and groups: run this as root (sudo), or\n"
            "start Docker, which is used where it works."
        )
    told = Path("/proc/cgroups")
    lines = [line.split() for line in told.read_text().splitlines()[1:]] if told.exists() else []
    mounts = [mount for mount in cgroup_mounts() if os.access(mount, os.W_OK)]
    usable = {name for name, _, _, enabled in lines if enabled == "1"} if mounts else set()
    if missing := [name for name in _CONTROLLERS if name not in usable]:
        raise Unsuitable(
            f"Control groups, which Kubernetes limits pods with, are not usable here: {', '.join(missing)}.\n{_WAY_OUT}"
        )


def check_kernel(folder: Path) -> None:
    """Refuse a kernel, or a container, that does not allow what a node does. ``folder`` is where it will be."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        argv = [*_OWN_NAMESPACES, "sh", "-exc", _TRIED]
        done = subprocess.run(argv, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unsuitable(f"This machine does not let a node have what it needs:\n{_last_try(done.stderr)}\n{_WAY_OUT}")


def _last_try(told: str) -> str:
    return "\n".join(f"    {line}" for line in told.strip().splitlines()[-2:])


_WAY_OUT = "In a container, run it with --privileged; or use a machine where Docker works."
