"""A result on the terminal."""

from rich.console import Console
from rich.table import Table
from tests.benchmarks.results import Result
from tests.benchmarks.sheets import Sheet, sentences, sheets

_WIDTH_OF_FILES = 180


def show(result: Result) -> None:
    """Print everything that matters."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_FILES
    for sheet in sheets(result):
        console.print()
        console.print(_table(sheet))
    console.print()
    for sentence in sentences(result):
        console.print(sentence)
    failed = [check for check in result.checks if not check.holds]
    for check in failed:
        console.print(f"[red]✗ {check.what}: {check.found}[/red]")
    holding = f"{len(result.checks) - len(failed)} of {len(result.checks)} checks hold"
    done = "[red]What was measured was not all done[/red]" if failed else "What was measured was also done"
    console.print(f"{done}: {holding}.")


def _table(sheet: Sheet) -> Table:
    table = Table(title=sheet.title, title_justify="left")
    for place, name in enumerate(sheet.head):
        is_text = all(not row[place][:1].isdigit() for row in sheet.rows)
        table.add_column(name, justify="left" if is_text else "right", no_wrap=True)
    for place, row in enumerate(sheet.rows):
        ends = place + 1 < len(sheet.rows) and row[0].isdigit() and sheet.rows[place + 1][0] != row[0]
        table.add_row(*row, end_section=ends)
    return table
