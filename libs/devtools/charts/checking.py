"""Checks the charts: `helm lint`, and what they render by kubeconform with schemas of every kind that they make."""

import subprocess
import sys
from collections.abc import Iterator

from devtools.charts.kubernetes_schemas import TEMPLATE, schemas_folder
from devtools.charts.rendering import CASES, LIBRARY, UMBRELLA, Refused, all_charts, lint, render
from devtools.cluster.tools import KUBERNETES, program
from devtools.places import CHECKOUT

_TRY_OUT = "global.florin.tryOut=true"


def problems() -> Iterator[str]:
    """What is wrong with each chart, and with the umbrella in each of its cases."""
    for case in CASES:
        try:
            lint(UMBRELLA, values=[case])
            yield _kubeconform(render(values=[case]))
        except Refused as refused:
            yield f"charts/florin with {case.name}:\n{refused}"
    for chart in (chart for chart in all_charts() if chart != UMBRELLA):
        settings = [] if chart.name == "florin-crds" else [_TRY_OUT]
        try:
            lint(chart, settings=settings)
            if chart != LIBRARY:
                yield _kubeconform(render(chart, settings=settings))
        except Refused as refused:
            yield f"{chart.relative_to(CHECKOUT)}:\n{refused}"


def _kubeconform(manifests: str) -> str:
    argv = [str(program("kubeconform")), "-strict", "-kubernetes-version", KUBERNETES.removeprefix("v")]
    argv += ["-schema-location", f"{schemas_folder()}/{TEMPLATE}"]
    done = subprocess.run(argv, input=manifests, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


if __name__ == "__main__":
    found = [problem for problem in problems() if problem]
    print("\n".join(found))
    sys.exit(1 if found else 0)
