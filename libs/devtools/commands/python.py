"""Run Python with the environment and the source roots: a prompt, a script, or -m module.

./dev python                  a prompt that can import florin and every service
./dev python -m payments.main migrate
"""

from devtools import debian, environment

PASSES_ARGUMENTS = True


def run(arguments: list[str]) -> int:
    """Become the environment's Python."""
    debian.install_missing(servers=False)
    environment.run_instead(arguments)
