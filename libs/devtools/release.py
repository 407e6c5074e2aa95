"""What a release consists of: the images of all programs, the charts, the command lines; below dist/release."""

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from devtools.charts.rendering import CHARTS, helm
from devtools.failure import Failure
from devtools.images import archive_of, build_images
from devtools.pants.running import package
from devtools.places import CHECKOUT
from devtools.screen import Step

FOLDER = CHECKOUT / "dist" / "release"
_COMMANDS = {"florin": "libs/florin_cli", "kubectl-merchant": "operator/kubectl_merchant"}
"""What people run: name -> folder."""
PUBLISHED_CHARTS = ("florin", "florin-crds")
"""The umbrella has those of the services inside."""
IN_TEXTS = {
    "pyproject.toml": r'^version = "(.+)"$',
    "libs/florin/version.py": r'^VERSION = "(.+)"$',
    "docs/guides/install-on-kubernetes.md": r"\bimage: {.*\btag: ([^ ,}]+)",
}
"""Where else than in charts a version is told."""
DOWNLOADED = (".pex", ".tgz")
"""What people get as files; images come from a registry."""
LISTS = {"SHA256SUMS": True, "images.sha256": False}
"""Checksums: the list's name -> whether it is of what people download."""


def other_versions(version: str, checkout: Path = CHECKOUT) -> list[str]:
    """The places that tell another version than the one to release, each with what it tells."""
    return [f"{place}: {told}" for place, told in _versions(checkout) if told != version]


def _versions(checkout: Path) -> Iterator[tuple[str, str]]:
    for place, pattern in IN_TEXTS.items():
        # Where the pattern no longer fits, nothing would be checked.
        for told in re.findall(pattern, (checkout / place).read_text(), re.M) or ["none"]:
            yield place, told
    for file in sorted(checkout.glob("charts/**/Chart.yaml")):
        place, chart = str(file.relative_to(checkout)), yaml.safe_load(file.read_text())
        yield place, str(chart["version"])
        if "appVersion" in chart:
            yield f"{place}, appVersion", str(chart["appVersion"])
        # Helm takes a chart of another version than it is asked for without its alias and its condition: what is for
        # trying out would be installed in production.
        for dependency in chart.get("dependencies", ()):
            yield f"{place}, {dependency['name']}", str(dependency["version"])


def build(version: str) -> list[Path]:
    """Write everything into an empty dist/release; the files."""
    if differ := other_versions(version):
        raise Failure(f"This is not {version} yet. Other versions are told by:\n    " + "\n    ".join(differ))
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    package([f"{folder}:pex" for folder in _COMMANDS.values()])
    for command in _COMMANDS:
        shutil.copy2(CHECKOUT / "dist" / f"{command}.pex", FOLDER / f"{command}-{version}.pex")
    images = build_images()
    for program, image in images.items():
        shutil.copy2(archive_of(image), FOLDER / f"{program}.tar")
    (FOLDER / "images.json").write_text(json.dumps(images, indent=2) + "\n")
    with Step("Charts"):
        for chart in PUBLISHED_CHARTS:
            helm("package", str(CHARTS / chart), f"--destination={FOLDER}")
    write_sums(FOLDER)
    return sorted(FOLDER.iterdir())


def write_sums(folder: Path) -> None:
    """Write the checksums of a release's files, in two lists: people check what they can download, and all of it."""
    files = sorted(folder.iterdir())
    for name, public in LISTS.items():
        listed = [file for file in files if (file.suffix in DOWNLOADED) is public]
        sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in listed]
        (folder / name).write_text("".join(sums))


if __name__ == "__main__":
    try:
        print(*build(sys.argv[1]), sep="\n")
    except Failure as failure:
        sys.exit(f"\n{failure}")
