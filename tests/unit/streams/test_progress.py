from hypothesis import given
from hypothesis import strategies as st

from florin.inbox.progress import Delivery, Progress
from florin.streams.port import ORIGIN, EntryId


def _ids(*lengths: int) -> list[EntryId]:
    return [EntryId(fence, seq) for fence, length in enumerate(lengths, start=1) for seq in range(length)]


def _take(progress: Progress, entry_id: EntryId) -> None:
    """As a reader does: what is suspect is found again among the pending ones."""
    if progress.deliver(entry_id, pending=False) is Delivery.SUSPECT:
        assert progress.deliver(entry_id, pending=True) is Delivery.TAKEN


@given(st.lists(st.integers(1, 8), min_size=1, max_size=4), st.data())
def test_the_floor_never_reaches_an_entry_that_is_not_settled(lengths: list[int], data: st.DataObject) -> None:
    written = _ids(*lengths)
    progress = Progress(ORIGIN, ORIGIN)
    delivered: list[EntryId] = []
    settled: set[EntryId] = set()
    for _ in range(data.draw(st.integers(0, 3 * len(written)))):
        open_ids = [entry_id for entry_id in delivered if entry_id not in settled]
        if open_ids and data.draw(st.booleans()):
            chosen = data.draw(st.sets(st.sampled_from(open_ids)))
            progress.settle(chosen)
            settled |= chosen
        elif len(delivered) < len(written):
            delivered.append(written[len(delivered)])
            _take(progress, delivered[-1])
        unprocessed = [entry_id for entry_id in written if entry_id not in settled]
        # As high as can be, and no higher.
        assert progress.floor == max((i for i in written if not unprocessed or i < unprocessed[0]), default=ORIGIN)


@given(st.lists(st.integers(1, 6), min_size=2, max_size=4), st.data())
def test_an_entry_that_is_gone_is_noticed_before_what_follows_is_processed(
    lengths: list[int], data: st.DataObject
) -> None:
    written = _ids(*lengths)
    first = data.draw(st.integers(1, len(written) - 1))
    # The last entry of a fence leaves no hole that ids could show: what follows begins a fence at 0.
    within = [i for i in range(first, len(written) - 1) if written[i + 1].fence == written[i].fence]
    if not within:
        return
    gone = data.draw(st.sampled_from(within))
    progress = Progress(ORIGIN, ORIGIN)
    for entry_id in written[:gone]:
        _take(progress, entry_id)
    assert progress.deliver(written[gone + 1], pending=False) is Delivery.SUSPECT
    assert progress.deliver(written[gone + 1], pending=True) is Delivery.LOST


def test_what_a_zombie_of_the_group_took_is_looked_for_among_the_pending() -> None:
    progress = Progress(EntryId(7, 500), EntryId(7, 500))
    for new in (EntryId(7, 502), EntryId(8, 0)):
        assert progress.deliver(new, pending=False) is Delivery.SUSPECT
    assert progress.deliver(EntryId(7, 501), pending=True) is Delivery.TAKEN
    assert progress.deliver(EntryId(8, 0), pending=True) is Delivery.TAKEN
    progress.settle([EntryId(8, 0)])
    assert progress.floor == EntryId(7, 500)


def test_a_new_owner_takes_what_was_pending_without_a_hole_in_it() -> None:
    progress = Progress(EntryId(3, 1), EntryId(3, 9))
    for seq in (4, 7):  # the others were acknowledged
        assert progress.deliver(EntryId(3, seq), pending=True) is Delivery.TAKEN
    assert progress.deliver(EntryId(3, 7), pending=True) is Delivery.KNOWN
    assert progress.deliver(EntryId(3, 10), pending=False) is Delivery.TAKEN
    progress.settle([EntryId(3, 7), EntryId(3, 10)])
    assert progress.floor == EntryId(3, 1)
    progress.settle([EntryId(3, 4)])
    assert progress.floor == EntryId(3, 10)


def test_the_floor_rises_over_what_a_predecessor_acknowledged_once_the_pending_are_through() -> None:
    progress = Progress(EntryId(3, 1), EntryId(3, 9))
    progress.deliver(EntryId(3, 4), pending=True)
    progress.catch_up()
    assert progress.floor == EntryId(3, 1)
    progress.settle([EntryId(3, 4)])
    assert progress.floor == EntryId(3, 9)


def test_a_floor_does_not_fall_when_entries_come_again() -> None:
    progress = Progress(EntryId(5, 5), ORIGIN)
    _take(progress, EntryId(4, 0))
    progress.settle([EntryId(4, 0)])
    assert progress.floor == EntryId(5, 5)
