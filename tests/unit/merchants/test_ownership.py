from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.merchants import config

from florin.contracts.merchant_config import MerchantConfig
from florin.errors import Conflict, Stale
from merchants.domain.errors import BreakGlassActive, GenerationReused, NotAdopted, OwnedByOther, StaleGeneration
from merchants.domain.ownership import BreakGlass, Owner, Stored, Write, judge

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPECS = [msgspec.convert(config("acme", displayName=f"Name {n}"), MerchantConfig) for n in range(3)]
GLASS = BreakGlass("because", 60)


def owned(generation: int = 2, **fields) -> Stored:
    return msgspec.structs.replace(Stored(SPECS[0], Owner("u1", generation), SPECS[0]), **fields)


@pytest.mark.parametrize(
    ("stored", "write", "error"),
    [
        (owned(), Write(SPECS[1], Owner("u1", 1)), StaleGeneration),
        (owned(), Write(SPECS[0], Owner("u1", 1)), StaleGeneration),
        (owned(), Write(SPECS[1], Owner("u1", 2)), GenerationReused),
        (owned(), Write(SPECS[1], Owner("u2", 9)), OwnedByOther),
        (owned(), Write(SPECS[0], Owner("u2", 9)), OwnedByOther),
        (owned(), Write(SPECS[1]), OwnedByOther),
        (Stored(SPECS[0]), Write(SPECS[1], Owner("u1", 1)), NotAdopted),
        (owned(break_glass_until=NOW + timedelta(seconds=1)), Write(SPECS[1], Owner("u1", 3)), BreakGlassActive),
        (
            owned(break_glass_until=NOW + timedelta(seconds=1)),
            Write(SPECS[1], Owner("u2", 1), adopt=True),
            BreakGlassActive,
        ),
    ],
)
def test_refusals(stored: Stored, write: Write, error: type[Exception]):
    with pytest.raises(error):
        judge(stored, write, NOW)


@pytest.mark.parametrize(
    ("stored", "write", "changed", "owner"),
    [
        (Stored(), Write(SPECS[0], Owner("u1", 1)), True, Owner("u1", 1)),
        (Stored(), Write(SPECS[0]), True, None),
        (owned(), Write(SPECS[0], Owner("u1", 2)), False, Owner("u1", 2)),
        (owned(), Write(SPECS[0], Owner("u1", 3)), False, Owner("u1", 3)),
        (owned(), Write(SPECS[1], Owner("u1", 3)), True, Owner("u1", 3)),
        (owned(), Write(SPECS[1], Owner("u2", 1), adopt=True), True, Owner("u2", 1)),
        (Stored(SPECS[0]), Write(SPECS[1], Owner("u1", 1), adopt=True), True, Owner("u1", 1)),
        (owned(), Write(SPECS[0]), False, Owner("u1", 2)),
        (owned(), Write(SPECS[1], break_glass=GLASS), True, Owner("u1", 2)),
        # After the time of a hand edit the owner's same generation puts its content back.
        (owned(spec=SPECS[1], break_glass_until=NOW), Write(SPECS[0], Owner("u1", 2)), True, Owner("u1", 2)),
    ],
)
def test_verdicts(stored: Stored, write: Write, changed: bool, owner: Owner | None):
    verdict = judge(stored, write, NOW)
    assert (verdict.changed, verdict.owner) == (changed, owner)


def test_a_hand_edit_that_the_owner_takes_up_needs_no_glass_any_more():
    stored = owned(spec=SPECS[1], break_glass_until=NOW + timedelta(hours=1))
    verdict = judge(stored, Write(SPECS[1], Owner("u1", 3)), NOW)
    assert (verdict.changed, verdict.break_glass_until) == (False, None)


writes = st.builds(
    Write,
    st.sampled_from(SPECS),
    st.none() | st.builds(Owner, st.sampled_from(["u1", "u2"]), st.integers(1, 4)),
    st.booleans(),
    st.none() | st.just(GLASS),
)


@given(st.lists(st.tuples(writes, st.integers(0, 90)), max_size=25))
def test_generations_only_rise_and_hands_only_write_where_they_may(steps: list[tuple[Write, int]]):
    stored, now = Stored(), NOW
    for write, pause_s in steps:
        now += timedelta(seconds=pause_s)
        try:
            verdict = judge(stored, write, now)
        except (Conflict, Stale):
            continue
        if stored.owner and write.owner and not write.adopt:
            assert write.owner.uid == stored.owner.uid
            assert write.owner.generation >= stored.owner.generation
        if stored.owner and write.owner is None and verdict.changed:
            assert write.break_glass is not None
        if stored.break_glass_until and stored.break_glass_until > now and write.owner:
            assert not verdict.changed
        assert verdict.changed == (write.spec != stored.spec)
        stored = Stored(
            write.spec,
            verdict.owner,
            write.spec if write.owner else stored.owner_spec if verdict.owner else None,
            verdict.break_glass_until,
        )
        # What was stored may be said again by whoever said it, and changes nothing.
        again = judge(stored, write, now)
        assert not again.changed
