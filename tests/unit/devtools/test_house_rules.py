"""The rules of the house: each is broken once, and the right way beside it passes."""

from pathlib import Path

import pytest

from devtools.checks.house import broken_rules
from devtools.checks.text import told_wrongly

RULE = "services/payments/domain/capture.py"
BROKEN = [
    ("libs/florin/utils.py", "", "'utils' says nothing"),
    ("libs/florin/http_helpers/get.py", "", "'http_helpers' says nothing"),
    ("tests/support/common.py", "", "'common' says nothing"),
    (RULE, "from datetime import datetime\nnow = datetime.now()\n", ":2: a rule reads no clock"),
    (RULE, "import time\nat = time.monotonic()\n", ":2: a rule reads no clock"),
    (RULE, "import uuid\n", "a rule draws nothing"),
    (RULE, "from secrets import token_hex\n", "a rule draws nothing"),
    ("libs/florin/a.py", "class Change(Struct):\n    a: int\n", "Struct Change can change"),
    ("libs/florin/a.py", "class Change(msgspec.Struct, frozen=False):\n    a: int\n", "Struct Change can change"),
    ("libs/florin/a.py", "class Fee:\n    fee_minor: float\n", "fee_minor is money"),
    ("tests/unit/a.py", "def pay(amount_minor: float | None): ...\n", "amount_minor is money"),
    ("tests/unit/a.py", "from unittest.mock import Mock\n", "nothing of our own is mocked"),
    ("tests/unit/a.py", "import unittest.mock\n", "nothing of our own is mocked"),
]
KEPT = [
    ("libs/florin/outbox/relay.py", "from datetime import datetime\nnow = datetime.now()\n"),
    (RULE, "from random import Random\nfrom datetime import datetime\nday = datetime.fromisoformat('2026-01-01')\n"),
    ("libs/florin/a.py", "class Change(Struct, frozen=True, kw_only=True):\n    amount_minor: int\n"),
    ("tests/support/a.py", "class Answer(msgspec.Struct):\n    a: int\n"),
]
PYPI = "pypi" + ".org"


@pytest.mark.parametrize(("path", "source", "said"), BROKEN)
def test_each_rule_is_told_with_its_place(path: str, source: str, said: str) -> None:
    (problem,) = broken_rules(Path(path), source)
    assert problem.startswith(f"{path}:")
    assert said in problem


@pytest.mark.parametrize(("path", "source"), KEPT)
def test_what_keeps_the_rules_passes(path: str, source: str) -> None:
    assert list(broken_rules(Path(path), source)) == []


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("a.yaml", "a: 1", ":1: the last line has no end"),
        ("a.yaml", "a: 1\n\n", ":2: there are empty lines at the end"),
        ("a.yaml", "a: 1 \nb: 2\n", ":1: there are spaces at the end"),
        ("a.yaml", "a: 1\r\n", ":1: the line ends as on Windows"),
        ("default.lock.txt", f"a==1\n--index-url https://{PYPI}/simple\n", f":2: {PYPI} is a registry"),
        ("a.sh", "cd /home/" + "someone/florin\n", ":1: /home/" + "someone/ is a folder of one person's machine"),
    ],
)
def test_what_no_file_may_hold_is_told(path: str, text: str, said: str) -> None:
    (problem,) = told_wrongly(Path(path), text)
    assert problem.startswith(f"{path}:")
    assert said in problem


def test_ordinary_text_passes() -> None:
    text = "A line, broken  \nhere. See https://docs.python.org, ~/.cache/florin and /home/runner/work.\n"
    assert list(told_wrongly(Path("a.md"), text)) == []
