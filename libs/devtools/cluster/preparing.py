"""What a node is made of, fetched and built before it starts: inside of its network there is nothing to fetch from."""

from devtools import debian
from devtools.cluster.own_images import dns_image, sandbox_image
from devtools.cluster.place import Place
from devtools.cluster.suitability import check_kernel, check_rights
from devtools.cluster.tools import NODE_PROGRAMS, program
from devtools.places import private_folder
from devtools.unpacked import unpacked

_OF_THE_MACHINE = ("ip", "nft", "runc")


def prepare(place: Place) -> None:
    """Refuse a machine on which no node can run, and get what is missing."""
    check_rights()
    debian.install_missing(servers=False, programs=_OF_THE_MACHINE)
    check_kernel(private_folder(place.folder.parent))
    for package in ("etcd-server", "containerd"):
        unpacked(package)
    for name in NODE_PROGRAMS:
        program(name)
    sandbox_image()
    dns_image()
