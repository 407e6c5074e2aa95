"""What a merchant's program does, against the running platform, judged by the acquirer's book."""

from tests.support.platform import Shop, eventually


def references(payment) -> list[str]:
    return [attempt["acquirer_reference"] for attempt in payment["attempts"]]


async def test_payment_is_captured_and_told_by_a_verified_webhook(shop: Shop) -> None:
    answer = await shop.pay(amount_minor=1999, metadata={"order": "6735"})
    assert answer.status == 201, answer.body
    payment = answer.json()
    assert payment["status"] == "succeeded"
    assert (payment["captured_minor"], payment["refunded_minor"]) == (1999, 0)
    (booked,) = await shop.booked(references(payment)[0])
    assert booked["amount_minor"] == 1999

    async def told():
        return [w for w in await shop.received() if payment["id"] in str(w)]

    webhooks = await eventually(told)
    assert all(w["verified"] for w in webhooks)


async def test_replay_is_byte_identical_and_other_bodies_are_refused(shop: Shop) -> None:
    first = await shop.pay(key="k-1")
    again = await shop.pay(key="k-1")
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    other = await shop.pay(amount_minor=7, key="k-1")
    assert (other.status, other.json()["code"]) == (422, "idempotency_key_reused")
    elsewhere = await shop.post(f"/v1/payments/{first.json()['id']}/cancel", {}, key="k-1")
    assert (elsewhere.status, elsewhere.json()["code"]) == (422, "idempotency_key_reused")
    missing = await shop.pay(key="")
    assert (missing.status, missing.json()["code"]) == (400, "idempotency_key_missing")


async def test_decline_is_402_with_its_reason_and_is_replayed(shop: Shop) -> None:
    answer = await shop.pay("tok_declined_insufficient_funds", key="k-2")
    problem = answer.json()
    assert answer.status == 402, answer.body
    assert (problem["code"], problem["decline_code"]) == ("card_declined", "insufficient_funds")
    assert problem["payment"]["status"] == "requires_payment_method"
    assert (await shop.pay("tok_declined_insufficient_funds", key="k-2")).body == answer.body
    again = await shop.post(
        f"/v1/payments/{problem['payment']['id']}/confirm", {"payment_method": {"token": "tok_visa"}}
    )
    assert (again.status, again.json()["status"]) == (200, "succeeded")


async def test_partial_captures_and_refunds_add_up(shop: Shop) -> None:
    payment = (await shop.pay(amount_minor=1000, capture_method="manual")).ok()
    assert payment["status"] == "requires_capture"
    path = f"/v1/payments/{payment['id']}"
    part = (await shop.post(f"{path}/capture", {"amount_minor": 300})).ok()
    assert (part["status"], part["capturable_minor"]) == ("partially_captured_and_capturable", 700)
    too_much = await shop.post(f"{path}/capture", {"amount_minor": 701})
    assert (too_much.status, too_much.json()["code"]) == (400, "capture_exceeds_authorized")
    rest = (await shop.post(f"{path}/capture", {})).ok()
    assert (rest["status"], rest["captured_minor"]) == ("succeeded", 1000)
    for amount_minor in (250, 750):
        refund = await shop.post("/v1/refunds", {"payment_id": payment["id"], "amount_minor": amount_minor})
        assert (refund.status, refund.json()["status"]) == (201, "succeeded"), refund.body
    over = await shop.post("/v1/refunds", {"payment_id": payment["id"], "amount_minor": 1})
    assert (over.status, over.json()["code"]) == (400, "refund_exceeds_captured")
    listed = (await shop.get(f"/v1/refunds?payment_id={payment['id']}")).ok()
    assert [r["amount_minor"] for r in listed["data"]] == [750, 250]
    (balance,) = (await shop.get("/v1/balances")).ok()["data"]
    assert (balance["captured_minor"], balance["held_minor"], balance["refund_pending_minor"]) == (0, 0, 0)


async def test_cancel_voids_at_the_acquirer(shop: Shop) -> None:
    payment = (await shop.pay(capture_method="manual")).ok()
    canceled = (await shop.post(f"/v1/payments/{payment['id']}/cancel", {"reason": "out of stock"})).ok()
    assert (canceled["status"], canceled["cancellation_reason"]) == ("canceled", "out of stock")
    again = await shop.post(f"/v1/payments/{payment['id']}/capture", {})
    assert (again.status, again.json()["code"]) == (409, "payment_state_conflict")


async def test_answer_lost_after_charging_is_found_out_without_a_second_charge(shop: Shop) -> None:
    answer = await shop.pay("tok_fault_timeout_after", amount_minor=555)
    payment = answer.json()
    assert (answer.status, payment["status"]) == (201, "succeeded"), answer.body
    (booked,) = await shop.booked(references(payment)[0])
    assert booked["amount_minor"] == 555
    timeline = (await shop.get(f"/v1/payments/{payment['id']}/timeline")).ok()["data"]
    (decided,) = [entry for entry in timeline if entry["what"] == "authorize_succeeded"]
    assert decided["detail"]["actor"] in ("repair", "callback:simulator")  # never our own call, which got no answer


async def test_cut_before_charging_is_sent_again_with_the_same_reference(shop: Shop) -> None:
    answer = await shop.pay("tok_fault_cut_before", amount_minor=556)
    assert (answer.status, answer.json()["status"]) == (201, "succeeded"), answer.body
    (booked,) = await shop.booked(references(answer.json())[0])
    assert booked["amount_minor"] == 556


async def test_other_merchants_see_nothing(shop: Shop, platform) -> None:
    from tests.support.platform import open_shop

    payment = (await shop.pay()).ok()
    async with open_shop(platform) as stranger:
        for method, path, body in (
            ("GET", f"/v1/payments/{payment['id']}", None),
            ("GET", f"/v1/payments/{payment['id']}/timeline", None),
            ("POST", f"/v1/payments/{payment['id']}/capture", {}),
            ("POST", f"/v1/payments/{payment['id']}/cancel", {}),
            ("POST", "/v1/refunds", {"payment_id": payment["id"]}),
        ):
            assert (await stranger.call(method, path, body)).status == 404
        live = await stranger.new_key(livemode=True)
        assert (await stranger.get("/v1/payments", token=live)).ok()["data"] == []


async def test_ledger_checks_after_all_that(shop: Shop) -> None:
    await shop.pay()
    report = (await shop.admin("GET", "/ledger/check", service="payments")).ok()
    assert report["faults"] == []
    assert report["entries"] > 0
