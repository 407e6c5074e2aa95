from collections.abc import AsyncIterator

import pytest
from tests.support.merchants import MerchantsService

from florin.contracts.directory import SecretState
from florin.secrets import SecretLeases, SecretMissing

PATH = "/admin/v1/merchants/acme/secrets/hook"


@pytest.fixture
async def leases(merchants_service: MerchantsService) -> AsyncIterator[SecretLeases]:
    await merchants_service.merchant("acme")
    leases = SecretLeases(merchants_service.url, merchants_service.internal_token)
    yield leases
    await leases.close()


async def test_a_lease_is_held_and_renewed_on_change(merchants_service: MerchantsService, leases: SecretLeases):
    (await merchants_service.put(PATH, {"value": "one"})).ok()
    assert (await leases.get("merchant:acme", "hook")).current.reveal() == "one"
    (await merchants_service.put(PATH, {"value": "two", "overlap_seconds": 600})).ok()
    assert (await leases.get("merchant:acme", "hook")).current.reveal() == "one"  # no question on a payment's path
    leases.on_change(SecretState("merchant:acme", "hook", 2))
    await leases.renew()
    held = await leases.get("merchant:acme", "hook")
    assert (held.version, held.current.reveal()) == (2, "two")
    assert [secret.reveal() for secret in held.previous] == ["one"]
    assert "two" not in repr(held)


async def test_the_last_value_stays_while_merchants_is_down(merchants_service: MerchantsService, leases: SecretLeases):
    (await merchants_service.put(PATH, {"value": "one"})).ok()
    await leases.get("merchant:acme", "hook")
    leases._client._url = "http://127.0.0.1:9"
    leases.on_change(SecretState("merchant:acme", "hook", 2))
    await leases.renew()
    assert (await leases.get("merchant:acme", "hook")).current.reveal() == "one"


async def test_a_missing_secret_is_said_and_found_once_it_is_there(
    merchants_service: MerchantsService, leases: SecretLeases
):
    for _ in range(2):
        with pytest.raises(SecretMissing, match="no secret 'hook'"):
            await leases.get("merchant:acme", "hook")
    (await merchants_service.put(PATH, {"value": "one"})).ok()
    leases.on_change(SecretState("merchant:acme", "hook", 1))
    assert (await leases.get("merchant:acme", "hook")).version == 1
