"""Check style, format, types and the layers.

ruff check, ruff format --check, mypy --strict, import-linter. With --fix, ruff mends what it can first.
"""

import argparse
import subprocess

from devtools import debian, environment
from devtools.places import CHECKOUT
from devtools.screen import Step

_SOURCES = ["libs", "services", "operator", "tests", "dev"]
_TYPED = ["libs", "services"]
_CHECKS = {
    "ruff check": ["-m", "ruff", "check", *_SOURCES],
    "ruff format": ["-m", "ruff", "format", "--check", *_SOURCES],
    "mypy --strict": ["-m", "mypy", "--strict", *_TYPED],
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
}
_FIXES = [["-m", "ruff", "check", "--fix", "--quiet", *_SOURCES], ["-m", "ruff", "format", "--quiet", *_SOURCES]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--fix", action="store_true", help="let ruff mend what it can first")


def run(options: argparse.Namespace) -> int:
    """Run every check, also after one has failed."""
    debian.install_missing(servers=False)
    python = str(environment.environment_python())
    for fix in _FIXES if options.fix else []:
        subprocess.run([python, *fix], cwd=CHECKOUT, env=environment.variables(), check=False)
    failed = [name for name, arguments in _CHECKS.items() if not _passes(python, name, arguments)]
    print(f"\nTo mend: {', '.join(failed)}." if failed else "\nAll is well.")
    return 1 if failed else 0


def _passes(python: str, name: str, arguments: list[str]) -> bool:
    with Step(name) as step:
        done = subprocess.run(
            [python, *arguments], cwd=CHECKOUT, env=environment.variables(), capture_output=True, text=True, check=False
        )
        step.progress("passed" if done.returncode == 0 else "FAILED")
    if done.returncode != 0:
        print(done.stdout + done.stderr)
    return done.returncode == 0
