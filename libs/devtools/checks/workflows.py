"""Shell scripts (shellcheck) and the workflows of .github (actionlint, which gives their steps to shellcheck)."""

from devtools import debian, golang
from devtools.checks.check import Check, Paths, said_by

ACTIONLINT = golang.GoTool("github.com/rhysd/actionlint/cmd/actionlint", golang.LOCKS / "actionlint")


def _shell_problems(paths: Paths) -> str:
    debian.install_missing(servers=False, programs=("shellcheck",))
    return said_by(["shellcheck", *paths])


def _workflow_problems(paths: Paths) -> str:
    # Without shellcheck, actionlint would pass the steps unread.
    debian.install_missing(servers=False, programs=("shellcheck",))
    return said_by([golang.installed(ACTIONLINT), "-no-color", *paths])


SCRIPTS = Check("shellcheck", ("*.sh", ".ci/run", ".githooks/*"), _shell_problems)
WORKFLOWS = Check("actionlint", (".github/workflows/*.yml",), _workflow_problems)
