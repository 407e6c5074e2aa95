from hypothesis import given
from hypothesis import strategies as st

from florin.outbox.ordering import OutboxRow, in_version_order
from florin.streams.port import PARTITIONS, EntryId, partition_of


def _row(seq: int, aggregate_id: str, version: int, n: int) -> OutboxRow:
    return OutboxRow(seq, aggregate_id, version, n, f"evt_{seq}", b"{}", None)


keys = st.tuples(st.sampled_from("abc"), st.integers(1, 5), st.integers(0, 2))


@given(st.lists(keys, unique=True, max_size=20))
def test_versions_rise_within_an_aggregate_and_aggregates_keep_their_places(
    written: list[tuple[str, int, int]],
) -> None:
    rows = [_row(seq, *key) for seq, key in enumerate(written)]
    ordered = in_version_order(rows)
    assert sorted(ordered) == sorted(rows)
    assert [row.aggregate_id for row in ordered] == [row.aggregate_id for row in rows]
    for aggregate_id in "abc":
        versions = [(row.version, row.n) for row in ordered if row.aggregate_id == aggregate_id]
        assert versions == sorted(versions)


@given(st.lists(keys, unique=True, max_size=20))
def test_rows_that_are_in_order_stay_as_they_are(written: list[tuple[str, int, int]]) -> None:
    rows = [_row(seq, *key) for seq, key in enumerate(sorted(written, key=lambda key: key[1:]))]
    assert in_version_order(rows) == rows


def test_the_partition_of_an_aggregate_is_fixed_for_ever() -> None:
    assert [partition_of(f"pay_test_00{n}") for n in range(6)] == [5, 3, 1, 7, 4, 2]
    assert {partition_of(str(n)) for n in range(200)} == set(range(PARTITIONS))


@given(st.integers(0, 2**53), st.integers(0, 2**53))
def test_an_entry_id_is_read_as_it_is_written(fence: int, seq: int) -> None:
    assert EntryId.parse(str(EntryId(fence, seq))) == (fence, seq)
