"""A next release: this one with a further column in payments' schema, as an image of its own."""

import hashlib
import subprocess
import tempfile
from pathlib import Path

import pytest

from devtools import buildah
from devtools.cache import made_once
from devtools.cluster.clusters import cluster_of_this_checkout
from devtools.cluster.own_images import Image
from devtools.images import archive_of, docker_works

ROOT = Path(__file__).parents[3]
COLUMN = "of_the_next_release"
_MIGRATIONS = "/app/lib/python3.11/site-packages/payments/migrations"


def load_next_payments(image: str) -> str:
    """Make the next release of payments out of this one's image, and hand it to the cluster."""
    _, cluster = cluster_of_this_checkout()
    if not cluster.exists:
        pytest.skip("only a cluster of ./dev cluster can be handed an image")
    number = 1 + len(list((ROOT / "services/payments/migrations").glob("*.sql")))
    migration = f"ALTER TABLE payments ADD COLUMN {COLUMN} INT NULL\n"
    made_of = hashlib.sha256(f"{image} {number} {migration}".encode()).hexdigest()
    name = f"florin/payments-next:{made_of[:16]}"

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory() as context:
            file = Path(context, f"{number:04d}_{COLUMN}.sql")
            file.write_text(migration)
            file.chmod(0o644)
            Path(context, "Dockerfile").write_text(f"FROM {image}\nCOPY {file.name} {_MIGRATIONS}/\n")
            (_with_docker if docker_works() else _with_buildah)(Path(context), image, name, folder / "image.tar")

    made_once(archive_of(name).parent, make, what=name)
    cluster.load(Image(name, archive_of(name)))
    return name


def _with_docker(context: Path, image: str, name: str, archive: Path) -> None:
    subprocess.run(["docker", "build", "--tag", name, context], check=True)
    subprocess.run(["docker", "save", "--output", archive, name], check=True)


def _with_buildah(context: Path, image: str, name: str, archive: Path) -> None:
    buildah.prepare()
    buildah.buildah(["pull", "--policy=never", f"docker-archive:{archive_of(image)}"])
    buildah.buildah(["bud", "--isolation=chroot", "--pull-never", "--format=docker", "--tag", name, str(context)])
    buildah.buildah(["push", "--quiet", name, f"docker-archive:{archive}:{name}"])
    buildah.buildah(["rmi", name, image])
