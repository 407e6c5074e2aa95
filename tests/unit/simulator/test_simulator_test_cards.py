from pathlib import Path

import pytest

from florin.contracts.test_cards import FAULT_PREFIX
from florin.contracts.test_cards import TEST_CARDS as PUBLISHED
from simulator.domain.cards import TEST_CARDS, find_card
from simulator.domain.errors import UnknownCard
from simulator.write_test_cards import render

PAGE = Path(__file__).parents[3] / "docs/reference/test-cards.md"


def test_page_is_made_from_the_table() -> None:
    assert PAGE.read_text() == render(), "run: ./dev generate"


def test_every_published_token_behaves_and_every_behaviour_is_published() -> None:
    assert {token for token in TEST_CARDS if not token.startswith(FAULT_PREFIX)} == set(PUBLISHED)


@pytest.mark.parametrize("token", ["tok_nobody", "tok_fault_slow_", "tok_fault_slow_999999", "tok_fault_slow_1x", ""])
def test_no_such_card(token: str) -> None:
    with pytest.raises(UnknownCard):
        find_card(token)


def test_slow_card_and_suffixes() -> None:
    assert find_card("tok_fault_slow_250:bob").faults[0].delay_ms == 250
    assert find_card("tok_visa:bob") is find_card("tok_visa")


def test_every_row_of_the_page_names_its_token() -> None:
    page = render()
    for token in TEST_CARDS:
        assert f"| `{token}` |" in page
