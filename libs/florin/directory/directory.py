"""The directory of one replica: answers from memory, and keeps the memory fresh in the background.

Changes arrive on three ways that end in the same upsert by version:

- the stream: the replica that reads a partition writes the change to the projection (`handle`) at once;
- the projection: every replica looks each second for what is new in it;
- the feed: each replica asks merchants for everything after the floor, every half minute and whenever the stream
  brought something. The feed alone moves the floor, because only it is in the order of commits.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator

import msgspec

from florin.clock import Clock, SystemClock
from florin.contracts.api_keys import hash_of
from florin.contracts.connector import ConnectorSpec
from florin.contracts.directory import Change, ConfigState, FeedPage, MerchantState, ReplicaReport, State
from florin.database import Connection, Database
from florin.directory import metrics
from florin.directory.lookups import KeyLookups
from florin.directory.memory import Memory
from florin.directory.merchants_client import MerchantsClient, MerchantsUnreachable
from florin.directory.principal import KeyUnknown, Principal, key_in
from florin.directory.projection import (
    ProjectionState,
    read_changes,
    read_state,
    replace_all,
    write_changes,
)
from florin.errors import NotFound, Unavailable
from florin.inbox import ReceivedEvent
from florin.settings import Secret

REVOCATION_BOUND_S = 5
"""A revoked key is refused everywhere within this time while Redis works (a stream entry, then `REFRESH_S`)."""

REVOCATION_BOUND_WITHOUT_REDIS_S = 60
"""... and within this time while Redis is down (`PULL_S`, `PULL_TIMEOUT_S`, `REFRESH_S`).

With merchants down as well, what was known last stays in force. An expiry is refused at its time, always.
"""

REFRESH_S = 1.0
PULL_S = 30.0
PULL_TIMEOUT_S = 10.0
RETRY_S = 5.0
REPORT_S = 5.0
LEASE_S = 15
_NOTHING = ProjectionState("", 0, 0, 0)
_log = logging.getLogger(__name__)


class Directory:
    """Keys, merchants, configurations and connectors as one replica of a service knows them."""

    def __init__(
        self,
        db: Database,
        *,
        merchants_url: str,
        internal_token: Secret,
        service: str,
        replica: str,
        clock: Clock | None = None,
    ) -> None:
        self._db = db
        self._client = MerchantsClient(merchants_url, internal_token)
        self._lookups = KeyLookups(self._client)
        self._service = service
        self._replica = replica
        self._clock = clock or SystemClock()
        self._memory = Memory()
        self._seen = _NOTHING
        self._refreshing = asyncio.Lock()
        self._pulling = asyncio.Lock()
        self._hint = asyncio.Event()
        self._moved = asyncio.Event()
        self._listeners: list[Callable[[State], None]] = []
        self._pulled_at = time.monotonic()
        metrics.FEED_AGE.set_function(lambda: time.monotonic() - self._pulled_at)

    # --- answers: no I/O, except where a method is async -----------------------------------------------------------

    def authenticate(self, authorization: str | None) -> Principal:
        """Whom an Authorization header speaks for.

        Raises KeyMissing, KeyUnknown, KeyExpired, KeyRevoked, MerchantDisabled.
        """
        principal = self._memory.principal(hash_of(key_in(authorization)), self._clock.now())
        if principal is None:
            raise KeyUnknown("This API key is not known.")
        return principal

    async def authenticate_or_lookup(self, authorization: str | None) -> Principal:
        """As `authenticate`; a key that is not known here is asked about at merchants once. Raises KeyUncertain too."""
        key_hash = hash_of(key_in(authorization))
        principal = self._memory.principal(key_hash, self._clock.now())
        if principal is None:
            answer = await self._lookups.ask(key_hash)
            self._take(answer.data)
            principal = self._memory.principal(key_hash, self._clock.now()) if answer.found else None
        if principal is None:
            raise KeyUnknown("This API key is not known.")
        return principal

    def merchant(self, merchant_id: str) -> MerchantState:
        """The merchant with this id. Raises NotFound."""
        merchant = self._memory.merchant(merchant_id)
        if merchant is None:
            raise NotFound(f"There is no merchant {merchant_id!r}.")
        return merchant

    def config(self, merchant_id: str, version: int | None = None) -> ConfigState:
        """A version of a configuration, by default the newest. Raises NotConfigured, ConfigVersionUnknown."""
        return self._memory.config(merchant_id, version)

    def configs(self) -> Iterator[ConfigState]:
        """The newest configuration of every merchant."""
        return self._memory.configs()

    def connector(self, name: str) -> ConnectorSpec:
        """The connector with this (its own) name. Raises ConnectorUnknown."""
        return self._memory.connector(name)

    def secret_version(self, scope: str, name: str) -> int | None:
        """The current version of a secret; None where there is no such secret."""
        return self._memory.secret_version(scope, name)

    @property
    def ready(self) -> bool:
        """Whether everything has been taken in at least once."""
        return self._seen.epoch != ""

    async def check_ready(self) -> None:
        """For the service's readiness; raises RuntimeError."""
        if not self.ready:
            raise RuntimeError("nothing is known of merchants yet")

    @property
    def floor(self) -> int:
        """Every change up to this version is in memory."""
        return self._seen.floor

    def on_change(self, listener: Callable[[State], None]) -> None:
        """Have ``listener`` told of each new state that memory takes in. It must be quick and not raise."""
        self._listeners.append(listener)

    # --- life ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load what is known: the projection first, then whatever merchants can add now.

        Without merchants an earlier projection serves; without either, `ready` stays False until one is there.
        """
        await self.refresh()
        try:
            await self.pull()
        except MerchantsUnreachable as error:
            _log.warning("merchants does not answer (%s): serving what was known last.", error)

    def tasks(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What has to run in the background, by name (`florin.service.Background.start`)."""
        return {
            "directory.refresh": self._refresh_for_ever,
            "directory.pull": self._pull_for_ever,
            "directory.report": self._report_for_ever,
        }

    async def close(self) -> None:
        """Give the connections to merchants back."""
        await self._client.close()

    # --- what brings changes in ------------------------------------------------------------------------------------

    async def handle(self, conn: Connection, received: list[ReceivedEvent]) -> None:
        """Take events of the stream `merchants` in (a `florin.inbox.Handler`)."""
        changes = [msgspec.json.decode(item.event.data, type=Change) for item in received]
        for epoch in {change.epoch for change in changes}:
            await write_changes(conn, epoch, [change for change in changes if change.epoch == epoch])
        # The floor moves by the feed only; and an unknown epoch is a rebuild, which the feed finds out.
        self._hint.set()

    async def pull(self) -> None:
        """Take everything after the floor from the feed. Raises MerchantsUnreachable."""
        async with self._pulling:
            async with self._db.connection() as conn:
                state = await read_state(conn)
            page = await self._page(state.floor)
            if page.epoch != state.epoch or page.head < state.floor:
                await self._rebuild(state)
            else:
                await self._take_pages(page)
            self._pulled_at = time.monotonic()
            await self.refresh()

    async def rebuild(self) -> None:
        """Forget the projection and build it from the feed. Raises MerchantsUnreachable."""
        async with self._pulling:
            async with self._db.connection() as conn:
                state = await read_state(conn)
            await self._rebuild(state)
            await self.refresh()

    async def refresh(self) -> None:
        """Take into memory what is new in the projection."""
        async with self._refreshing:
            async with self._db.connection() as conn:
                state = await read_state(conn)
                seen = self._seen
                if state == seen:
                    return
                anew = state.rebuilds != seen.rebuilds
                changes = await read_changes(conn, state.epoch, 0 if anew else seen.seq)
            if anew:
                self._memory = Memory()
            self._take(changes)
            self._seen = state
            self._moved.set()

    async def _take_pages(self, page: FeedPage) -> None:
        epoch = page.epoch
        while page.data:
            changes, floor = page.data, page.data[-1].version
            if not await self._db.run(lambda conn, c=changes, f=floor: write_changes(conn, epoch, c, f)):  # type: ignore[misc]
                return  # another replica is at a newer epoch: its rebuild has what we would write
            if not page.has_more:
                return
            page = await self._page(floor)
            if page.epoch != epoch:
                return  # the next round finds out

    async def _rebuild(self, state: ProjectionState) -> None:
        changes: list[Change] = []
        page = await self._page(0)
        epoch = page.epoch
        while True:
            if page.epoch != epoch:
                raise MerchantsUnreachable("merchants was replaced while its feed was read")
            changes += page.data
            if not page.has_more:
                break
            page = await self._page(changes[-1].version)
        floor = changes[-1].version if changes else 0
        # All pages first: no transaction is open during network I/O.
        await self._db.run(lambda conn: replace_all(conn, epoch, changes, floor, seen=state))
        _log.info("The directory was built anew: %s things, up to version %s.", len(changes), floor)

    async def _page(self, after: int) -> FeedPage:
        return await self._client.feed(after, timeout_s=PULL_TIMEOUT_S)

    def _take(self, changes: list[Change]) -> None:
        for change in changes:
            state = self._memory.apply(change)
            if state is not None:
                for listener in self._listeners:
                    listener(state)

    # --- background ------------------------------------------------------------------------------------------------

    async def _refresh_for_ever(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.refresh()
            except Unavailable as error:
                _log.warning("The projection of merchants cannot be read: %s", error)

    async def _pull_for_ever(self) -> None:
        pause_s = PULL_S
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s * random.uniform(0.8, 1.0)):
                    await self._hint.wait()
            self._hint.clear()
            try:
                await self.pull()
                pause_s = PULL_S
            except (MerchantsUnreachable, Unavailable) as error:
                _log.warning("The feed of merchants cannot be read: %s", error)
                pause_s = RETRY_S

    async def _report_for_ever(self) -> None:
        while True:
            self._moved.clear()
            seen = self._seen
            if seen.epoch:
                report = ReplicaReport(epoch=seen.epoch, floor=seen.floor, lease_seconds=LEASE_S)
                try:
                    await self._client.report(self._service, self._replica, report, timeout_s=REPORT_S)
                except MerchantsUnreachable as error:
                    _log.debug("The floor could not be reported: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_S):
                    await self._moved.wait()
