"""Run helm on the cluster of ./dev cluster; KUBECONFIG, where it is set, names another one.

Built from source at the version that the project is tested with. All arguments go to it.
"""

from devtools.cluster.handing_on import run_on_cluster

PASSES_ARGUMENTS = True


def run(arguments: list[str]) -> int:
    """Become helm."""
    run_on_cluster("helm", arguments)
