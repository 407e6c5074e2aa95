"""What a release consists of: the images of all programs, the charts, the command lines; below dist/release."""

import hashlib
import json
import re
import shutil
from pathlib import Path

from devtools.charts.rendering import CHARTS, all_charts, helm
from devtools.failure import Failure
from devtools.images import archive_of, build_images
from devtools.pants.running import package
from devtools.places import CHECKOUT
from devtools.screen import Step

FOLDER = CHECKOUT / "dist" / "release"
_COMMANDS = {"florin": "libs/florin_cli", "kubectl-merchant": "operator/kubectl_merchant"}
"""What people run: name -> folder."""
_PUBLISHED_CHARTS = ("florin", "florin-crds")
"""The umbrella has those of the services inside."""


def other_versions(version: str) -> list[str]:
    """The files that tell another version than the one to release."""
    told = {CHECKOUT / "pyproject.toml": r'^version = "(.+)"$'}
    told |= dict.fromkeys((chart / "Chart.yaml" for chart in all_charts()), r"^(?:version|appVersion): (.+)$")
    return [
        f"{path.relative_to(CHECKOUT)}: {found}"
        for path, pattern in told.items()
        for found in re.findall(pattern, path.read_text(), re.M)
        if found.strip("\"'") != version
    ]


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
        for chart in _PUBLISHED_CHARTS:
            helm("package", str(CHARTS / chart), f"--destination={FOLDER}")
    files = sorted(FOLDER.iterdir())
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (FOLDER / "SHA256SUMS").write_text("".join(sums))
    return [*files, FOLDER / "SHA256SUMS"]
