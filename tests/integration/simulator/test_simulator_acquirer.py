"""The acquirer API: cards, declines, refusals, credentials."""

import pytest

from simulator.domain.cards import TEST_CARDS


async def test_approval_carries_the_network_data(simulator) -> None:
    told = (await simulator.authorize("R1", capture=True, merchant_account={"mid": "M1", "mcc": "5812"})).json()
    assert (told["status"], told["network_code"], told["amount_minor"], told["captured"]) == (
        "approved",
        "00",
        1000,
        True,
    )
    assert (len(told["auth_code"]), len(told["rrn"]), len(told["arn"])) == (6, 12, 23)
    assert (told["avs_result"], told["cvc_result"], told["mid"]) == ("Y", "M", "M1")
    assert told["network_transaction_id"]
    assert told["fee_minor"] > 0


@pytest.mark.parametrize(("token", "card"), [(token, card) for token, card in TEST_CARDS.items() if card.refusal])
async def test_declines_are_booked_without_money(simulator, token, card) -> None:
    authentication = {"eci": "05", "cavv": "AAABBBCCC"}
    told = (await simulator.authorize("R1", card=token, capture=True, authentication=authentication)).json()
    assert (told["status"], told["amount_minor"], told["captured"]) == ("declined", 0, False)
    assert (told["network_code"], told["advice_code"]) == (card.refusal.network_code, card.refusal.advice_code)
    assert (await simulator.control("GET", "/sums")).json() == []
    assert (await simulator.perform("captures", reference="R2", authorization="R1", amount_minor=1)).status == 404


async def test_soft_decline_until_authenticated(simulator) -> None:
    refused = (await simulator.authorize("R1", card="tok_3ds_challenge")).json()
    assert (refused["status"], refused["network_code"]) == ("declined", "1A")
    attempt = {"eci": "07", "cavv": "AAABBBCCC"}
    assert (await simulator.authorize("R2", card="tok_3ds_challenge", authentication=attempt)).json()[
        "amount_minor"
    ] == 0
    proof = {"eci": "05", "cavv": "AAABBBCCC"}
    approved = (await simulator.authorize("R3", card="tok_3ds_challenge", authentication=proof)).json()
    assert (approved["status"], approved["authenticated"]) == ("approved", True)
    assert (await simulator.authorize("R4", card="tok_3ds_mastercard")).json()["network_code"] == "65"
    assert (await simulator.authorize("R5", card="tok_3ds_challenge", initiator="mit")).json()["status"] == "approved"
    assert (await simulator.authorize("R6", card="tok_3ds_always", initiator="mit")).json()["status"] == "declined"


async def test_partial_approval(simulator) -> None:
    told = (await simulator.authorize("R1", card="tok_partial_approval")).json()
    assert (told["status"], told["network_code"], told["amount_minor"], told["requested_minor"]) == (
        "approved",
        "10",
        500,
        1000,
    )
    assert (await simulator.perform("captures", reference="R2", authorization="R1", amount_minor=501)).status == 409


async def test_suffix_names_another_card_of_the_same_behaviour(simulator) -> None:
    assert (await simulator.authorize("R1", card="tok_declined_lost:alice")).json()["network_code"] == "41"


async def test_expired_authorisation(simulator) -> None:
    await simulator.authorize("R1")
    assert (await simulator.control("POST", "/expiries", {"authorization": "R1"})).status == 200
    refused = await simulator.perform("captures", reference="R2", authorization="R1", amount_minor=1)
    assert (refused.status, refused.json()["code"]) == (409, "authorization_closed")
    await simulator.control("PUT", "/conduct", {"authorization_lifetime_s": 0})
    await simulator.authorize("R3")
    assert (await simulator.perform("voids", reference="R4", authorization="R3")).status == 409


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"card": "tok_nobody"}, 400, "unknown_card"),
        ({"card": "4242424242424242"}, 400, "invalid_request"),
        ({"amount_minor": 0}, 400, "invalid_request"),
        ({"amount_minor": 10**12}, 400, "invalid_request"),
        ({"amount_minor": "10"}, 400, "invalid_request"),
        ({"currency": "XXX"}, 400, "invalid_request"),
        ({"surprise": 1}, 400, "invalid_request"),
        ({"callback_url": "file:///etc/passwd"}, 400, "invalid_request"),
    ],
)
async def test_bad_requests_leave_no_trace(simulator, body, status, code) -> None:
    answer = await simulator.authorize("R1", **body)
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert await simulator.booked("R1") == []


async def test_reference_is_at_most_twenty_characters(simulator) -> None:
    assert (await simulator.authorize("R" * 20)).status == 200
    assert (await simulator.authorize("R" * 21)).status == 400


async def test_credentials(simulator) -> None:
    simulator.key = "wrong"
    assert (await simulator.authorize("R1")).status == 401
    assert (await simulator.call("GET", "/control/v1/sums")).status == 401
    assert (await simulator.call("GET", "/control/v1/sums", token="wrong")).status == 401


async def test_terminals_do_not_see_each_other(simulator) -> None:
    await simulator.authorize("R1")
    made = await simulator.control("POST", "/terminals", {"id": "second", "merchant_accounts": ["M1"]})
    assert made.status == 201
    assert (await simulator.control("POST", "/terminals", {"id": "second"})).status == 409
    first_key, simulator.key = simulator.key, made.json()["key"]
    assert (await simulator.look_up("R1")).status == 404
    assert (await simulator.perform("captures", reference="R2", authorization="R1", amount_minor=1)).status == 404
    assert (await simulator.authorize("R1", merchant_account={"mid": "M2"})).json()["code"] == (
        "unknown_merchant_account"
    )
    assert (await simulator.authorize("R1", merchant_account={"mid": "M1"})).status == 200
    simulator.key = first_key
    assert len(await simulator.booked("R1")) == 2
