"""What the handlers of this process work with; `payments.main` puts it together."""

from msgspec import Struct

from florin.database import Database
from florin.directory import Directory
from payments.gateways.deliveries import DeliveriesClient
from payments.operations.accept import Acceptance
from payments.operations.callbacks import Callbacks
from payments.operations.repair import Repair
from payments.store.committer import Committer


class Runtime(Struct, frozen=True):
    """The parts that handlers use."""

    database: Database
    directory: Directory
    acceptance: Acceptance
    callbacks: Callbacks
    repair: Repair
    committer: Committer
    deliveries: DeliveriesClient
