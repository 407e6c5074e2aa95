"""What merchants' programs send by mistake, and others on purpose: a clear problem, and nothing half done."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.support.documented import routes_of
from tests.support.platform import ADMIN_TOKEN, SERVICES, Answer, Shop

from florin.money import MAX_AMOUNT_MINOR

GOOD = {"amount_minor": 1000, "currency": "EUR"}
CARD = {"type": "card", "token": "tok_visa"}
NASTY = "'; DROP TABLE payments; -- \" \\ %s %(x)s \x00\r\nX-Injected: 1 \u202e 😀 <script>"

INVALID, MALFORMED = "invalid_request", "malformed_body"
BODIES: list[tuple[str, Any, int, str, str | None]] = [
    ("nothing", b"", 400, INVALID, None),
    ("cut off", b'{"amount_minor":', 400, MALFORMED, None),
    ("two documents", b'{"amount_minor":1,"currency":"EUR"}{}', 400, MALFORMED, None),
    ("a list", [], 400, INVALID, None),
    ("null", b"null", 400, INVALID, None),
    ("invalid UTF-8", b'{"amount_minor":1,"currency":"EUR","description":"\xff\xfe"}', 400, MALFORMED, None),
    ("UTF-16", '{"amount_minor":1,"currency":"EUR"}'.encode("utf-16"), 400, MALFORMED, None),
    ("half a surrogate", b'{"amount_minor":1,"currency":"EUR","description":"\\ud800"}', 400, MALFORMED, None),
    ("a raw control character", b'{"amount_minor":1,"currency":"EUR","description":"\x00"}', 400, MALFORMED, None),
    ("deep nesting", b'{"metadata":{"a":' + b"[" * 100_000, 400, INVALID, "metadata"),
    ("a field twice", b'{"amount_minor":1,"currency":"EUR","amount_minor":99999}', 400, INVALID, "amount_minor"),
    ("an unknown field", {**GOOD, "amuont": 1}, 400, INVALID, "amuont"),
    ("a card number", {**GOOD, "card_number": "4242424242424242"}, 400, INVALID, "card_number"),
    ("no amount", {"currency": "EUR"}, 400, INVALID, "amount_minor"),
    ("NaN", b'{"amount_minor":NaN,"currency":"EUR"}', 400, MALFORMED, None),
    ("a huge exponent", b'{"amount_minor":1e400,"currency":"EUR"}', 400, INVALID, "amount_minor"),
    ("5000 digits", b'{"amount_minor":' + b"9" * 5000 + b',"currency":"EUR"}', 400, INVALID, "amount_minor"),
    *(
        (f"an amount of {amount!r}", {**GOOD, "amount_minor": amount}, 400, INVALID, "amount_minor")
        for amount in (0, -1, True, "100", None, 10.0, 10.5, MAX_AMOUNT_MINOR + 1, 2**63, 2**64, [1])
    ),
    *(
        (f"the currency {currency!r}", {**GOOD, "currency": currency}, 400, INVALID, "currency")
        for currency in ("eur", "XXX", "USD", "EUR\n", "\u0415UR", "EUREUR", "", 978, None)
    ),
    (
        "an unknown token",
        {**GOOD, "payment_method": {"token": "tok_nope"}},
        400,
        "token_unknown",
        "payment_method.token",
    ),
    ("SQL as a token", {**GOOD, "payment_method": {"token": "' OR 1=1"}}, 400, INVALID, "payment_method.token"),
    ("another method", {**GOOD, "payment_method": {**CARD, "type": "iban"}}, 400, INVALID, "payment_method.type"),
    ("no card to confirm with", {**GOOD, "confirm": True}, 400, "payment_method_missing", "payment_method"),
    ("a number for a flag", {**GOOD, "confirm": 1}, 400, INVALID, "confirm"),
    ("an unknown way to capture", {**GOOD, "capture_method": "later"}, 400, INVALID, "capture_method"),
    ("51 notes", {**GOOD, "metadata": {str(n): "" for n in range(51)}}, 400, INVALID, "metadata"),
    ("a long note", {**GOOD, "metadata": {"a": "x" * 501}}, 400, INVALID, "metadata"),
    ("a note that is a number", {**GOOD, "metadata": {"a": 1}}, 400, INVALID, "metadata"),
    ("a long reference", {**GOOD, "merchant_reference": "x" * 256}, 400, INVALID, "merchant_reference"),
    ("a body over the limit", {**GOOD, "description": "x" * 300_000}, 413, "body_too_large", None),
]


def check_problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """A problem document (RFC 9457) that says enough to go on."""
    assert answer.status == status, (answer.status, answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code), problem
    assert problem["type"] == problem["doc_url"] == f"/errors/{code}"
    assert problem["detail"].endswith(".")
    assert problem["instance"] == answer.headers["florin-request-id"]
    assert isinstance(problem["retryable"], bool)
    return dict(problem)


async def test_bad_bodies_name_the_field_do_nothing_and_leave_the_key_free(shop: Shop) -> None:
    for number, (what, body, status, code, param) in enumerate(BODIES):
        answer = await shop.post("/v1/payments", body, key=f"bad-{number}")
        problem = check_problem(answer, status, code)
        assert problem.get("param") == param, (what, problem)
    assert (await shop.get("/v1/payments")).ok()["data"] == []
    assert (await shop.get("/v1/events")).ok()["data"] == []
    for number in range(0, len(BODIES), 7):
        assert (await shop.post("/v1/payments", GOOD, key=f"bad-{number}")).status == 201


async def test_other_media_types_are_415(shop: Shop) -> None:
    for media_type in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "json"):
        answer = await shop.post("/v1/payments", GOOD, headers={"Content-Type": media_type})
        check_problem(answer, 415, "unsupported_media_type")


async def test_amounts_of_captures_and_refunds_are_bounded(shop: Shop) -> None:
    payment = (await shop.pay(capture_method="manual")).ok()
    capture = f"/v1/payments/{payment['id']}/capture"
    for amount_minor in (0, -1, 1.5, "1", True, MAX_AMOUNT_MINOR + 1, 2**70):
        answer = await shop.post(capture, {"amount_minor": amount_minor})
        assert check_problem(answer, 400, INVALID)["param"] == "amount_minor"
    over = check_problem(await shop.post(capture, {"amount_minor": 1001}), 400, "capture_exceeds_authorized")
    assert (over["param"], over["capturable_minor"]) == ("amount_minor", 1000)
    early = await shop.post("/v1/refunds", {"payment_id": payment["id"]})
    check_problem(early, 409, "payment_state_conflict")
    (await shop.post(capture, {"amount_minor": 600, "final": True})).ok()
    for amount_minor in (0, -1, 1.5, "1", True, MAX_AMOUNT_MINOR + 1):
        answer = await shop.post("/v1/refunds", {"payment_id": payment["id"], "amount_minor": amount_minor})
        assert check_problem(answer, 400, INVALID)["param"] == "amount_minor"
    over = check_problem(
        await shop.post("/v1/refunds", {"payment_id": payment["id"], "amount_minor": 601}),
        400,
        "refund_exceeds_captured",
    )
    assert (over["param"], over["refundable_minor"]) == ("amount_minor", 600)
    after = (await shop.get(f"/v1/payments/{payment['id']}")).ok()
    assert (after["captured_minor"], after["refunded_minor"], after["refund_pending_minor"]) == (600, 0, 0)


@pytest.mark.parametrize(("currency", "exponent"), [("JPY", 0), ("EUR", 2), ("KWD", 3)])
async def test_amounts_are_minor_units_of_every_kind_of_currency(shop: Shop, currency: str, exponent: int) -> None:
    payment = (await shop.pay(amount_minor=1, currency=currency)).ok()
    assert (payment["captured_minor"], payment["exponent"]) == (1, exponent)
    (booked,) = await shop.booked(payment["attempts"][0]["acquirer_reference"])
    assert (booked["amount_minor"], booked["currency"]) == (1, currency)


async def test_nasty_texts_are_texts(shop: Shop) -> None:
    notes = {"a'b\"%s": NASTY, "\x00": "\\"}
    made = (await shop.pay(description=NASTY, merchant_reference=NASTY, metadata=notes)).ok()
    await shop.pay(merchant_reference="another")
    payment = (await shop.get(f"/v1/payments/{made['id']}")).ok()
    assert (payment["description"], payment["merchant_reference"], payment["metadata"]) == (NASTY, NASTY, notes)
    listed = await _listed(shop, merchant_reference=NASTY)
    assert [found["id"] for found in listed] == [made["id"]]
    assert await _listed(shop, merchant_reference="' OR '1'='1") == []
    refund = {"payment_id": made["id"], "amount_minor": 1, "reason": NASTY[:255], "metadata": notes}
    assert (await shop.post("/v1/refunds", refund)).ok()["metadata"] == notes


async def _listed(shop: Shop, **query: str) -> Any:
    return (await shop.get(f"/v1/payments?{urlencode(query)}")).ok()["data"]


NO_IDS = [
    "'",
    "'%20OR%20'1'='1",
    "%00",
    "%FF%FE",
    "%F0%9F%98%80",
    "%0D%0AX-A:%20b",
    "x" * 4000,
    "%25s",
    "..%2F..",
    "-1",
]


async def test_ids_that_are_none_are_404(shop: Shop) -> None:
    payment = (await shop.pay()).ok()["id"]
    likely = [payment.upper(), payment[:-1], f"{payment}x", f"{payment}%0A", payment.replace("pay_", "re_")]
    for wrong in [*NO_IDS, *likely]:
        for path in ("/v1/payments/{}", "/v1/payments/{}/timeline", "/v1/refunds/{}", "/v1/events/{}"):
            assert (await shop.get(path.format(wrong))).status == 404, (path, wrong)
        for action in ("confirm", "capture", "cancel"):
            assert (await shop.post(f"/v1/payments/{wrong}/{action}")).status == 404, (action, wrong)
        for path in ("/v1/deliveries/{}", "/v1/webhook_endpoints/{}"):
            assert (await shop.get(path.format(wrong), service="notifications")).status in (400, 404), (path, wrong)
        operator = await shop.admin("GET", f"/payments/{wrong}/timeline", service="payments")
        assert operator.status == 404, wrong
    missing = await shop.post("/v1/refunds", {"payment_id": "' OR 1=1"})
    check_problem(missing, 404, "not_found")


async def test_cursors_and_filters_that_are_wrong_are_400(shop: Shop) -> None:
    payment = (await shop.pay()).ok()["id"]
    for path in ("/v1/payments", "/v1/refunds", "/v1/events"):
        for cursor in [*NO_IDS, payment.replace("pay_test", "pay_live"), "pay_test_00" + "0" * 26]:
            for name in ("starting_after", "ending_before"):
                problem = check_problem(await shop.get(f"{path}?{name}={cursor}"), 400, INVALID)
                assert problem["param"] == name, (path, cursor)
        for limit in ("0", "101", "-1", "x", "1e3", "", "9" * 30):
            assert check_problem(await shop.get(f"{path}?limit={limit}"), 400, INVALID)["param"] == "limit"
    gone = payment.replace("pay_", "evt_")[:-1] + "0"
    check_problem(await shop.get(f"/v1/events?starting_after={gone}"), 404, "not_found")
    times = [
        "2026-01-01",
        "2026-01-01T00:00:00",
        "1",
        "NaN",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00%2B14:00",
    ]
    for time in times:
        problem = check_problem(await shop.get(f"/v1/payments?created_from={time}"), 400, INVALID)
        assert problem["param"] == "created_from"
        deliveries = await shop.get(f"/v1/deliveries?since={time}", service="notifications")
        assert check_problem(deliveries, 400, INVALID)["param"] == "since"
    for query in ("status=paid", "currency=eur"):
        check_problem(await shop.get(f"/v1/payments?{query}"), 400, INVALID)
    for query in ("payment_id=%FF", "payment_id='", f"payment_id={'x' * 65}"):
        for path in ("/v1/refunds", "/v1/events"):
            assert check_problem(await shop.get(f"{path}?{query}"), 400, INVALID)["param"] == "payment_id"
    check_problem(await shop.admin("GET", "/payments?merchant_id=%FF", service="payments"), 400, INVALID)


async def test_methods_that_a_path_lacks_are_405_and_allow_names_those_it_has(shop: Shop) -> None:
    routes = await routes_of(shop, *SERVICES)
    methods: dict[tuple[str, str], set[str]] = {}
    for route in routes:
        methods.setdefault((route.service, route.at({})), set()).add(route.method)
    for (service, path), has in methods.items():
        allowed = has | {"OPTIONS"} | ({"HEAD"} if "GET" in has else set())
        for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} - allowed:
            answer = await shop.call(method, path, service=service, token=ADMIN_TOKEN)
            assert answer.status == 405, (service, method, path)
            assert set(answer.headers["allow"].split(", ")) == allowed, (service, method, path)
    options = await shop.call("OPTIONS", "/v1/payments")
    assert (options.status, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    head = await shop.call("HEAD", "/v1/payments/")
    assert (head.status, head.body) == (200, b"")


async def test_ten_megabytes_are_refused_unread(shop: Shop) -> None:
    for framing in (b"Content-Length: 10000000\r\n", b"Transfer-Encoding: chunked\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.platform.ports["payments"])
        writer.write(
            b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: big\r\n"
            b"Authorization: Bearer " + shop.key.encode() + b"\r\n" + framing + b"\r\n"
        )
        if b"chunked" in framing:
            writer.writelines([b"10000\r\n" + b" " * 0x10000 + b"\r\n"] * 6)  # far less than it claims to be
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        assert head.startswith(b"HTTP/1.1 413 "), head
        writer.close()
    assert (await shop.post("/v1/payments", GOOD, key="big")).status == 201


async def test_headers_cannot_be_injected(shop: Shop) -> None:
    folded = b"Idempotency-Key: a\r\n X-Injected: b\r\n"
    bare = b"Idempotency-Key: a\nX-Injected: b\r\n"
    for header in (folded, bare, b"X-Request-Id: a\x00b\r\n", b"Idempotency-Key: caf\xe9\r\n", b"Bad Name: x\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.platform.ports["payments"])
        body = b'{"amount_minor":1,"currency":"EUR","merchant_reference":"injected"}'
        writer.write(
            b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer " + shop.key.encode() + b"\r\n" + header
        )
        writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        reply = await asyncio.wait_for(reader.read(), 5)
        assert reply.startswith(b"HTTP/1.1 400 "), (header, reply)
        assert b"x-injected" not in reply.partition(b"\r\n\r\n")[0].lower()
        writer.close()
    assert await _listed(shop, merchant_reference="injected") == []
