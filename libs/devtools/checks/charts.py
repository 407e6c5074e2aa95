"""The charts: `helm lint`, and kubeconform on what they render."""

from devtools.checks.check import Check, Paths, said_by_python


def _problems(_: Paths) -> str:
    # All charts, whichever file changed: they are made of each other.
    return said_by_python("-m", "devtools.charts.checking")


RENDERED = Check("helm lint, kubeconform", ("charts/*",), _problems, quick=False)
