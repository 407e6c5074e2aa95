from datetime import UTC, datetime

from florin.contracts.events import Event, snapshot
from florin.inbox.lines import WaitingLines
from florin.inbox.received import ReceivedEvent
from florin.streams.backoff import delay_s
from florin.streams.port import Entry, EntryId, Partition


def _received(aggregate_id: str, seq: int) -> ReceivedEvent:
    event = Event(
        id=f"evt_{seq}",
        type="payment.captured",
        merchant_id="mer",
        aggregate_id=aggregate_id,
        sequence=seq,
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
        data=snapshot({}),
    )
    entry = Entry(EntryId(1, seq), event.id, aggregate_id, b"", None)
    return ReceivedEvent(event, Partition("payments.test", 0), entry)


def test_only_the_aggregate_that_failed_waits_and_in_order() -> None:
    lines = WaitingLines()
    first, second, third = (_received("a", seq) for seq in range(3))
    lines.begin(first, retry_at=10.0)
    assert lines.join(second)
    assert lines.join(third)
    assert not lines.join(_received("b", 9))
    assert len(lines) == 3
    assert lines.take_due(9.9) == []
    assert lines.next_due() == 10.0
    assert lines.take_due(10.0) == [[first, second, third]]
    assert len(lines) == 0
    assert not lines.join(_received("a", 4))


def test_delays_double_up_to_the_longest_and_are_not_in_step() -> None:
    for tries, longest in [(1, 0.2), (2, 0.4), (5, 3.2), (9, 30.0), (5000, 30.0)]:
        delays = [delay_s(tries, 0.2, 30.0) for _ in range(50)]
        assert all(longest / 2 <= delay <= longest for delay in delays)
        assert len(set(delays)) > 1
