"""The one place that prints: a table or named fields for people, the services' own JSON for machines.

Results go to standard output, everything said about them to standard error, so that a pipe carries results only.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segments
from rich.table import Table
from rich.text import Text

from florin_cli.cells import Amount, At, Cell, Painter, Words, plain
from florin_cli.failure import Failure, Refused

Row = Mapping[str, Any]
_WIDTH_OF_PIPES = 10_000  # nothing folds where a program reads lines
_FOLDED_LEAST = 24
_GAP = 2


class Column(NamedTuple):
    """A column: its title, and what of a row stands in it."""

    title: str
    cell: Callable[[Row], Cell]


class Screen:
    """Where a command's words go. ``width``: of the terminal; None asks it."""

    def __init__(self, *, width: int | None = None) -> None:
        self.json = False
        self.local = False
        self._out = _console(width, stderr=False)
        self._err = _console(width, stderr=True)

    @property
    def painter(self) -> Painter:
        """How cells look here."""
        return Painter(local=self.local)

    def show(self, document: Any, paint: Callable[[], None]) -> None:
        """Print the document where JSON is asked for, else let ``paint`` print it for a person."""
        if self.json:
            self.document(document)
        else:
            paint()

    def document(self, document: Any) -> None:
        """JSON, for machines and for files that people edit."""
        _write_line(sys.stdout, msgspec.json.format(msgspec.json.encode(document), indent=2).decode())

    def listing(self, page: Row, columns: Sequence[Column], *, empty: str) -> None:
        """A page of a list, with a word about what is left out."""
        rows = page["data"]
        if not rows:
            self.note(empty)
            return
        self.table(rows, columns)
        if page.get("has_more"):
            self.note(f"{len(rows)} shown, and there are more: --all, or --after {page['next_cursor']}")

    def table(self, rows: Iterable[Row], columns: Sequence[Column], *, title: str = "") -> None:
        """A table. Ids and times stay whole at any width; only `Words` fold."""
        cells = [[column.cell(row) for column in columns] for row in rows]
        grid = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold", show_edge=False)
        least = 0
        for number, column in enumerate(columns):
            kinds = [row[number] for row in cells]
            folds = any(isinstance(cell, Words) for cell in kinds)
            right = any(isinstance(cell, Amount) or type(cell) is int for cell in kinds)
            widest = max(cell_len(column.title), *(self.painter.text(cell).cell_len for cell in kinds))
            narrowest = min(widest, _FOLDED_LEAST) if folds else widest
            least += narrowest + _GAP
            grid.add_column(
                column.title,
                justify="right" if right else "left",
                no_wrap=not folds,
                overflow="fold",
                min_width=narrowest,
            )
        for row in cells:
            grid.add_row(*(self.painter.text(cell) for cell in row))
        if title:
            self.heading(title)
        self._print_grid(grid, least)

    def fields(self, named: Mapping[str, Cell]) -> None:
        """Names with what stands beside them; what there is none of is left out."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, cell in named.items():
            if cell not in (None, "", At(None), Words("")):
                grid.add_row(name, self.painter.text(cell))
        self._print_grid(grid)

    def heading(self, title: str) -> None:
        """A title over what follows, apart from what came before."""
        self.line()
        self.line(Text(plain(title), style="bold underline"))

    def line(self, text: str | Text = "") -> None:
        """One line of the result."""
        self._out.print(text if isinstance(text, Text) else Text(plain(text)), soft_wrap=True)

    def note(self, sentence: str, *, style: str = "dim") -> None:
        """Something said about the result."""
        sys.stdout.flush()  # so that the two stay in order where they go to the same file
        self._err.print(Text(plain(sentence), style=style), soft_wrap=True)

    def tell(self, failure: Failure) -> None:
        """Say what went wrong and what can be done."""
        if self.json:
            _write_line(sys.stderr, msgspec.json.encode(failure.document()).decode())
            return
        lines = [plain(line) for line in failure.sentence.splitlines()]
        self._err.print(Text.assemble(("Error: ", "bold red"), "\n       ".join(lines)), soft_wrap=True)
        if isinstance(failure, Refused):
            self._tell_problem(failure.problem, failure.service)
        if failure.advice:
            self._err.print(Text(f"       {plain(failure.advice)}"), soft_wrap=True)

    def _tell_problem(self, problem: Row, service: str) -> None:
        errors = problem.get("errors") or []
        if len(errors) > 1:
            for error in errors:
                self._err.print(Text(plain(f"       - {error['path']}: {error['message']}")), soft_wrap=True)
        about = [f"code {problem.get('code')}"]
        if param := problem.get("param"):
            about.append(f"field {param}")
        about.append(f"{service} answered {problem.get('status')}")
        if instance := problem.get("instance"):
            about.append(str(instance))
        self.note(f"       {' · '.join(about)}")

    def _print_grid(self, grid: Table, least: int = 0) -> None:
        # A terminal that is too narrow for whole ids wraps the lines itself: then nothing is lost.
        options = self._out.options.update(width=max(least, self._out.width))
        with self._out.capture() as capture:
            for segments in self._out.render_lines(grid, options, pad=False, new_lines=True):
                self._out.print(Segments(segments), end="", crop=False, soft_wrap=True)
        for line in capture.get().splitlines():
            self._out.file.write(f"{line.rstrip()}\n")


def _console(width: int | None, *, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    if width is None and not stream.isatty():
        width = _WIDTH_OF_PIPES
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def _write_line(stream: Any, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
