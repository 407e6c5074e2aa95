"""Helm, as the checks and tests of the charts use it. No cluster is asked."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from devtools.cluster.tools import KUBERNETES, program
from devtools.places import CHECKOUT

CHARTS = CHECKOUT / "charts"
UMBRELLA = CHARTS / "florin"
LIBRARY = UMBRELLA / "charts" / "florin-lib"
CASES = sorted((UMBRELLA / "ci").glob("*.yaml"))
"""Values that show every side of the umbrella chart."""


class Refused(Exception):
    """What Helm says against a chart or its values."""


def helm(*arguments: str) -> str:
    """What Helm answers. Raises Refused with its words."""
    done = subprocess.run([str(program("helm")), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(done.stdout + done.stderr)
    return done.stdout


def render(
    chart: Path = UMBRELLA, *, values: Sequence[Path] = (), settings: Sequence[str] = (), release: str = "florin"
) -> str:
    """The manifests of a release in the namespace florin."""
    chosen = [*(f"--values={file}" for file in values), *(f"--set={setting}" for setting in settings)]
    with _complete(chart) as whole:
        return helm("template", release, str(whole), f"--kube-version={KUBERNETES}", "--namespace=florin", *chosen)


def lint(chart: Path, *, values: Sequence[Path] = (), settings: Sequence[str] = ()) -> None:
    """Raises Refused where `helm lint --strict` is not content."""
    chosen = [*(f"--values={file}" for file in values), *(f"--set={setting}" for setting in settings)]
    with _complete(chart) as whole:
        helm("lint", "--strict", "--quiet", str(whole), f"--kube-version={KUBERNETES}", *chosen)


def all_charts() -> list[Path]:
    """The folder of every chart."""
    return sorted(file.parent for file in CHARTS.rglob("Chart.yaml"))


@contextmanager
def _complete(chart: Path) -> Iterator[Path]:
    """A chart with the library in it, where one of the umbrella's wants it; `--dependency-update` without a trace."""
    if chart.parent != LIBRARY.parent or chart == LIBRARY:
        yield chart
        return
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / chart.name
        shutil.copytree(chart, whole)
        shutil.copytree(LIBRARY, whole / "charts" / LIBRARY.name)
        yield whole
