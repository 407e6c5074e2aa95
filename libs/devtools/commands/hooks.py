"""Let git run the checks by itself: the quick ones before a commit, all before a push.

The hooks are .githooks, and call ./dev; `git commit --no-verify` passes them by. --remove takes them out again.
"""

import argparse
import subprocess

from devtools.failure import Failure
from devtools.places import CHECKOUT

_FOLDER = ".githooks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--remove", action="store_true", help="do not run them any more")


def run(options: argparse.Namespace) -> int:
    """Set or unset where git finds this clone's hooks."""
    set_now = _git("config", "--get", "core.hooksPath").stdout.strip()
    if set_now not in ("", _FOLDER):
        raise Failure(
            f"git already takes hooks from {set_now} (core.hooksPath). Call ./dev lint from those, or unset it first:\n"
            "    git config --unset core.hooksPath"
        )
    if options.remove:
        if set_now:
            _git("config", "--local", "--unset", "core.hooksPath")
        print("git runs no checks of ours.")
        return 0
    done = _git("config", "--local", "core.hooksPath", _FOLDER)
    if done.returncode != 0:
        raise Failure(f"git could not be told of the hooks: {done.stderr.strip()}")
    print("git runs ./dev lint --staged before a commit, and ./dev lint before a push.")
    return 0


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False)
