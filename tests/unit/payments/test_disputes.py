import pytest
from tests.support.payment_rules import Life, captured

from payments.domain.decision import Decision
from payments.domain.dispute import RecordDispute, record_dispute
from payments.domain.errors import RefundExceedsCaptured
from payments.domain.states import Status


def tell(life: Life, state: str, amount_minor: int = 1000, currency: str = "EUR") -> Decision:
    charge = life.attempt.operations[1]
    command = RecordDispute(life.contexts.new(), charge.id, "dis_1", state, amount_minor, currency, "10.4")
    decision = record_dispute(life.payment, command)
    life.decisions.append(decision)
    life.payment = decision.payment
    return decision


def test_disputed_money_waits_and_comes_back() -> None:
    life = captured()
    tell(life, "opened")
    assert (life.balance("merchant_payable"), life.balance("dispute_reserve")) == (0, -1000)
    tell(life, "won")
    assert (life.balance("merchant_payable"), life.balance("dispute_reserve")) == (-1000, 0)


def test_lost_dispute_goes_to_the_cardholder() -> None:
    life = captured()
    tell(life, "opened")
    tell(life, "lost")
    assert {life.balance(name) for name in ("merchant_payable", "dispute_reserve", "acquirer_receivable")} == {0}
    assert life.status() is Status.SUCCEEDED


def test_dispute_lost_in_part_returns_the_rest() -> None:
    life = captured()
    tell(life, "opened", 1000)
    tell(life, "lost", 600)
    assert (life.balance("merchant_payable"), life.balance("dispute_reserve")) == (-400, 0)
    assert life.balance("acquirer_receivable") == 400


def test_end_may_be_told_first() -> None:
    life = captured()
    tell(life, "lost")
    assert life.balance("acquirer_receivable") == 0
    assert not tell(life, "opened").changed
    assert not tell(life, "won").changed


def test_news_told_twice_is_no_news() -> None:
    life = captured()
    assert [event.type for event in tell(life, "opened").events] == ["dispute.opened"]
    assert not tell(life, "opened").changed


@pytest.mark.parametrize("state", ["opened", "lost"])
def test_disputed_money_is_not_refunded_as_well(state: str) -> None:
    life = captured(1000)
    tell(life, state, 700)
    with pytest.raises(RefundExceedsCaptured, match="At most 300 may"):
        life.refund(301)


def test_dispute_in_another_currency_is_a_conflict() -> None:
    life = captured()
    assert tell(life, "opened", currency="USD").lines == ()
    assert life.status() is Status.CONFLICTED
