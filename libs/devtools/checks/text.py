"""Every file: its end and its line ends, YAML, and what must not be told to the world."""

import re
from collections.abc import Iterator
from pathlib import Path

from devtools.checks.check import Check, Paths, said_by_python
from devtools.places import CHECKOUT

# People and companies mirror registries: where packages come from is a setting of each machine, never the repository's.
_REGISTRIES = re.compile(
    r"\b(pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|proxy\.golang\.org|sum\.golang\.org"
    r"|deb\.debian\.org|security\.debian\.org|repo1?\.maven\.(?:apache\.)?org|static\.crates\.io|index\.crates\.io)\b"
)
_HOMES = re.compile(r"(?<![\w.-])/(?:home|Users)/(?!florin\b|runner\b)[a-z][\w-]*/")
_TWO_SPACES_BREAK_A_LINE = (".md",)


def told_wrongly(path: Path, text: str) -> Iterator[str]:
    """What is wrong with a text, whatever language it is in; each with its line."""
    if text and not text.endswith("\n"):
        yield f"{path}:{len(text.splitlines())}: the last line has no end."
    if text.endswith("\n\n"):
        yield f"{path}:{len(text.splitlines())}: there are empty lines at the end."
    for number, line in enumerate(text.split("\n"), 1):
        if line.endswith("\r"):
            yield f"{path}:{number}: the line ends as on Windows."
        elif line != line.rstrip() and path.suffix not in _TWO_SPACES_BREAK_A_LINE:
            yield f"{path}:{number}: there are spaces at the end."
        if found := _REGISTRIES.search(line):
            yield f"{path}:{number}: {found[0]} is a registry; which one is used is a setting of each machine."
        if found := _HOMES.search(line):
            yield f"{path}:{number}: {found[0]} is a folder of one person's machine."


def _text_problems(paths: Paths) -> str:
    problems: list[str] = []
    for path in paths:
        try:
            text = (CHECKOUT / path).read_bytes().decode()
        except UnicodeDecodeError:
            continue  # a picture
        problems += told_wrongly(path, text)
    return "\n".join(problems)


def _yaml_problems(paths: Paths) -> str:
    # A chart's templates are YAML only after they were rendered; Helm reads them.
    written = [path for path in paths if "templates" not in path.parts]
    return said_by_python("-m", "yamllint", "--strict", *written) if written else ""


TEXT = Check("text", ("*",), _text_problems)
YAML = Check("yamllint", ("*.yaml", "*.yml"), _yaml_problems)
