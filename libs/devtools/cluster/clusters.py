"""Which cluster this machine can have: kind where Docker works, else a node of our own."""

from typing import Protocol

from devtools.cluster.kind_cluster import KindCluster
from devtools.cluster.node_cluster import NodeCluster
from devtools.cluster.own_images import Image
from devtools.cluster.place import Place, cluster_place
from devtools.images import docker_works


class Cluster(Protocol):
    """The cluster of one checkout."""

    @property
    def kind(self) -> str:
        """In a few words."""

    @property
    def limits(self) -> dict[str, str]:
        """What it does not enforce or provide."""

    @property
    def exists(self) -> bool:
        """Whether it runs."""

    def prepare(self) -> None:
        """Refuse a machine that cannot have it; fetch and build what it is made of."""

    def up(self) -> None:
        """Start it; when it runs, see that it is whole."""

    def load(self, image: Image) -> None:
        """Hand it an image."""

    def server_images(self) -> dict[str, Image]:
        """MariaDB's and Redis's, where the public ones cannot be pulled."""

    def down(self) -> bool:
        """End it, nothing left; False when there was nothing."""


def cluster_of_this_checkout() -> tuple[Place, Cluster]:
    """The one that is there, else the one that can be."""
    place = cluster_place()
    node = NodeCluster(place)
    if not node.exists and docker_works():
        return place, KindCluster(place)
    return place, node
