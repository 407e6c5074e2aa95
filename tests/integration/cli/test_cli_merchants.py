"""Merchants, configurations, keys, connectors and secrets, from the terminal on the running platform."""

import secrets

import msgspec
from tests.support.florin_command import Florin
from tests.support.platform import INTERNAL_TOKEN, Shop, eventually


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines()[1:]]


async def test_merchant_is_made_renamed_disabled_and_enabled(florin: Florin) -> None:
    name = f"new-{secrets.token_hex(4)}"
    assert (await florin("merchants", "create", name)).ok().startswith("Merchant")
    renamed = await florin("merchants", "create", name, "--name", "Corner shop", "--json")
    assert renamed.json()["display_name"] == "Corner shop"
    assert [name, "Corner", "shop", "active"] in [row[:4] for row in rows((await florin("merchants", "list")).ok())]

    unconfirmed = await florin("merchants", "disable", name)
    assert (unconfirmed.status, "--yes" in unconfirmed.err) == (2, True)
    assert (await florin("merchants", "show", name, "--json")).json()["status"] == "active"
    assert (await florin("merchants", "disable", name, "--yes", "--json")).json()["status"] == "disabled"
    assert (await florin("merchants", "enable", name, "--json")).json()["status"] == "active"


async def test_keys_work_until_they_are_revoked(florin: Florin, shop: Shop) -> None:
    wanted = ("--name", "reader", "--scope", "payments:read", "--expires-at", "90d")
    made = (await florin("keys", "create", *wanted, "--json")).json()
    assert made["expires_at"] > made["created_at"]
    assert (await shop.get("/v1/payments", token=made["secret"])).status == 200
    refused = await shop.post("/v1/payments", {"amount_minor": 1, "currency": "EUR"}, token=made["secret"])
    assert refused.status == 403

    rotated = await florin("keys", "rotate", made["id"], "--overlap", "1h")
    (line,) = [line for line in rotated.ok().splitlines() if line.startswith("Secret")]
    fresh = line.split()[1]
    assert "only time" in rotated.err
    assert (await shop.get("/v1/payments", token=fresh)).status == 200
    assert (await shop.get("/v1/payments", token=made["secret"])).status == 200

    listed = (await florin("keys", "list")).ok()
    assert fresh not in listed
    assert made["secret"] not in listed
    assert made["id"] in listed
    (await florin("keys", "revoke", made["id"], "--yes")).ok()

    async def refused_now() -> bool:
        return (await shop.get("/v1/payments", token=made["secret"])).status == 401

    await eventually(refused_now)
    again = await florin("keys", "rotate", made["id"])
    assert (again.status, "code key_not_rotatable" in again.err) == (4, True)


async def test_configuration_is_planned_put_and_put_back(florin: Florin, shop: Shop) -> None:
    first = (await florin("merchants", "config", "get", shop.merchant_id)).ok()
    (florin.home / "first.json").write_text(first)
    changed = {**msgspec.json.decode(first), "displayName": "Renamed", "currencies": ["EUR"]}
    (florin.home / "changed.json").write_bytes(msgspec.json.encode(changed))

    plan = await florin("merchants", "config", "plan", shop.merchant_id, "-f", "changed.json")
    assert plan.ok().splitlines() == [
        '~ displayName: "A shop" → "Renamed"',
        '~ currencies: ["EUR","JPY","KWD"] → ["EUR"]',
    ]
    same = await florin("merchants", "config", "plan", shop.merchant_id, "-f", "first.json")
    assert same.ok().startswith("Nothing changes")

    put = await florin("merchants", "config", "put", shop.merchant_id, "-f", "changed.json", "--wait")
    assert "is stored" in put.ok()
    propagation = await florin("merchants", "config", "propagation", shop.merchant_id)
    assert "propagated" in propagation.ok()
    refused = await shop.pay(currency="JPY")
    assert (refused.status, refused.json()["param"]) == (400, "currency"), refused.body

    versions = (await florin("merchants", "config", "history", shop.merchant_id, "--json")).json()["data"]
    assert len(versions) == 2
    oldest = versions[-1]["config_version"]
    before = await florin("merchants", "config", "get", shop.merchant_id, "--version", str(oldest))
    assert before.ok() == first
    back = await florin("merchants", "config", "put", shop.merchant_id, "-f", "-", stdin=before.out.encode())
    assert "is stored" in back.ok()
    assert (await florin("merchants", "config", "get", shop.merchant_id)).ok() == first


async def test_wrong_configuration_names_every_field(florin: Florin, shop: Shop) -> None:
    spec = msgspec.json.decode((await florin("merchants", "config", "get", shop.merchant_id)).ok())
    wrong = {**spec, "currencies": ["EUX"], "defaultCurrency": "EUX", "connectors": []}
    document = msgspec.json.encode({"kind": "MerchantConfig", "spec": wrong})
    plan = await florin("merchants", "config", "plan", shop.merchant_id, "-f", "-", stdin=document)
    assert plan.status == 1
    assert "✗ currencies[0]: 'EUX' is not a currency" in plan.out
    assert "refused" in plan.err
    put = await florin("merchants", "config", "put", shop.merchant_id, "-f", "-", stdin=document)
    assert put.status == 4
    assert "code config_invalid" in put.err
    assert "- currencies[0]: 'EUX' is not a currency" in put.err
    assert "- routing[0].targets[0].connector:" in put.err


async def test_secret_is_read_from_standard_input_and_never_shown(florin: Florin, shop: Shop) -> None:
    value = f"hush-{secrets.token_hex(8)}"
    owner = ("--merchant", shop.merchant_id)
    stored = await florin("secrets", "put", "token", *owner, stdin=f"{value}\n".encode())
    listed = await florin("secrets", "list", *owner)
    assert "Version 1 of token" in stored.ok()
    assert "token" in listed.ok()
    assert value not in stored.out + stored.err + listed.out + listed.err
    lease = await shop.get(
        f"/internal/v1/secrets/merchant:{shop.merchant_id}/token", token=INTERNAL_TOKEN, service="merchants"
    )
    assert value in str(lease.ok())
    assert f"{value}\\n" not in str(lease.ok())

    argument = await florin("secrets", "put", "token", value, *owner)
    assert argument.status == 2
    nobody = await florin("secrets", "put", "token", stdin=b"x")
    assert (nobody.status, "Whose secret?" in nobody.err) == (2, True)
    empty = await florin("secrets", "put", "token", *owner, stdin=b"\n")
    assert (empty.status, "empty" in empty.err) == (2, True)


async def test_connector_is_put_as_it_was_got(florin: Florin) -> None:
    document = (await florin("connectors", "get", "simulator")).ok()
    listed = (await florin("connectors", "list")).ok()
    assert "simulator" in listed
    spec = {**msgspec.json.decode(document), "name": f"c-{secrets.token_hex(4)}"}
    made = await florin("connectors", "put", "-f", "-", "--json", stdin=msgspec.json.encode(spec))
    assert made.json()["spec"] == spec
    wrong = {**spec, "adapter": "nobody"}
    refused = await florin("connectors", "put", "-f", "-", stdin=msgspec.json.encode(wrong))
    assert (refused.status, "field adapter" in refused.err) == (4, True)
    nameless = await florin("connectors", "put", "-f", "-", stdin=b'{"adapter": "simulator"}')
    assert (nameless.status, "has no name" in nameless.err) == (2, True)
