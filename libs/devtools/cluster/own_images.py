"""Images that are not of our own programs: what a node needs, and servers to try Florin out with."""

import hashlib
import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devtools import debian
from devtools.cache import made_once
from devtools.cluster.tools import program
from devtools.debootstrap import SUITE, write_root
from devtools.image_archive import write_image
from devtools.images import archive_of
from devtools.unpacked import unpacked

_SERVER_PACKAGES = ("mariadb-server-core", "mariadb-client-core", "redis-server")


@dataclass(frozen=True)
class Image:
    """An image and the archive that holds it."""

    name: str
    archive: Path


def sandbox_image() -> Image:
    """What holds the namespaces of a pod while its containers come and go: busybox, which sleeps by this name."""
    return _of_a_program("sandbox", unpacked("busybox-static") / "bin/busybox", ["/sleep", "infinity"])


def dns_image() -> Image:
    """CoreDNS."""
    return _of_a_program("coredns", program("coredns"), ["/coredns"])


def servers_image() -> Image:
    """MariaDB and Redis on the same Debian as our programs, both in one image, where no registry is reached."""
    made_of = hashlib.sha256(repr((SUITE, _SERVER_PACKAGES)).encode())

    def write_layer(layer: Path) -> None:
        debian.install_missing(servers=False, programs=("debootstrap",))
        write_root(layer, _SERVER_PACKAGES)

    return _image("servers", made_of.hexdigest(), write_layer, [])


def _of_a_program(name: str, executable: Path, entrypoint: list[str]) -> Image:
    made_of = hashlib.sha256(executable.read_bytes() + repr(entrypoint).encode())

    def write_layer(layer: Path) -> None:
        with tarfile.open(layer, mode="w") as tar:
            tar.add(executable, entrypoint[0].lstrip("/"), filter=_for_everybody)

    return _image(name, made_of.hexdigest(), write_layer, entrypoint)


def _image(name: str, made_of: str, write_layer: Callable[[Path], None], entrypoint: list[str]) -> Image:
    image = f"florin/{name}:{made_of[:16]}"

    def make(folder: Path) -> None:
        layer = folder / "layer.tar"
        write_layer(layer)
        write_image(folder / "image.tar", image, layer, {"Entrypoint": entrypoint})
        os.unlink(layer)

    made_once(archive_of(image).parent, make, what=image)
    return Image(image, archive_of(image))


def _for_everybody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mode, entry.uid, entry.gid, entry.uname, entry.gname = 0o555, 0, 0, "", ""
    return entry
