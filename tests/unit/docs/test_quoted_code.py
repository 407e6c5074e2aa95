"""What the guides for developers quote is in the file that they name, letter by letter."""

import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_QUOTE = re.compile(r"`([a-z_/]+\.py)`[^`\n]*:\n\n *```python\n(.*?)^ *```", re.M | re.S)


@pytest.mark.parametrize("name", ["add-an-endpoint", "add-an-event"])
def test_quotes_are_in_the_code(name: str) -> None:
    guide = (ROOT / f"docs/guides/{name}.md").read_text()
    quotes = _QUOTE.findall(guide)
    assert len(quotes) == guide.count("```python"), "each quote follows the name of its file and a colon"
    for path, quote in quotes:
        code = re.sub(r"^ +", "", (ROOT / path).read_text(), flags=re.M)
        assert re.sub(r"^ +", "", textwrap.dedent(quote), flags=re.M) in code, f"{path} reads otherwise:\n{quote}"
