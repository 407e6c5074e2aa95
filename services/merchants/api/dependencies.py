"""What handlers are given by name."""

from typing import Annotated

from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter

from florin.database import Database
from florin.secrets import EnvelopeBox
from florin.service import PageRequest
from merchants.settings import MerchantsSettings
from merchants.store.changes import Changes

PathName = Annotated[str, PathParameter(pattern=r"^[a-z0-9][a-z0-9_-]*$", min_length=1, max_length=64)]
"""An id or name in a path; exact rules are the domain's."""

UseDb = NamedDependency[Database]
UseChanges = NamedDependency[Changes]
UseBox = NamedDependency[EnvelopeBox]
UseSettings = NamedDependency[MerchantsSettings]
UsePage = NamedDependency[PageRequest]
Version = Annotated[int, PathParameter(ge=1, le=2**53)]


def provide_db(state: State) -> Database:
    """The service's database."""
    db: Database = state.db
    return db


def provide_changes(state: State) -> Changes:
    """Where changing transactions run."""
    changes: Changes = state.changes
    return changes


def provide_box(state: State) -> EnvelopeBox:
    """What seals secrets."""
    box: EnvelopeBox = state.box
    return box


def provide_settings(state: State) -> MerchantsSettings:
    """The settings."""
    settings: MerchantsSettings = state.settings
    return settings


DEPENDENCIES = {
    "db": Provide(provide_db, sync_to_thread=False),
    "changes": Provide(provide_changes, sync_to_thread=False),
    "box": Provide(provide_box, sync_to_thread=False),
    "settings": Provide(provide_settings, sync_to_thread=False),
}
