"""Write everything anew that is made from the code: references, schemas, definitions.

With --check nothing is written: the generators run in a copy, and what differs is told.
"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from devtools import debian, environment
from devtools.checks.files import copy_files
from devtools.failure import Failure
from devtools.generated import GENERATORS
from devtools.places import CHECKOUT, SOURCE_ROOTS
from devtools.screen import Step


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--check", action="store_true", help="write nothing; fail if something would change")


def run(options: argparse.Namespace) -> int:
    """Run every generator."""
    debian.install_missing(servers=True)
    if not options.check:
        _generate(CHECKOUT)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        copy_files(copy)
        _generate(copy)
        written = (path.relative_to(copy) for path in copy.rglob("*") if path.is_file() and path.suffix != ".pyc")
        differ = [str(path) for path in sorted(written) if not _same(CHECKOUT / path, copy / path)]
    print(f"To write anew, with ./dev generate: {', '.join(differ)}." if differ else "All is as the code says.")
    return 1 if differ else 0


def _generate(folder: Path) -> None:
    """Run the generators of a checkout on itself."""
    roots = [folder / root.relative_to(CHECKOUT) for root in SOURCE_ROOTS]
    variables = environment.variables({"PYTHONPATH": os.pathsep.join(map(str, [*roots, folder]))})
    for module, what in GENERATORS.items():
        argv = [str(environment.environment_python()), "-m", module]
        with Step(what):
            done = subprocess.run(argv, cwd=folder, env=variables, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise Failure(f"python -m {module} failed:\n{done.stdout}{done.stderr}")


def _same(left: Path, right: Path) -> bool:
    return left.is_file() and left.read_bytes() == right.read_bytes()
