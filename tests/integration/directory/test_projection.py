import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from tests.support.merchants import MerchantsService, config
from tests.support.metrics import sample

from florin import inbox, leases
from florin.contracts.api_keys import Scope, hash_of, new_key
from florin.contracts.directory import STREAM, FeedPage
from florin.database import Database
from florin.directory import (
    MIGRATIONS,
    Directory,
    KeyExpired,
    KeyMissing,
    KeyRevoked,
    KeyUnknown,
    MerchantDisabled,
    ScopeMissing,
)
from florin.directory.lookups import LOOKUPS_PER_SECOND, KeyUncertain
from florin.directory.memory import ConfigVersionUnknown, ConnectorUnknown, NotConfigured
from florin.directory.projection import read_state, write_changes
from florin.errors import Forbidden, NotFound, Unauthenticated
from florin.inbox import Consumer
from florin.service import Background
from florin.streams.redis_streams import RedisStreamReader
from merchants.store.changes import start_epoch

FOLDERS = [MIGRATIONS, inbox.MIGRATIONS, leases.MIGRATIONS]


@asynccontextmanager
async def opened(
    service: MerchantsService, db: Database, replica: str = "r1", url: str = ""
) -> AsyncIterator[Directory]:
    directory = Directory(
        db,
        merchants_url=url or service.url,
        internal_token=service.internal_token,
        service="payments",
        replica=replica,
    )
    try:
        await directory.start()
        yield directory
    finally:
        await directory.close()


@asynccontextmanager
async def consuming(directory: Directory, db: Database, redis_url: str) -> AsyncIterator[None]:
    """All of the directory's background work, as a service runs it."""
    consumer = Consumer(db, RedisStreamReader(redis_url, "payments"), "payments", [STREAM], directory.handle)
    async with Background() as background:
        background.start("consumer", consumer.run)
        for name, run in directory.tasks().items():
            background.start(name, run)
        yield


async def eventually(check: Callable[[], Awaitable[bool] | bool], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while True:
            found = check()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.02)


@pytest.fixture
async def db(database_factory) -> Database:
    return await database_factory(FOLDERS)


def bearer(key: Any) -> str:
    return f"Bearer {key['secret']}"


def refused(directory: Directory, key: Any, error: type[Exception]) -> bool:
    try:
        directory.authenticate(bearer(key))
    except (Unauthenticated, Forbidden) as refusal:
        return type(refusal) is error
    return False


async def test_from_nothing_everything_is_there(merchants_service: MerchantsService, db: Database):
    service = merchants_service
    version = (await service.merchant("acme"))["config_version"]
    key = await service.key("acme")
    live = await service.key("acme", livemode=True, rate_limit_per_second=7)
    restricted = await service.key("acme", restricted=True, scopes=["payments:read"])
    (await service.put("/admin/v1/merchants/bare", {})).ok()
    async with opened(service, db) as directory:
        assert directory.ready
        assert directory.floor == (await service.get("/internal/v1/feed"))["head"]
        principal = directory.authenticate(bearer(key))
        assert (principal.merchant_id, principal.livemode, principal.key_id) == ("acme", False, key["id"])
        principal.require(Scope.REFUNDS_WRITE)
        principal = directory.authenticate(bearer(live))
        assert (principal.livemode, principal.rate_limit_per_second) == (True, 7)
        with pytest.raises(ScopeMissing):
            directory.authenticate(bearer(restricted)).require(Scope.PAYMENTS_WRITE)
        assert directory.config("acme").config_version == version
        assert directory.connector("simulator").adapter == "simulator"
        assert directory.merchant("acme").display_name == "A shop"
        with pytest.raises(NotConfigured):
            directory.config("bare")
        with pytest.raises(ConfigVersionUnknown):
            directory.config("acme", version + 100)
        with pytest.raises(ConnectorUnknown):
            directory.connector("none")
        with pytest.raises(NotFound):
            directory.merchant("none")
        for header, error in (
            (None, KeyMissing),
            ("Basic eDp5", KeyMissing),
            ("Bearer sk_test_short", KeyUnknown),
            (bearer(key)[:-1] + "!", KeyUnknown),
            (f"Bearer {new_key(livemode=False).reveal()}", KeyUnknown),
            # The other mode's prefix makes it another key, not the same one in the other mode.
            (bearer(key).replace("sk_test", "sk_live"), KeyUnknown),
        ):
            with pytest.raises(error):
                directory.authenticate(header)


async def test_a_projection_built_again_equals_the_first(merchants_service: MerchantsService, db: Database):
    service = merchants_service
    await service.merchant("acme")
    key = await service.key("acme")
    async with opened(service, db) as directory:
        for n in range(5):
            (await service.put("/admin/v1/merchants/acme/config", {"spec": config("acme", displayName=f"N {n}")})).ok()
        (await service.post(f"/admin/v1/merchants/acme/keys/{key['id']}/revoke")).ok()
        await directory.pull()
        rows = "SELECT kind, subject, version, state FROM directory_entries ORDER BY kind, subject"
        async with db.connection() as conn:
            grown = await conn.fetch_all(rows)
        memory = directory._memory
        await directory.rebuild()
        async with db.connection() as conn:
            assert await conn.fetch_all(rows) == grown
        assert directory._memory is not memory
        assert directory._memory.versions() == memory.versions()
        assert directory._memory._configs == memory._configs
        assert refused(directory, key, KeyRevoked)


async def test_old_versions_of_a_configuration_stay(merchants_service: MerchantsService, db: Database):
    service = merchants_service
    first = (await service.merchant("acme"))["config_version"]
    changed = (await service.put("/admin/v1/merchants/acme/config", {"spec": config("acme", displayName="2")})).ok()
    async with opened(service, db) as directory:
        assert directory.config("acme", first).spec.display_name == "A shop"
        assert directory.config("acme", first) is directory.config("acme", first)
        assert directory.config("acme").config_version == changed["config_version"]


async def test_without_merchants_the_last_known_state_serves(merchants_service: MerchantsService, db: Database):
    service = merchants_service
    await service.merchant("acme")
    key = await service.key("acme")
    nowhere = "http://127.0.0.1:9"
    async with opened(service, db, url=nowhere) as directory:
        assert not directory.ready
    async with opened(service, db):
        pass
    async with opened(service, db, replica="r2", url=nowhere) as directory:
        assert directory.ready
        assert directory.authenticate(bearer(key)).merchant_id == "acme"
        unknown = f"Bearer {new_key(livemode=False).reveal()}"
        with pytest.raises(KeyUncertain):
            await directory.authenticate_or_lookup(unknown)


async def test_the_age_of_what_is_known_begins_anew_with_each_reading(
    merchants_service: MerchantsService, db: Database
) -> None:
    async with opened(merchants_service, db) as directory:
        await asyncio.sleep(0.05)
        before = sample("florin_directory_feed_age_seconds") or 0
        assert before >= 0.05
        await directory.pull()
        assert (sample("florin_directory_feed_age_seconds") or 0) < before


async def test_a_key_made_a_moment_ago_is_asked_for_once(merchants_service: MerchantsService, db: Database):
    service = merchants_service
    async with opened(service, db) as directory:
        await service.merchant("acme")
        key = await service.key("acme")
        assert refused(directory, key, KeyUnknown)
        asked = 0
        ask = directory._client.look_up

        async def counted(*args: Any, **options: Any) -> Any:
            nonlocal asked
            asked += 1
            return await ask(*args, **options)

        directory._client.look_up = counted  # type: ignore[method-assign]
        principals = await asyncio.gather(*(directory.authenticate_or_lookup(bearer(key)) for _ in range(20)))
        assert {principal.key_id for principal in principals} == {key["id"]}
        assert asked == 1
        assert directory.config("acme").spec.merchant_id == "acme"
        assert directory.connector("simulator")
        directory.authenticate(bearer(key))
        # An unknown key is remembered as such, and not everybody's guess is asked about.
        guess = f"Bearer {new_key(livemode=False).reveal()}"
        for _ in range(3):
            with pytest.raises(KeyUnknown):
                await directory.authenticate_or_lookup(guess)
        assert asked == 2
        guesses = [f"Bearer {new_key(livemode=True).reveal()}" for _ in range(60)]
        results = await asyncio.gather(*map(directory.authenticate_or_lookup, guesses), return_exceptions=True)
        assert sum(isinstance(result, KeyUncertain) for result in results) >= 60 - LOOKUPS_PER_SECOND - 5
        assert asked <= 2 + LOOKUPS_PER_SECOND + 5


async def test_changes_arrive_by_stream_on_every_replica(
    merchants_service: MerchantsService, db: Database, redis_url: str
):
    service = merchants_service
    await service.merchant("acme")
    key = await service.key("acme")
    async with (
        opened(service, db, "r1") as one,
        opened(service, db, "r2") as two,
        consuming(one, db, redis_url),
        consuming(two, db, redis_url),
    ):
        both = (one, two)
        await eventually(lambda: one.floor > 0 and two.floor > 0, 10)
        (await service.post(f"/admin/v1/merchants/acme/keys/{key['id']}/revoke")).ok()
        await eventually(lambda: all(refused(replica, key, KeyRevoked) for replica in both), 10)
        changed = (await service.put("/admin/v1/merchants/acme/config", {"spec": config("acme", displayName="2")})).ok()
        version = changed["config_version"]
        await eventually(lambda: all(replica.config("acme").config_version == version for replica in both), 10)

        async def propagated() -> bool:
            answer = await service.get("/admin/v1/merchants/acme/propagation")
            floors = [replica["floor"] for replica in answer["replicas"]]
            return len(floors) == 2 and min(floors) >= version

        await eventually(propagated, 10)
        fresh = await service.key("acme")
        (await service.post("/admin/v1/merchants/acme/disable")).ok()
        await eventually(lambda: all(refused(replica, fresh, MerchantDisabled) for replica in both), 10)


async def test_the_stream_alone_brings_a_revocation_while_the_feed_fails(
    merchants_service: MerchantsService, db: Database, redis_url: str
):
    service = merchants_service
    await service.merchant("acme")
    key = await service.key("acme")
    async with opened(service, db) as directory:
        directory._client._headers["Authorization"] = "Bearer wrong"
        await directory._client.close()
        async with consuming(directory, db, redis_url):
            (await service.post(f"/admin/v1/merchants/acme/keys/{key['id']}/revoke")).ok()
            await eventually(lambda: refused(directory, key, KeyRevoked), 10)
    async with db.connection() as conn:
        state = await read_state(conn)
    assert state.floor < (await service.get("/internal/v1/feed"))["head"]  # only the feed moves the floor


async def test_the_feed_alone_brings_a_revocation(merchants_service: MerchantsService, db: Database):
    service = merchants_service
    await service.merchant("acme")
    key = await service.key("acme")
    async with opened(service, db) as directory:
        directory.authenticate(bearer(key))
        (await service.post(f"/admin/v1/merchants/acme/keys/{key['id']}/revoke")).ok()
        await directory.pull()
        assert refused(directory, key, KeyRevoked)


async def test_rotation_overlaps_and_ends_on_time(merchants_service: MerchantsService, db: Database):
    service = merchants_service
    await service.merchant("acme")
    old = await service.key("acme")
    path = f"/admin/v1/merchants/acme/keys/{old['id']}"
    new = (await service.post(f"{path}/rotate", {"overlap_seconds": 3600})).ok()
    quick = await service.key("acme")
    (await service.post(f"/admin/v1/merchants/acme/keys/{quick['id']}/rotate", {"overlap_seconds": 0})).ok()
    async with opened(service, db) as directory:
        assert directory.authenticate(bearer(old)).merchant_id == directory.authenticate(bearer(new)).merchant_id
        assert refused(directory, quick, KeyExpired)
        state = directory._memory._keys[hash_of(old["secret"])].state
        assert state.expires_at is not None
        directory._clock = Later(state.expires_at)
        assert refused(directory, old, KeyExpired)
        directory.authenticate(bearer(new))


class Later:
    def __init__(self, time):
        self.time = time

    def now(self):
        return self.time


async def test_another_database_behind_merchants_is_a_rebuild(merchants_service: MerchantsService, db: Database):
    service = merchants_service
    await service.merchant("acme")
    key = await service.key("acme")
    async with opened(service, db) as directory, opened(service, db, "r2") as other:
        async with service.db.connection() as conn:
            await conn.execute("DELETE FROM feed WHERE kind='api_key'")
            await start_epoch(conn)
        await directory.pull()
        assert refused(directory, key, KeyUnknown)
        assert directory.merchant("acme")
        await other.refresh()
        assert refused(other, key, KeyUnknown)


async def test_a_change_that_comes_late_replaces_nothing(merchants_service: MerchantsService, db: Database):
    service = merchants_service
    (await service.put("/admin/v1/merchants/acme", {"display_name": "Old"})).ok()
    late = msgspec.json.decode(msgspec.json.encode((await service.get("/internal/v1/feed")).body), type=FeedPage)
    (await service.put("/admin/v1/merchants/acme", {"display_name": "New"})).ok()
    async with opened(service, db, "r1") as one:
        assert await db.run(lambda conn: write_changes(conn, late.epoch, late.data))
        assert not await db.run(lambda conn: write_changes(conn, "another", late.data))
        await one.refresh()
        assert one.merchant("acme").display_name == "New"
        async with opened(service, db, "r2") as two:  # reads everything from the table
            assert two.merchant("acme").display_name == "New"


async def test_replicas_that_pull_and_rebuild_at_once_agree(merchants_service: MerchantsService, db: Database):
    service = merchants_service
    async with opened(service, db, "r1") as one, opened(service, db, "r2") as two:
        for n in range(12):
            (await service.put(f"/admin/v1/merchants/m{n}", {})).ok()
            await asyncio.gather(one.pull(), two.rebuild(), two.pull(), one.refresh())
        await asyncio.gather(one.pull(), two.pull())
        await asyncio.gather(one.refresh(), two.refresh())
        assert one._memory.versions() == two._memory.versions()
        assert len(one._memory.versions()) == 12


async def test_listeners_hear_each_new_state_once(merchants_service: MerchantsService, db: Database):
    service = merchants_service
    heard: list[Any] = []
    async with opened(service, db) as directory:
        directory.on_change(heard.append)
        (await service.put("/admin/v1/merchants/acme", {})).ok()
        await directory.pull()
        await directory.pull()
        assert [state.id for state in heard] == ["acme"]
