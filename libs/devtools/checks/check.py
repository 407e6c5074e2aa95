"""One check of `./dev lint`."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from devtools import environment
from devtools.places import CHECKOUT

Paths = Sequence[Path]


@dataclass(frozen=True)
class Check:
    """A name, the files it reads, and what finds the problems in them: their text, empty when all is well."""

    name: str
    reads: tuple[str, ...]
    """Patterns; where no file fits, there is nothing to check."""
    problems: Callable[[Paths], str]
    fix: Callable[[Paths], object] | None = None
    """Mends what can be mended without thought, before the problems are looked for."""
    quick: bool = True
    """Whether it can look at some files alone, in a second: it is then run before each commit."""


def said_by(argv: Sequence[str | Path]) -> str:
    """What a checking program says in the checkout; nothing when it is content."""
    done = subprocess.run(
        argv, cwd=CHECKOUT, env=environment.variables(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode == 0:
        return ""
    return (done.stdout + done.stderr).strip() or f"{argv[0]} ended with {done.returncode}, without a word."


def said_by_python(*arguments: str | Path) -> str:
    """The same, of a module of the environment's Python."""
    return said_by([environment.environment_python(), *arguments])
