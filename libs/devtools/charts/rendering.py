"""Helm, as the checks and tests of the charts use it. No cluster is asked."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from devtools.cluster.tools import KUBERNETES, program
from devtools.places import CHECKOUT

CHARTS = CHECKOUT / "charts"
UMBRELLA = CHARTS / "florin"
CASES = sorted((UMBRELLA / "ci").glob("*.yaml"))
"""Values that show every side of the umbrella chart."""
_LINKS = "found symbolic link in path"


class Refused(Exception):
    """What Helm says against a chart or its values."""


def helm(*arguments: str) -> str:
    """What Helm answers. Raises Refused with its words."""
    done = subprocess.run([str(program("helm")), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused("\n".join(line for line in (done.stdout + done.stderr).splitlines() if _LINKS not in line))
    return done.stdout


def render(chart: Path = UMBRELLA, *, values: Sequence[Path] = (), settings: Sequence[str] = ()) -> str:
    """The manifests of a release named florin."""
    chosen = [*(f"--values={file}" for file in values), *(f"--set={setting}" for setting in settings)]
    return helm("template", "florin", str(chart), f"--kube-version={KUBERNETES}", "--namespace=florin", *chosen)


def lint(chart: Path, *, values: Sequence[Path] = (), settings: Sequence[str] = ()) -> None:
    """Raises Refused where `helm lint --strict` is not content."""
    chosen = [*(f"--values={file}" for file in values), *(f"--set={setting}" for setting in settings)]
    helm("lint", "--strict", "--quiet", str(chart), f"--kube-version={KUBERNETES}", *chosen)
