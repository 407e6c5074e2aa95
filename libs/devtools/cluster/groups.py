"""Control groups that pods run below: one folder in each hierarchy that the machine has mounted."""

import os
import time
from pathlib import Path

from devtools.cluster.place import Place
from devtools.failure import Failure

_ENDS_WITHIN_S = 30.0


def cgroup_mounts() -> list[Path]:
    """Where the machine has mounted its hierarchies; several with version 1, one with version 2."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [Path(fields[4]) for fields in mounts if fields[fields.index("-") + 1] in ("cgroup", "cgroup2")]


def make_groups(place: Place) -> None:
    """Make the cluster's groups."""
    for mount in cgroup_mounts():
        try:
            (mount / place.name).mkdir(exist_ok=True)
            _hand_on_controllers(mount)
        except OSError as refused:
            raise Failure(f"No control group for pods can be made in {mount}: {refused.strerror}.") from None


def _hand_on_controllers(mount: Path) -> None:
    """Version 2 gives to groups below only what it is told to; version 1 has no such file."""
    available, handed_on = mount / "cgroup.controllers", mount / "cgroup.subtree_control"
    if available.exists():
        for name in sorted({*available.read_text().split()} - {*handed_on.read_text().split()}):
            handed_on.write_text(f"+{name}")


def remove_groups(place: Place) -> bool:
    """Remove them; True when there were any. Their processes ended with the node; the kernel takes a moment for it."""
    existing = [mount / place.name for mount in cgroup_mounts() if (mount / place.name).exists()]
    deadline = time.monotonic() + _ENDS_WITHIN_S
    for top in existing:
        for folder, _, _ in os.walk(top, topdown=False):
            _remove(folder, deadline)
    return bool(existing)


def _remove(folder: str, deadline: float) -> None:
    while True:
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            return
        except OSError as busy:
            if time.monotonic() > deadline:
                raise Failure(f"The control group {folder} cannot be removed: {busy.strerror}.") from None
            time.sleep(0.05)
        else:
            return
