"""What the handlers of this process work with; `notifications.main` puts it together."""

from msgspec import Struct

from florin.database import Database
from florin.directory import Directory
from florin.inbox import Consumer
from florin.service import RateLimiter
from florin.webhooks import UrlPolicy
from notifications.gateways.signing_secrets import SigningSecrets
from notifications.operations.dispatch import Dispatcher
from notifications.operations.replay import ReplayRunner
from notifications.operations.sync_endpoints import EndpointSync


class Runtime(Struct, frozen=True):
    """The parts that handlers use."""

    database: Database
    directory: Directory
    limiter: RateLimiter
    policy: UrlPolicy
    secrets: SigningSecrets
    sync: EndpointSync
    dispatcher: Dispatcher
    replays: ReplayRunner
    consumer: Consumer
