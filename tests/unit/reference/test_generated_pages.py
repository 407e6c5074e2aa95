from pathlib import Path

import pytest

from devtools.reference import PAGES
from devtools.reference.states import _CAUSES
from payments.domain.states import TRANSITIONS

REFERENCE = Path(__file__).parents[3] / "docs/reference"


@pytest.mark.parametrize("name", PAGES)
def test_page_tells_what_the_code_does(name: str) -> None:
    assert (REFERENCE / name).read_text() == PAGES[name](), "run: ./dev generate"


def test_picture_shows_only_legal_transitions() -> None:
    assert all(after in TRANSITIONS[before] for before, after in _CAUSES)
