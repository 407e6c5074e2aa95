"""Kubeconfig files: where a cluster is, and who one is there. JSON, which every reader of YAML takes."""

import base64
import json
from pathlib import Path

from devtools.cluster.certificates import Authority, Pair
from devtools.state import write_private


def write_kubeconfig(path: Path, server: str, authority: Authority, user: Pair, *, name: str) -> Path:
    """Everything inside of the one file, so that it can be copied."""
    kept = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [
            {
                "name": name,
                "cluster": {"server": server, "certificate-authority-data": _encoded(authority.certificate)},
            }
        ],
        "users": [
            {
                "name": name,
                "user": {
                    "client-certificate-data": _encoded(user.certificate),
                    "client-key-data": _encoded(user.key),
                },
            }
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    write_private(path, json.dumps(kept, indent=2) + "\n")
    return path


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
