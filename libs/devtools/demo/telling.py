"""How the story is told: each step shows the request, the answer and what it proves."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.rule import Rule

from devtools.demo.client import Answer


class Untrue(Exception):
    """A step is not as the story tells it."""


class Teller:
    """Writes the story to the terminal and counts its steps."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._step = 0

    def begin(self, text: str) -> None:
        """What the story is about."""
        self._console.print(Padding(text, (1, 0, 0, 0), expand=False), highlight=False)

    def step(self, title: str, text: str) -> None:
        """A new step."""
        self._step += 1
        self._console.print()
        self._console.print(Rule(f"[bold]{self._step}. {title}[/bold]", align="left", style="cyan"))
        self._console.print(Padding(text, (0, 3), expand=False), highlight=False)

    def request(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> None:
        """What is sent."""
        self._show(f"[bold cyan]->[/bold cyan] [bold]{method} {escape(path)}[/bold]")
        if key is not None:
            self._show(f"Idempotency-Key: {escape(key)}", 6)
        if body is not None:
            self._show(escape(json.dumps(body)), 6)

    def answer(self, answer: Answer, fields: Sequence[str]) -> None:
        """What came back: the status, headers worth seeing, and some fields of the body."""
        colour = "green" if answer.status < 300 else "yellow"
        replayed = answer.headers.get("idempotency-replayed")
        note = f"   [dim]Idempotency-Replayed: {replayed}[/dim]" if replayed else ""
        self._show(f"[bold {colour}]<- {answer.status}[/bold {colour}]{note}")
        self.fields(answer.json, fields)

    def fields(self, values: Mapping[str, Any], names: Sequence[str]) -> None:
        """Some fields of an object."""
        width = max(map(len, names))
        for name in names:
            self._show(f"[dim]{name:{width}}[/dim]  {escape(_shown(values.get(name)))}", 6)

    def line(self, text: str) -> None:
        """One line of what was seen."""
        self._show(escape(text), 6)

    def proves(self, truth: bool, sentence: str) -> None:
        """What the step proves. Raises Untrue where it does not."""
        if not truth:
            raise Untrue(f"Step {self._step}: not so: {sentence}")
        self._show(f"[green]✓[/green] {escape(sentence)}")

    def end(self, text: str) -> None:
        """The last line."""
        self._console.print(Padding(f"[bold green]{text}[/bold green]", (1, 0), expand=False), highlight=False)

    def fail(self, text: str) -> None:
        """The story was not as told."""
        self._console.print(Padding(f"[bold red]✗ {escape(text)}[/bold red]", (1, 0), expand=False), highlight=False)

    def _show(self, markup: str, indent: int = 3) -> None:
        self._console.print(Padding(markup, (0, 0, 0, indent), expand=False), highlight=False)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
