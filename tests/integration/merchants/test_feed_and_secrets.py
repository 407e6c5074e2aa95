import asyncio

from tests.support.merchants import MerchantsService, config

from florin.secrets import EnvelopeBox, KeyRing
from merchants.operations.rewrap_secrets import rewrap_secrets

EVENTS = "SELECT type, aggregate_id, version, livemode FROM outbox ORDER BY seq"


async def test_a_reader_of_the_feed_never_skips_a_version(merchants_service: MerchantsService):
    service = merchants_service
    done = asyncio.Event()
    seen: list[int] = []

    async def read() -> None:
        floor = 0
        while True:
            last_round = done.is_set()
            page = (await service.get(f"/internal/v1/feed?after={floor}&limit=7")).ok()
            versions = [change["version"] for change in page["data"]]
            assert versions == sorted(versions)
            assert all(version > floor for version in versions)
            seen.extend(versions)
            floor = versions[-1] if versions else floor
            if last_round and not page["has_more"]:
                return

    async def write(writer: int) -> None:
        for n in range(15):  # a thing of its own each: none is overtaken by a later state of itself
            (await service.put(f"/admin/v1/merchants/m-{writer}-{n}", {})).ok()

    reader = asyncio.create_task(read())
    await asyncio.gather(*(write(writer) for writer in range(8)))
    done.set()
    await reader
    assert seen == list(range(1, 121))


async def test_every_change_is_an_event_with_its_full_state(merchants_service: MerchantsService):
    service = merchants_service
    await service.merchant("acme")
    key = await service.key("acme", livemode=True)
    (await service.put("/admin/v1/merchants/acme/secrets/hook", {"value": "whsec_1"})).ok()
    async with service.db.connection() as conn:
        rows = await conn.fetch_all(EVENTS)
    assert [(row["type"], row["aggregate_id"], row["livemode"]) for row in rows] == [
        ("connector.updated", "simulator", None),
        ("merchant.updated", "acme", None),
        ("merchant_config.updated", "acme", None),
        ("merchant.updated", "acme", None),  # the configuration's name is the merchant's
        ("api_key.updated", key["id"], 1),
        ("secret.updated", "acme", None),
    ]
    assert [row["version"] for row in rows] == [1, 2, 3, 4, 5, 6]


async def test_a_secret_is_sealed_and_leased_and_never_read_back(merchants_service: MerchantsService):
    service = merchants_service
    await service.merchant("acme")
    path = "/admin/v1/merchants/acme/secrets/hook"
    assert (await service.put(path, {"value": "canary-1"})).status == 201
    assert (await service.put(path, {"value": "canary-1"})).status == 200
    second = (await service.put(path, {"value": "canary-2", "overlap_seconds": 600})).ok()
    assert second["secret_version"] == 2
    lease = (await service.get("/internal/v1/secrets/merchant:acme/hook")).ok()
    assert lease["current"]["value"] == "canary-2"
    assert [(old["version"], old["value"]) for old in lease["previous"]] == [(1, "canary-1")]
    (await service.put(path, {"value": "canary-3", "overlap_seconds": 0})).ok()
    assert (await service.get("/internal/v1/secrets/merchant:acme/hook"))["previous"] == []
    assert "canary" not in str((await service.get("/admin/v1/merchants/acme/secrets")).body)
    assert (await service.get(path)).status == 405
    async with service.db.connection() as conn:
        tables = [await conn.fetch_all(f"SELECT * FROM {table}") for table in ("secrets", "feed", "outbox")]
    assert b"canary" not in b"".join(str(rows).encode() for rows in tables)
    assert (await service.get("/internal/v1/secrets/merchant:acme/none")).status == 404
    assert (await service.get("/internal/v1/secrets/merchant:nobody/hook")).status == 404


async def test_a_connectors_secret_is_not_a_merchants(merchants_service: MerchantsService):
    service = merchants_service
    await service.merchant("simulator")  # a merchant of the connector's name
    (await service.put("/admin/v1/connectors/simulator/secrets/key", {"value": "of the connector"})).ok()
    assert (await service.get("/internal/v1/secrets/connector:simulator/key")).ok()
    assert (await service.get("/internal/v1/secrets/merchant:simulator/key")).status == 404
    assert (await service.put("/admin/v1/connectors/none/secrets/key", {"value": "x"})).status == 404


async def test_secrets_move_under_a_newer_key(merchants_service: MerchantsService, tmp_path):
    service = merchants_service
    await service.merchant("acme")
    for n in range(3):
        (await service.put(f"/admin/v1/merchants/acme/secrets/s{n}", {"value": f"value {n}"})).ok()
    old = KeyRing.load(tmp_path / "keys")
    both = EnvelopeBox(KeyRing({1: old.key(1) or b"", 2: bytes(32)}))
    assert await rewrap_secrets(service.db, both) == 3
    assert await rewrap_secrets(service.db, both) == 0
    async with service.db.connection() as conn:
        rows = await conn.fetch_all("SELECT sealed FROM secrets")
    assert all(EnvelopeBox(KeyRing({2: bytes(32)})).is_current(row["sealed"]) for row in rows)


async def test_propagated_means_every_living_replica(merchants_service: MerchantsService):
    service = merchants_service
    version = (await service.merchant("acme"))["config_version"]
    epoch = (await service.get("/internal/v1/feed"))["epoch"]

    async def report(name: str, floor: int, *, of: str = epoch, lease: int = 60) -> None:
        body = {"epoch": of, "floor": floor, "lease_seconds": lease}
        assert (await service.put(f"/internal/v1/replicas/{name}", body)).status == 204

    async def state() -> str:
        return (await service.get("/admin/v1/merchants/acme/propagation")).ok()["state"]

    assert await state() == "unknown"
    await report("payments/a", version)
    assert await state() == "unknown"  # nobody knows what notifications works with
    await report("notifications/a", version)
    assert await state() == "propagated"
    await report("payments/b", version - 1)
    assert await state() == "pending"
    await report("payments/b", version, of="another")
    assert await state() == "pending"
    await report("payments/b", version - 1, lease=0)
    assert await state() == "propagated"
    changed = {"spec": config("acme", displayName="Changed")}
    (await service.put("/admin/v1/merchants/acme/config", changed)).ok()
    assert await state() == "pending"
