"""A cluster in Docker, by kind: for people who have Docker."""

import os
import subprocess

from devtools.cluster.limits import OF_KIND
from devtools.cluster.own_images import Image
from devtools.cluster.place import Place, make_folder
from devtools.cluster.tools import program
from devtools.failure import Failure


class KindCluster:
    """The cluster of one checkout."""

    kind = "kind, in Docker"
    limits = OF_KIND

    def __init__(self, place: Place) -> None:
        self._place = place

    @property
    def exists(self) -> bool:
        """Whether kind knows it."""
        return self._place.name in self._kind("get", "clusters").split()

    def prepare(self) -> None:
        """Build kind; the rest comes in its image."""
        program("kind")

    def up(self) -> None:
        """Create it, unless it is there; kind shows how far it is."""
        make_folder(self._place)
        if self.exists:
            self._kind("export", "kubeconfig", f"--name={self._place.name}", *self._kubeconfig())
        else:
            created = [f"--name={self._place.name}", *self._kubeconfig(), "--wait=180s"]
            self._kind("create", "cluster", *created, shown=True)

    def load(self, image: Image) -> None:
        """Hand an image to the node."""
        self._kind("load", "image-archive", str(image.archive), f"--name={self._place.name}", shown=True)

    def server_images(self) -> dict[str, Image]:
        """None: the public ones are pulled."""
        return {}

    def down(self) -> bool:
        """Delete it; False when there was none."""
        there = self.exists
        if there:
            self._kind("delete", "cluster", f"--name={self._place.name}", *self._kubeconfig(), shown=True)
        self._place.kubeconfig.unlink(missing_ok=True)
        return there

    def _kubeconfig(self) -> list[str]:
        return [f"--kubeconfig={self._place.kubeconfig}"]

    @staticmethod
    def _kind(*arguments: str, shown: bool = False) -> str:
        env = os.environ | {"KIND_EXPERIMENTAL_PROVIDER": "docker"}
        done = subprocess.run(
            [str(program("kind")), *arguments],
            env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=None if shown else subprocess.PIPE,
            text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise Failure(f"kind {' '.join(arguments[:2])} failed: {done.stderr or 'see above'}")
        return done.stdout
