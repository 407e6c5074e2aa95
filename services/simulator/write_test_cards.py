"""Writes the reference of test cards from the table; ``./dev generate`` runs it."""

from pathlib import Path

from simulator.domain.cards import TEST_CARDS, TestCard

_HEAD = """\
# Test cards

Made from `services/simulator/domain/cards.py` by `./dev generate`; a test keeps it so.

Cards come as tokens. A suffix tells cards of one behaviour apart: `tok_visa:alice` behaves as `tok_visa`. A decline has
the network's code (ISO 8583 field 39) and the scheme's advice: Visa's decline category or Mastercard's merchant advice
code.
"""
_FAULTS = """
## Faults

A fault strikes once for each reference: the same request sent again gets through (and is replayed where it was booked).
What is to last longer, or to meet other operations, is a rule of the control API (`POST /control/v1/faults`). A fault
after booking also owes the terminal a callback, unless it wants none. `tok_fault_slow_<ms>` is booked at once and
answered after so many milliseconds.

"""


def render() -> str:
    """The page."""
    decided = {token: card for token, card in TEST_CARDS.items() if not card.faults}
    parts = [
        _HEAD,
        "\n## Approved\n\n",
        _table({token: card for token, card in decided.items() if not _refuses(card)}),
        "\n## Declined\n\n",
        _decline_table({token: card for token, card in decided.items() if card.refusal and not _asks(card)}),
        "\n## 3-D Secure\n\nSoft declines have the code 1A, on Mastercard 65.\n\n",
        _table({token: card for token, card in decided.items() if _asks(card)}),
        _FAULTS,
        _table({token: card for token, card in TEST_CARDS.items() if card.faults}, with_card=False),
    ]
    return "".join(parts)


def _asks(card: TestCard) -> bool:
    return card.authentication != "never"


def _refuses(card: TestCard) -> bool:
    return card.refusal is not None or _asks(card)


def _printed(card: TestCard) -> str:
    facts = card.card
    return f"{facts.scheme} {facts.funding} {facts.bin}…{facts.last4}, {facts.country}"


def _table(cards: dict[str, TestCard], *, with_card: bool = True) -> str:
    if with_card:
        rows = [f"| `{token}` | {_printed(card)} | {card.purpose} |\n" for token, card in cards.items()]
        return "| token | card | behaviour |\n|---|---|---|\n" + "".join(rows)
    rows = [f"| `{token}` | {card.purpose} |\n" for token, card in cards.items()]
    return "| token | behaviour |\n|---|---|\n" + "".join(rows)


def _decline_table(cards: dict[str, TestCard]) -> str:
    rows = [
        f"| `{token}` | {_printed(card)} | {card.purpose} | {card.refusal.network_code} "
        f"| {card.refusal.advice_code or ''} |\n"
        for token, card in cards.items()
        if card.refusal
    ]
    return "| token | card | behaviour | code | advice |\n|---|---|---|---|---|\n" + "".join(rows)


if __name__ == "__main__":
    (Path(__file__).parents[2] / "docs/reference/test-cards.md").write_text(render(), encoding="utf-8")
