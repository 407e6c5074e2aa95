"""What a guide quotes is in the file that it names, letter by letter. New files, and edits, are tried by
tests/integration/docs/test_guides_for_developers.py."""

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[3]
_QUOTE = re.compile(r"(?<!New, )`([a-z_/]+\.py)`[^`\n]*:\n\n *```python\n(.*?)^ *```", re.M | re.S)


def test_quotes_are_in_the_code() -> None:
    guide = (ROOT / "docs/guides/add-an-event.md").read_text()
    quotes = _QUOTE.findall(guide)
    new = len(re.findall(r"New, `[^`]*`:\n\n```python", guide))
    assert len(quotes) + new == guide.count("```python"), "each quote follows the name of its file and a colon"
    for path, quote in quotes:
        code = re.sub(r"^ +", "", (ROOT / path).read_text(), flags=re.M)
        assert re.sub(r"^ +", "", textwrap.dedent(quote), flags=re.M) in code, f"{path} reads otherwise:\n{quote}"
