"""kubectl, with the administrator's rights on the cluster of this checkout."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any

from devtools.cluster.place import Place
from devtools.cluster.tools import program
from devtools.failure import Failure


def kubectl(place: Place, *arguments: str, stdin: str | None = None) -> str:
    """What it says; a Failure where it fails."""
    argv = [str(program("kubectl")), f"--kubeconfig={place.kubeconfig}", *arguments]
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"kubectl {' '.join(arguments)} failed:\n{done.stderr.strip()}")
    return done.stdout


def apply(place: Place, objects: Sequence[dict[str, Any]]) -> None:
    """Make objects so, whatever they were."""
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    kubectl(place, "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=listed)
