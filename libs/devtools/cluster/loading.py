"""The images that Florin's charts are installed with, built from this checkout and handed to a cluster."""

from devtools.cluster.clusters import Cluster
from devtools.cluster.kept import IMAGES, kept_object
from devtools.cluster.kubectl import apply
from devtools.cluster.own_images import Image
from devtools.cluster.place import Place
from devtools.images import archive_of, build_images


def load_images(place: Place, cluster: Cluster) -> dict[str, str]:
    """Build what is not built and load what is not loaded; ``{program or server: name of its image}``."""
    programs = {name: Image(image, archive_of(image)) for name, image in build_images().items()}
    images = {**programs, **cluster.server_images()}
    for image in {image.name: image for image in images.values()}.values():
        cluster.load(image)
    names = {name: image.name for name, image in images.items()}
    apply(place, [kept_object(IMAGES, names)])
    return names
