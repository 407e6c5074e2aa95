import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.errors import InvalidRequest
from florin.service import Page, PageRequest, page_of
from florin.service.pages import page_request


def query(rows: list[str], request: PageRequest) -> list[str]:
    """What a table answers: newest first, or oldest first when it is read backwards."""
    if request.backwards:
        found = sorted(row for row in rows if request.cursor is None or row > request.cursor)
    else:
        found = sorted((row for row in rows if request.cursor is None or row < request.cursor), reverse=True)
    return found[: request.fetch]


def read(rows: list[str], request: PageRequest) -> Page[str]:
    return page_of(query(rows, request), request, str)


@given(st.sets(st.integers(0, 999), max_size=60), st.integers(1, 20))
def test_following_the_cursor_reads_everything_once_newest_first(numbers: set[int], limit: int) -> None:
    rows = [f"{number:03}" for number in numbers]
    seen: list[str] = []
    page = read(rows, PageRequest(limit=limit))
    while True:
        assert len(page.data) <= limit
        seen += page.data
        if not page.has_more:
            break
        page = read(rows, PageRequest(limit=limit, starting_after=page.next_cursor))
    assert seen == sorted(rows, reverse=True)
    assert page.next_cursor is None


@given(st.sets(st.integers(0, 999), max_size=60), st.integers(1, 20))
def test_going_backwards_reads_everything_once_and_each_page_newest_first(numbers: set[int], limit: int) -> None:
    rows = [f"{number:03}" for number in numbers]
    seen: list[str] = []
    page = read(rows, PageRequest(limit=limit, ending_before="000x"))
    while True:
        assert page.data == sorted(page.data, reverse=True)
        seen = page.data + seen
        if not page.has_more:
            break
        page = read(rows, PageRequest(limit=limit, ending_before=page.next_cursor))
    assert seen == sorted((row for row in rows if row > "000x"), reverse=True)


def test_a_page_has_one_direction() -> None:
    with pytest.raises(InvalidRequest) as caught:
        page_request(starting_after="a", ending_before="b")
    assert caught.value.param == "ending_before"
