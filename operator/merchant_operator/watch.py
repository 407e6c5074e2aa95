"""kopf's part: watches that survive time-outs, restarts of the API server and expired versions.

Only its low-level handlers are used. They store nothing in the resource, so there are no annotations of kopf's that
could outlive a release, no finalizers but our own, and no retries beside the queue's.
"""

from collections.abc import Callable, Mapping
from typing import Any

import kopf

from merchant_operator.names import GROUP, PLURALS, VERSION
from merchant_operator.queue import Queue
from merchant_operator.resources import read_resource
from merchant_operator.settings import OperatorSettings
from merchant_operator.watched import Watched
from merchant_operator.world import World


def kopf_settings(settings: OperatorSettings) -> kopf.OperatorSettings:
    """How kopf watches."""
    configured = kopf.OperatorSettings()
    # A connection that died silently must not look like a quiet day.
    configured.watching.inactivity_timeout = settings.watch_inactivity_s
    configured.watching.server_timeout = 600
    configured.watching.client_timeout = 660
    configured.networking.connect_timeout = 10
    configured.networking.request_timeout = 60
    configured.scanning.disabled = True  # a Role shows neither namespaces nor definitions
    configured.posting.enabled = False  # events are our own, on transitions only
    configured.peering.standalone = True  # merchants' fence is the lock between two operators
    # Nothing is stored under these names; if a handler ever does, it is not under kopf's, which others may use, too.
    configured.persistence.finalizer = f"{GROUP}/kopf"
    configured.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=GROUP)
    configured.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=GROUP)
    return configured


def watch_registry(world: World, queue: Queue, watched: Watched) -> kopf.OperatorRegistry:
    """The handlers: each event goes into the world and makes its resource due."""
    registry = kopf.OperatorRegistry()
    for login in (kopf.login_with_service_account, kopf.login_with_kubeconfig):
        kopf.on.login(registry=registry, id=login.__name__, errors=kopf.ErrorsMode.IGNORED)(login)
    for kind, plural in PLURALS.items():
        kopf.on.event(GROUP, VERSION, plural, registry=registry, id=f"see-{plural}")(
            _handler(kind, world, queue, watched)
        )
    return registry


def _handler(kind: str, world: World, queue: Queue, watched: Watched) -> Callable[..., Any]:
    async def see(event: Mapping[str, Any], **_: Any) -> None:
        resource = read_resource({"kind": kind, **event["object"]})
        if event["type"] == "DELETED":
            known = world.resource(resource.key)
            if known is None or known.uid == resource.uid:  # not a later one of its name
                world.forget(resource.key)
                watched.forgotten(resource.key)
            return
        watched.told(resource.key)
        if world.see(resource):
            queue.add(resource.key)

    return see
