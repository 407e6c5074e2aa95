"""Images of one layer, written as the archives (docker-archive) that containerd, kind and Docker take in."""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_NOBODY = "65534:65534"


def write_image(archive: Path, image: str, layer: Path, config: Mapping[str, Any]) -> None:
    """An image of ``layer``, a tar file; it runs as nobody."""
    with layer.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    described = {
        "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {"User": _NOBODY, **config},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [image], "Layers": ["layer.tar"]}]
    with tarfile.open(archive, mode="w") as tar:
        _add(tar, "config.json", described)
        tar.add(layer, "layer.tar")
        _add(tar, "manifest.json", manifest)


def _add(tar: tarfile.TarFile, name: str, content: object) -> None:
    encoded = json.dumps(content).encode()
    entry = tarfile.TarInfo(name)
    entry.size = len(encoded)
    tar.addfile(entry, io.BytesIO(encoded))
