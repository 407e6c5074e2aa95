from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.database.literals import compose, literal


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (datetime(2026, 1, 31, 12, 0, 0, 5, UTC), "'2026-01-31 12:00:00.000005'"),
        (datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))), "'2026-01-31 10:00:00.000000'"),
        (datetime(1, 1, 1, tzinfo=UTC), "'0001-01-01 00:00:00.000000'"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), "'0001-01-01 00:00:00.000000'"),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=14))), "'9999-12-31 23:59:59.999999'"),
    ],
)
def test_times_are_utc_and_within_the_calendar(time: datetime, expected: str) -> None:
    assert literal(time) == expected


@given(st.datetimes(timezones=st.timezones()))
def test_every_time_with_a_zone_has_a_literal_of_one_length(time: datetime) -> None:
    assert len(literal(time)) == 28


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        literal(datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_float_is_refused_and_an_empty_list_matches_nothing() -> None:
    with pytest.raises(TypeError):
        literal(0.1)
    assert compose("id IN %s", ([],)) == "id IN (NULL)"
    assert compose("100%", ()) == "100%"
