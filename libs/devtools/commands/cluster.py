"""A Kubernetes cluster: up, down, status, kubeconfig, load.

up gives one and prints its KUBECONFIG: by kind where Docker works; else one real node on this machine, built from
source (minutes the first time, seconds afterwards), which needs root's rights. It loads the images of this checkout;
--bare leaves them out, load brings them up to date. down leaves nothing behind; --verify proves it.
"""

from devtools import debian, environment

PASSES_ARGUMENTS = True


def run(arguments: list[str]) -> int:
    """Become `devtools.cluster`."""
    debian.install_missing(servers=False)
    environment.run_instead(["-m", "devtools.cluster", *(arguments or ["--help"])])
