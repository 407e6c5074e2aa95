import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.domain.declines import Action, NormalizedReason, normalize, refused_request
from simulator.domain.cards import TEST_CARDS

CODES = st.one_of(st.sampled_from(["05", "51", "41", "54", "1A", "91", "65", "N7"]), st.text(max_size=6))
ADVICE = st.sampled_from(["", "1", "2", "3", "4", "01", "02", "03", "21", "24", "30", "40", "zz"])


@given(CODES, ADVICE, st.sampled_from(["visa", "mastercard", ""]))
def test_every_code_has_a_reason_and_an_action(code: str, advice: str, scheme: str) -> None:
    decline = normalize(code, advice_code=advice, scheme=scheme)
    NormalizedReason(decline.reason)
    Action(decline.action)
    assert (decline.raw_code, decline.advice_code) == (code, advice)


@given(CODES, ADVICE, st.sampled_from(["visa", "mastercard", ""]))
def test_advice_never_permits_what_the_code_forbids(code: str, advice: str, scheme: str) -> None:
    without = normalize(code, scheme=scheme)
    if without.action == Action.NEVER_RETRY:
        assert normalize(code, advice_code=advice, scheme=scheme).action == Action.NEVER_RETRY


@pytest.mark.parametrize("advice", ["03", "21", "1"])
def test_advice_may_forbid_what_the_code_permits(advice: str) -> None:
    assert normalize("05").action == Action.RETRY_LATER
    assert normalize("05", advice_code=advice).action == Action.NEVER_RETRY


def test_65_asks_for_authentication_on_mastercard_only() -> None:
    assert normalize("65", scheme="mastercard").action == Action.AUTHENTICATE
    assert normalize("65", scheme="visa").action == Action.RETRY_LATER


@pytest.mark.parametrize("card", [card for card in TEST_CARDS.values() if card.refusal], ids=lambda card: card.purpose)
def test_test_cards_have_codes_that_the_table_knows(card) -> None:
    decline = normalize(card.refusal.network_code, advice_code=card.refusal.advice_code or "", scheme=card.card.scheme)
    assert decline.reason != NormalizedReason.GENERIC_DECLINE


def test_refused_request_must_change() -> None:
    assert refused_request("capture_exceeds_authorized", "Too much.").action == Action.FIX_DATA
