"""The ratchet of sizes: what may not grow, what must be taken from the record."""

from pathlib import Path

import pytest

from devtools.checks import sizes

LONG = "class Writer:\n    def write(self):\n" + "        self.line()\n" * 71
MARK = "# The remark.\n"


def test_a_long_function_is_named_with_its_class() -> None:
    assert dict(sizes.too_large("a.py", LONG)) == {"a.py:Writer.write": 72}


def test_a_long_file_is_named() -> None:
    assert dict(sizes.too_large("a.py", "x = 1\n" * 401)) == {"a.py": 401}
    assert dict(sizes.too_large("a.py", "x = 1\n" * 400)) == {}


def test_a_decorated_async_function_inside_another_counts_for_itself() -> None:
    body = "            work()\n" * 60
    source = f"class A:\n    def outer(self):\n        @rule\n        async def inner():\n{body}"
    assert dict(sizes.too_large("a.py", source)) == {"a.py:A.outer": 63, "a.py:A.outer.inner": 61}


@pytest.mark.parametrize(
    ("now", "record", "said"),
    [
        ({"a.py": 401}, {}, "a.py has grown from at most 400 to 401 lines"),
        ({"a.py:f": 61}, {}, "a.py:f has grown from at most 60 to 61 lines"),
        ({"a.py": 451}, {"a.py": 450}, "a.py has grown from at most 450 to 451 lines"),
        ({"a.py": 449}, {"a.py": 450}, "./dev lint --fix lowers it"),
        ({}, {"a.py": 450}, "./dev lint --fix lowers it"),
    ],
)
def test_each_change_is_told(now: dict[str, int], record: dict[str, int], said: str) -> None:
    (problem,) = sizes.grown(now, record)
    assert said in problem


def test_what_is_as_on_record_is_left_alone() -> None:
    assert sizes.grown({"a.py": 450, "b.py:f": 70}, {"a.py": 450, "b.py:f": 70}) == []


def test_the_record_only_goes_down(tmp_path: Path) -> None:
    path = tmp_path / "sizes.txt"
    path.write_text(MARK)
    sizes.write_record({"grown.py": 450, "less.py:f": 90, "small.py": 500}, path)
    now = {"grown.py": 460, "less.py:f": 70, "new.py": 900}
    sizes.write_record(sizes.lowered(now, sizes.read_record(path)), path)
    assert path.read_text() == MARK + "  450 grown.py\n   70 less.py:f\n"
