import asyncio

from tests.support.merchants import MerchantsService

from florin.contracts.api_keys import hash_of


async def test_a_merchant_is_made_once_and_renamed(merchants_service: MerchantsService):
    service = merchants_service
    assert (await service.put("/admin/v1/merchants/acme", {"display_name": "Acme"})).status == 201
    again = await service.put("/admin/v1/merchants/acme", {"display_name": "Acme"})
    assert (again.status, again["display_name"], again["status"]) == (200, "Acme", "active")
    assert (await service.put("/admin/v1/merchants/acme", {"display_name": "Acme Inc"}))["display_name"] == "Acme Inc"
    feed = await service.get("/internal/v1/feed")
    assert [change["state"]["display_name"] for change in feed["data"]] == ["Acme Inc"]
    assert feed["head"] == 2  # saying the same twice was no change


async def test_merchants_are_listed_in_pages(merchants_service: MerchantsService):
    for name in ("a", "b", "c"):
        (await merchants_service.put(f"/admin/v1/merchants/{name}", {})).ok()
    first = await merchants_service.get("/admin/v1/merchants?limit=2")
    assert ([item["id"] for item in first["data"]], first["has_more"]) == (["c", "b"], True)
    rest = await merchants_service.get(f"/admin/v1/merchants?limit=2&starting_after={first['next_cursor']}")
    assert ([item["id"] for item in rest["data"]], rest["has_more"]) == (["a"], False)


async def test_tokens_open_their_own_door_only(merchants_service: MerchantsService):
    service = merchants_service
    for path, token in (("/admin/v1/merchants", service.internal_token.reveal()), ("/internal/v1/feed", "wrong")):
        assert (await service.call("GET", path, token=token)).status == 401


async def test_names_that_nothing_may_have_are_refused(merchants_service: MerchantsService):
    for name in ("A", "a%0A", "-a", "a%20b", "%C3%BC", "a" * 65, "a'--"):
        answer = await merchants_service.put(f"/admin/v1/merchants/{name}", {})
        assert answer.status == 400, name
        assert answer["param"] == "merchant_id"


async def test_cursors_and_ids_of_any_text_are_harmless(merchants_service: MerchantsService):
    await merchants_service.merchant("acme")
    for text in ("%C3%BC", "'", "%00", "999999999999999999999999"):
        for path in (
            "/admin/v1/merchants",
            "/admin/v1/merchants/acme/keys",
            "/admin/v1/merchants/acme/config/versions",
            "/admin/v1/connectors",
        ):
            assert (await merchants_service.get(f"{path}?starting_after={text}")).status in (200, 400), (path, text)


async def test_a_key_is_shown_once_and_stored_hashed(merchants_service: MerchantsService):
    service = merchants_service
    await service.merchant("acme")
    made = await service.key("acme", livemode=True, name="checkout")
    secret = made["secret"]
    assert secret.startswith("sk_live_")
    assert made.headers["Cache-Control"] == "no-store"
    read = await service.get(f"/admin/v1/merchants/acme/keys/{made['id']}")
    assert read["secret"] is None
    assert read["hint"] == f"sk_live_...{secret[-4:]}"
    listed = await service.get("/admin/v1/merchants/acme/keys")
    assert [item["secret"] for item in listed["data"]] == [None]
    async with service.db.connection() as conn:
        rows = await conn.fetch_all("SELECT * FROM api_keys")
        payloads = await conn.fetch_all("SELECT payload FROM outbox UNION SELECT state FROM feed")
    assert rows[0]["hash"] == hash_of(secret)
    assert secret not in str(rows)
    assert secret not in str(payloads)


async def test_restricted_keys_name_their_scopes(merchants_service: MerchantsService):
    service = merchants_service
    await service.merchant("acme")
    made = await service.key("acme", restricted=True, scopes=["payments:read"])
    assert made["secret"].startswith("rk_test_")
    for wrong in ({"restricted": True}, {"scopes": ["payments:read"]}):
        answer = await service.post("/admin/v1/merchants/acme/keys", wrong)
        assert (answer.status, answer["param"]) == (400, "scopes")
    answer = await service.post("/admin/v1/merchants/acme/keys", {"restricted": True, "scopes": ["payments:eat"]})
    assert answer.status == 400
    assert answer["param"].startswith("scopes")


async def test_the_same_request_for_a_key_makes_one_key(merchants_service: MerchantsService):
    service = merchants_service
    await service.merchant("acme")
    headers = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(
        *(service.post("/admin/v1/merchants/acme/keys", {}, headers=headers) for _ in range(5))
    )
    assert {answer["id"] for answer in answers} == {answers[0]["id"]}
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 200, 201]
    assert sum(answer["secret"] is not None for answer in answers) == 1
    other = await service.post("/admin/v1/merchants/acme/keys", {"name": "other"}, headers=headers)
    assert (other.status, other["code"]) == (422, "key_request_reused")


async def test_rotation_leaves_the_old_key_for_the_overlap(merchants_service: MerchantsService):
    service = merchants_service
    await service.merchant("acme")
    old = await service.key("acme", restricted=True, scopes=["refunds:write"])
    path = f"/admin/v1/merchants/acme/keys/{old['id']}"
    new = (await service.post(f"{path}/rotate", {"overlap_seconds": 600})).ok()
    assert (new.status, new["scopes"], new["livemode"]) == (201, ["refunds:write"], False)
    assert new["secret"] != old["secret"]
    after = await service.get(path)
    assert (after["replaced_by"], after["status"]) == (new["id"], "rotated")
    assert after["expires_at"] is not None
    again = await service.post(f"{path}/rotate", {})
    assert (again.status, again["code"], again["replaced_by"]) == (409, "key_not_rotatable", new["id"])


async def test_revocation_is_final_and_repeatable(merchants_service: MerchantsService):
    service = merchants_service
    await service.merchant("acme")
    key = await service.key("acme")
    path = f"/admin/v1/merchants/acme/keys/{key['id']}"
    first, second = await service.post(f"{path}/revoke"), await service.post(f"{path}/revoke")
    assert first["revoked_at"] == second["revoked_at"] is not None
    assert (await service.post(f"{path}/rotate", {})).status == 409


async def test_another_merchants_key_does_not_exist(merchants_service: MerchantsService):
    service = merchants_service
    await service.merchant("acme")
    await service.merchant("other")
    key = await service.key("acme")
    for method, path in (("GET", ""), ("POST", "/revoke"), ("POST", "/rotate")):
        body = {} if path == "/rotate" else None
        assert (await service.call(method, f"/admin/v1/merchants/other/keys/{key['id']}{path}", body)).status == 404


async def test_a_lookup_brings_what_payments_need(merchants_service: MerchantsService):
    service = merchants_service
    await service.merchant("acme")
    key = await service.key("acme")
    found = await service.post("/internal/v1/keys/lookup", {"hash": hash_of(key["secret"])})
    assert [change["kind"] for change in found["data"]] == ["merchant", "api_key", "connector", "merchant_config"]
    assert (await service.post("/internal/v1/keys/lookup", {"hash": "0" * 64})).body == {"found": False, "data": []}
    assert (await service.post("/internal/v1/keys/lookup", {"hash": "no"})).status == 400
