"""Check style, format, types, layers, sizes, the rules of the house, scripts and workflows.

Every check runs, also after one has failed. With --fix, what can be mended without thought is mended first. Tools that
are missing are installed or built first; one that cannot be had is a failure, never passed over.
"""

import argparse

from devtools import debian
from devtools.checks import charts, house, python, sizes, text, workflows
from devtools.checks.check import Check, Paths
from devtools.checks.files import all_files, matching, staged_files
from devtools.failure import Failure
from devtools.screen import Step

CHECKS = (
    text.TEXT,
    text.YAML,
    python.STYLE,
    python.FORMAT,
    sizes.SIZES,
    house.HOUSE,
    python.TYPES,
    python.LAYERS,
    workflows.SCRIPTS,
    workflows.WORKFLOWS,
    charts.RENDERED,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--fix", action="store_true", help="mend what can be mended without thought first")
    parser.add_argument(
        "--staged", action="store_true", help="only what is quick, of files that the next commit changes"
    )


def run(options: argparse.Namespace) -> int:
    """Run every check, also after one has failed."""
    debian.install_missing(servers=False)
    paths = staged_files() if options.staged else all_files()
    chosen = [
        (check, read)
        for check in CHECKS
        if (check.quick or not options.staged) and (read := matching(paths, check.reads))
    ]
    if options.fix:
        for check, read in chosen:
            if check.fix:
                check.fix(read)
    failed = [check.name for check, read in chosen if not _passes(check, read)]
    print(f"\nTo mend: {', '.join(failed)}." if failed else "\nAll is well.")
    return 1 if failed else 0


def _passes(check: Check, paths: Paths) -> bool:
    with Step(check.name) as step:
        try:
            problems = check.problems(paths)
        except Failure as failure:
            problems = f"could not be checked: {failure}"
        step.failed = bool(problems)
    if problems:
        print(problems)
    return not problems
