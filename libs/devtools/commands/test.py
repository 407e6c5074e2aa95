"""Run the tests; everything they need is installed and started by itself.

Arguments go to pytest: ./dev test tests/unit -k capture. The last line is pytest's. Where no part is named, several
processes share the work, each with servers of its own; -n 0 runs all in one.
A suite that needs more is run by its name only: ./dev test operator (a Kubernetes API server, built the first time),
./dev test cluster (a whole cluster: that of KUBECONFIG, else ./dev cluster up's; with --if-possible, a machine that can
have none is no failure), ./dev test pants (Pants, and the PEX files of ./dev pants package ::).
"""

import os
import subprocess
import sys
from collections.abc import Mapping

from devtools import debian, environment
from devtools.cluster import suitability
from devtools.cluster.place import cluster_place
from devtools.failure import Failure
from devtools.places import CHECKOUT

PASSES_ARGUMENTS = True
_IF_POSSIBLE = "--if-possible"
SUITES = {"cluster": "tests/cluster", "operator": "tests/operator", "pants": "tests/pants"}
# A file's tests share what they start, so that they stay together; in the order of their names, which begins with what
# is slow. A process that dies fails its test; another one goes on with the rest.
_SHARED = ["-n=auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]
_PROGRAMS = ("curl", "node", "openssl", "php")  # what the guides' examples are written for


def run(arguments: list[str]) -> int:
    """Become pytest."""
    debian.install_missing(servers=True, programs=_PROGRAMS)
    settings: Mapping[str, str] = {}
    if arguments and (suite := arguments[0]) in SUITES:
        if suite == "cluster":
            settings = {"KUBECONFIG": _a_cluster(optional=_IF_POSSIBLE in arguments)}
            arguments = [argument for argument in arguments if argument != _IF_POSSIBLE]
        # A part of it may be named instead of all.
        parts = any(argument.startswith(SUITES[suite]) for argument in arguments[1:])
        arguments = [*([] if parts else [SUITES[suite]]), *arguments[1:]]
    environment.run_instead(["-m", "pytest", "-q", *sharing(arguments), *arguments], settings)


def sharing(arguments: list[str]) -> list[str]:
    """For the whole suite: most tests wait for something most of their time. A part is done before all are started."""
    named = any(argument.startswith(("tests", "-n", "--numprocesses", "--pdb")) for argument in arguments)
    return [] if named else _SHARED


def _a_cluster(*, optional: bool) -> str:
    """The path of a kubeconfig. Where there can be no cluster, and that is no failure, the command ends here."""
    if given := os.environ.get("KUBECONFIG"):
        return given
    up = [str(environment.environment_python()), "-m", "devtools.cluster", "up"]
    ended = subprocess.run(up, cwd=CHECKOUT, env=environment.variables(), check=False)
    if ended.returncode == suitability.STATUS and optional:
        print("===== NO CLUSTER IS POSSIBLE HERE: THE TESTS ON ONE WERE SKIPPED =====")
        sys.exit(0)
    if ended.returncode != 0:
        raise Failure("There is no cluster to test on: see above.")
    return str(cluster_place().kubeconfig)
