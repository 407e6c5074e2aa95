"""A stand-in for the public Python image where no registry is reached: Debian with its Python, from Debian's packages.

It goes by the public image's name in a storage of ours, so that one Dockerfile serves both.
"""

from devtools.buildah import buildah
from devtools.cache import made_once
from devtools.debootstrap import write_root
from devtools.places import cache_folder
from devtools.screen import Step

NAME = "python:3.11-slim-bookworm"
_PACKAGES = ("python3", "ca-certificates")
_FORM = "1"  # raised when what is made below changes


def provide_base_image() -> str:
    """The name to build from; made first when our storage does not have it."""
    if not buildah(["images", "--quiet", "--filter", f"reference={NAME}"], check=False).strip():
        root = made_once(
            cache_folder() / f"base-image-{_FORM}",
            lambda folder: write_root(folder / "root.tar", _PACKAGES),
            what="the base image",
        )
        with Step(f"Taking in the base image as {NAME}"):
            container = buildah(["from", "scratch"]).strip()
            buildah(["add", container, str(root / "root.tar"), "/"])
            buildah(["config", "--env", "LANG=C.UTF-8", "--cmd", "python3", container])
            buildah(["commit", "--quiet", "--rm", container, NAME])
    return NAME
