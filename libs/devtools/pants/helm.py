"""Helm as Pants wants to fetch it: our own build, packed as its publisher packs it.

Pants also fetches a plugin for unit tests of charts, which no target asks it to run: an empty one is beside it.
"""

import hashlib
import io
import platform
import tarfile
from pathlib import Path

from devtools.cache import made_once
from devtools.cluster.tools import program
from devtools.places import cache_folder

_UNIT_TESTS = {
    "plugin.yaml": b'name: unittest\nversion: "0.2.8"\nusage: none\ndescription: none\ncommand: $HELM_PLUGIN_DIR/untt',
    "untt": b"#!/bin/sh\necho 'helm-unittest is not here: charts are tried by ./dev test' >&2\nexit 1\n",
}
_FOLDERS = {"x86_64": "linux-amd64", "aarch64": "linux-arm64"}


def helm_archive() -> Path:
    """The archive; helm is built first where it is not there."""
    helm = program("helm")
    made_of = hashlib.sha256(repr((helm, _UNIT_TESTS)).encode()).hexdigest()[:16]

    def make(folder: Path) -> None:
        with tarfile.open(folder / "helm.tar.gz", "w:gz") as archive:
            archive.add(helm, f"{_FOLDERS.get(platform.machine(), 'linux')}/helm")
            for name, content in _UNIT_TESTS.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o755
                archive.addfile(entry, io.BytesIO(content))

    return made_once(cache_folder() / f"helm-archive-{made_of}", make, what="helm's archive") / "helm.tar.gz"
