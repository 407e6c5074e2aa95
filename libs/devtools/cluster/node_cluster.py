"""A cluster without Docker: one node, built from source, in namespaces of this machine."""

import shutil
import time

from devtools.cluster.dns import NAMESPACE, dns_objects
from devtools.cluster.isolation import end_node, run_inside, start_node
from devtools.cluster.kubectl import apply, kubectl
from devtools.cluster.limits import OF_A_NODE
from devtools.cluster.node_programs import SOCKET
from devtools.cluster.own_images import Image, dns_image, sandbox_image, servers_image
from devtools.cluster.place import Place
from devtools.cluster.preparing import prepare
from devtools.failure import Failure
from devtools.screen import Step
from devtools.status import FAILED, RUNNING, find_supervisor, read_status
from devtools.unpacked import unpacked

_START_TIMEOUT_S = 180.0


class NodeCluster:
    """The cluster of one checkout."""

    kind = "one node on this machine, without Docker"
    limits = OF_A_NODE

    def __init__(self, place: Place) -> None:
        self._place = place

    @property
    def exists(self) -> bool:
        """Whether its node lives."""
        return find_supervisor(self._place.folder) is not None

    def prepare(self) -> None:
        """Refuse a machine that cannot have it; fetch and build what it is made of."""
        prepare(self._place)

    def up(self) -> None:
        """Start it, or complete the start of a `up` that was interrupted."""
        sandbox, dns = sandbox_image(), dns_image()
        if not self.exists:
            self._clear()
            start_node(self._place)
        self._wait_for_programs()
        self.load(sandbox)
        self.load(dns)
        with Step("Kubernetes: the node and its names") as step:
            step.progress("waiting for the node")
            kubectl(self._place, "wait", "--for=create", "node/florin", "--timeout=60s")
            kubectl(self._place, "wait", "--for=condition=Ready", "node/florin", "--timeout=60s")
            apply(self._place, dns_objects(dns.name))
            step.progress("waiting for CoreDNS")
            kubectl(
                self._place, "rollout", "status", "deployment/coredns", f"--namespace={NAMESPACE}", "--timeout=120s"
            )
            step.progress("ready")

    def load(self, image: Image) -> None:
        """Hand an image to the node, unless it has it."""
        ctr = [str(unpacked("containerd") / "usr/bin/ctr"), f"--address={SOCKET}", "--namespace=k8s.io", "images"]
        if run_inside(self._place, [*ctr, "list", "--quiet", f"name==docker.io/{image.name}"]).strip():
            return
        with Step(f"Loading {image.name}"), image.archive.open("rb") as archive:
            run_inside(self._place, [*ctr, "import", "-"], stdin=archive)

    def server_images(self) -> dict[str, Image]:
        """MariaDB's and Redis's, for trying out: nothing can be pulled here."""
        image = servers_image()
        return {"mariadb": image, "redis": image}

    def down(self) -> bool:
        """End it and forget it; False when there was nothing."""
        with Step("Stopping the cluster"):
            return self._clear()

    def _clear(self) -> bool:
        ended = end_node(self._place)
        left = self._place.folder.exists()
        if left:
            shutil.rmtree(self._place.folder)
        return ended or left

    def _wait_for_programs(self) -> None:
        with Step("Kubernetes: its programs") as step:
            deadline = time.monotonic() + _START_TIMEOUT_S
            while time.monotonic() < deadline:
                status = read_status(self._place.folder)
                if status.phase == RUNNING:
                    step.progress(f"{len(status.units)} started")
                    return
                if status.phase == FAILED or not self.exists:
                    raise Failure(
                        f"The cluster did not start: {status.message or 'its node ended'}\nSee {self._place.logs}."
                    )
                step.progress(", ".join(unit.name for unit in status.units if unit.state == "ready"))
                time.sleep(0.05)
        raise Failure(f"The cluster did not start in {_START_TIMEOUT_S:.0f} s; see {self._place.logs}.")
