"""The table of values in a chart's README: everything below its heading is made from values.yaml."""

from collections.abc import Iterable

import msgspec

from devtools.charts.values import Value

HEADING = "## Values\n"


def with_table(readme: str, values: Iterable[Value]) -> str:
    """The README with its table made anew."""
    introduction = readme.partition(HEADING)[0].rstrip()
    rows = [_row(value) for value in values if not value.children]
    return "\n".join([introduction, "", HEADING, "| value | default | meaning |", "|---|---|---|", *rows, ""])


def _row(value: Value) -> str:
    default = msgspec.json.encode(value.default).decode() if value.default != "" else ""
    meaning = value.description.replace("|", "\\|")
    if "enum" in value.marks:
        meaning = f"{meaning} One of {value.marks['enum']}.".strip()
    shown = f"`{default}`" if default else ""
    return f"| `{'.'.join(value.path)}` | {shown} | {meaning} |"
