"""What belongs to the cluster of one checkout: its folder, its names, its addresses."""

import hashlib
import ipaddress
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from devtools.failure import Failure
from devtools.places import data_folder, private_folder

POD_RANGE = "10.244.0.0/16"
DNS_ADDRESS = "10.96.0.10"
_LINKS = ipaddress.IPv4Network("172.31.240.0/20")
"""Between this machine and a node: two addresses of it for each cluster."""


@dataclass(frozen=True)
class Place:
    """The names are made from the folder's path, so that two clones never meet."""

    folder: Path
    name: str

    @property
    def interface(self) -> str:
        """The machine's end of the cable to the node; at most 15 characters."""
        return self.name

    @property
    def cgroup(self) -> str:
        """The group of everything that runs in pods, from the root of each hierarchy."""
        return f"/{self.name}"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's, once the cluster is up."""
        return self.folder / "kubeconfig"

    @property
    def logs(self) -> Path:
        """One file for each program."""
        return self.folder / "logs"


def cluster_place() -> Place:
    """The place of this checkout's cluster; nothing is made."""
    folder = data_folder() / "cluster"
    return Place(folder, f"florin-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}")


def make_folder(place: Place) -> None:
    """Make the folder, closed to others."""
    private_folder(place.folder)
    place.folder.chmod(0o700)
    place.logs.mkdir(exist_ok=True)


def choose_addresses(place: Place) -> tuple[str, str]:
    """Addresses of this machine and of the node on their cable: by the name, unless this machine uses them."""
    told = subprocess.run(["ip", "-json", "route", "show", "table", "all"], capture_output=True, text=True, check=True)
    taken = [_network(route["dst"]) for route in json.loads(told.stdout)]
    links: list[ipaddress.IPv4Network] = list(_LINKS.subnets(new_prefix=30))
    first = int(hashlib.sha256(place.name.encode()).hexdigest(), 16) % len(links)
    for link in links[first:] + links[:first]:
        if not any(network and network.overlaps(link) for network in taken):
            ours, nodes = link.hosts()
            return str(ours), str(nodes)
    raise Failure(f"Every network in {_LINKS} is in use on this machine: see `ip route`.")


def _network(destination: str) -> ipaddress.IPv4Network | None:
    try:
        network = ipaddress.ip_network(destination, strict=False)
    except ValueError:  # such as "default"
        return None
    return network if isinstance(network, ipaddress.IPv4Network) else None
