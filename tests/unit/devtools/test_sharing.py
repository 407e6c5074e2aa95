"""`./dev test` shares the whole suite among processes, and runs a part in one."""

import pytest

from devtools.commands.test import sharing


@pytest.mark.parametrize("arguments", [[], ["--last-failed"], ["-k", "capture"], ["--durations=10"]])
def test_the_whole_suite_is_shared(arguments: list[str]) -> None:
    assert "-n=auto" in sharing(arguments)


@pytest.mark.parametrize("arguments", [["tests/unit"], ["-x", "tests/unit/payments"], ["-n", "0"], ["-n0"], ["--pdb"]])
def test_a_part_is_not(arguments: list[str]) -> None:
    assert sharing(arguments) == []
