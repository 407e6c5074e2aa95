"""Images of our programs: each PEX in the one Dockerfile, by Docker where it works, else by buildah.

A tag is a hash of what is inside, so a tag never means two things and nothing is built twice. Each image is kept as an
archive in the cache, as Docker, containerd and kind take it.
"""

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devtools import base_image, buildah
from devtools.cache import made_once
from devtools.failure import Failure
from devtools.pants.running import package
from devtools.places import CHECKOUT, cache_folder
from devtools.screen import Step

PROGRAMS = {
    "payments": "services/payments",
    "merchants": "services/merchants",
    "notifications": "services/notifications",
    "simulator": "services/simulator",
    "operator": "operator/merchant_operator",
}
"""Each program's folder, whose target ``pex`` writes ``dist/<program>.pex``."""
_DOCKERFILE = CHECKOUT / "Dockerfile"
_PEX_FILES = CHECKOUT / "dist"


def build_images(programs: Sequence[str] = tuple(PROGRAMS)) -> dict[str, str]:
    """Build what is not in the cache yet; ``{program: florin/program:hash}``. `archive_of` tells where each is."""
    package([f"{PROGRAMS[program]}:pex" for program in programs])
    images = {program: f"florin/{program}:{_hash(program)}" for program in programs}
    builder = _build_with_docker if docker_works() else _build_with_buildah
    for program, image in images.items():
        made_once(
            archive_of(image).parent,
            lambda folder, program=program, image=image: builder(program, image, folder / "image.tar"),  # type: ignore[misc]
            what=f"the image of {program}",
        )
    return images


def archive_of(image: str) -> Path:
    """The archive (docker-archive) of an image that `build_images` named."""
    return cache_folder() / "images" / image.replace("/", "-").replace(":", "-") / "image.tar"


def docker_works() -> bool:
    """Whether there is a Docker engine that answers us."""
    return shutil.which("docker") is not None and (
        subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    )


def _hash(program: str) -> str:
    made_of = hashlib.sha256(_DOCKERFILE.read_bytes() + base_image.NAME.encode())
    made_of.update((_PEX_FILES / f"{program}.pex").read_bytes())
    return made_of.hexdigest()[:16]


def _build_with_docker(program: str, image: str, archive: Path) -> None:
    with Step(f"{image}, by Docker"):
        _docker(
            "build", "--build-arg", f"PROGRAM={program}", "--tag", image, "--file", str(_DOCKERFILE), str(_PEX_FILES)
        )
        _docker("save", "--output", str(archive), image)


def _docker(*arguments: str) -> None:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join(f"    {line}" for line in (done.stdout + done.stderr).splitlines()[-12:])
        raise Failure(f"docker {arguments[0]} failed:\n{tail}")


def _build_with_buildah(program: str, image: str, archive: Path) -> None:
    buildah.prepare()
    base_image.provide_base_image()
    with Step(f"{image}, by buildah"):
        options = ["--isolation", "chroot", "--pull-never", "--format", "docker", "--layers=false"]
        options += ["--build-arg", f"PROGRAM={program}", "--tag", image]
        buildah.buildah(["bud", *options, "--file", str(_DOCKERFILE), str(_PEX_FILES)])
        buildah.buildah(["push", "--quiet", image, f"docker-archive:{archive}:{image}"])
        buildah.buildah(["rmi", image])
