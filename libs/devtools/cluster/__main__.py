"""``python -m devtools.cluster up|down|status|kubeconfig|load``, as `./dev cluster` runs it in the environment."""

import argparse
import sys

from devtools.cluster.clusters import Cluster, cluster_of_this_checkout
from devtools.cluster.kept import LIMITS, kept_object
from devtools.cluster.kubectl import apply, kubectl
from devtools.cluster.leftovers import (
    differences,
    forget_before,
    namespaces_of,
    of_the_machine,
    read_before,
    remains,
    write_before,
)
from devtools.cluster.loading import load_images
from devtools.cluster.place import Place
from devtools.cluster.suitability import STATUS, Unsuitable
from devtools.failure import Failure
from devtools.places import private_folder
from devtools.screen import bold, dim
from devtools.status import hold


def main() -> int:
    """Run one of the verbs."""
    options = _parser().parse_args()
    place, cluster = cluster_of_this_checkout()
    if options.verb in ("up", "down", "load"):
        private_folder(place.folder.parent)
        lock = hold(place.folder.with_name("cluster.lock"))
        if lock is None:
            raise Failure("Another ./dev cluster is at work here; wait for its end.")
    verbs = {"up": _up, "down": _down, "status": _status, "kubeconfig": _kubeconfig, "load": _load}
    return verbs[options.verb](options, place, cluster)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev cluster")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
    up = verbs.add_parser("up", help="start it, and load the images of this checkout's programs")
    up.add_argument("--bare", action="store_true", help="without our images")
    down = verbs.add_parser("down", help="end it and forget it")
    down.add_argument("--verify", action="store_true", help="and fail when anything of it is left on this machine")
    verbs.add_parser("status", help="what runs, and what it does not provide; 1 when it is not up")
    verbs.add_parser("kubeconfig", help="print where its kubeconfig is")
    verbs.add_parser("load", help="build the images again and load what changed")
    return parser


def _up(options: argparse.Namespace, place: Place, cluster: Cluster) -> int:
    print(f"A cluster: {cluster.kind}.")
    cluster.prepare()
    if not cluster.exists:
        write_before(place)
    cluster.up()
    apply(place, [kept_object(LIMITS, cluster.limits)])
    if not options.bare:
        load_images(place, cluster)
    _tell_limits(cluster)
    print(f"\n{bold('The cluster is up.')} ./dev kubectl get pods -A, ./dev test cluster, ./dev cluster down; or:")
    print(f"    export KUBECONFIG={place.kubeconfig}")
    return 0


def _down(options: argparse.Namespace, place: Place, cluster: Cluster) -> int:
    before = read_before(place)
    spaces = namespaces_of(place)
    if not cluster.down():
        print("There is no cluster.")
    left = [*remains(place, spaces), *(differences(before, of_the_machine()) if before else [])]
    forget_before(place)
    if not options.verify:
        return 0
    if left:
        print("Something is left:\n" + "\n".join(f"    {sentence}" for sentence in left))
        return 1
    compared = "and this machine is as it was before" if before else "(it was not compared with before: no up was seen)"
    print(f"Nothing of it is left: no process, mount, interface, control group, packet filter or file, {compared}.")
    return 0


def _status(options: argparse.Namespace, place: Place, cluster: Cluster) -> int:
    if not cluster.exists:
        print("There is no cluster: ./dev cluster up")
        return 1
    print(f"A cluster: {cluster.kind}.\nKUBECONFIG={place.kubeconfig}\n")
    print(kubectl(place, "get", "nodes,pods", "--all-namespaces", "--output=wide"))
    _tell_limits(cluster)
    return 0


def _kubeconfig(options: argparse.Namespace, place: Place, cluster: Cluster) -> int:
    if not cluster.exists:
        raise Failure("There is no cluster: ./dev cluster up")
    print(place.kubeconfig)
    return 0


def _load(options: argparse.Namespace, place: Place, cluster: Cluster) -> int:
    if not cluster.exists:
        raise Failure("There is no cluster: ./dev cluster up")
    for name, image in load_images(place, cluster).items():
        print(f"{name}  {image}")
    return 0


def _tell_limits(cluster: Cluster) -> None:
    print("\nWhat it does not enforce or provide (tests of it are skipped):")
    for name, limit in cluster.limits.items():
        print(f"    {name:20} {dim(limit)}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"\n{failure}", file=sys.stderr)
        sys.exit(STATUS if isinstance(failure, Unsuitable) else 1)
    except KeyboardInterrupt:
        print("\nInterrupted; ./dev cluster up continues, ./dev cluster down cleans up.", file=sys.stderr)
        sys.exit(130)
