"""Programs that people use on the cluster, run with its kubeconfig."""

import os
import sys
from typing import NoReturn

from devtools.cluster.place import cluster_place
from devtools.cluster.tools import program


def run_on_cluster(name: str, arguments: list[str]) -> NoReturn:
    """Become a program of `tools`, with the kubeconfig of this checkout's cluster unless the person names another."""
    executable = str(program(name))
    sys.stdout.flush()
    os.execve(executable, [name, *arguments], {"KUBECONFIG": str(cluster_place().kubeconfig)} | dict(os.environ))
