"""Run the tests; everything they need is installed and started by itself.

Arguments go to pytest: ./dev test tests/unit -k capture. The last line is pytest's.
"""

from devtools import debian, environment

PASSES_ARGUMENTS = True


def run(arguments: list[str]) -> int:
    """Become pytest."""
    debian.install_missing(servers=True)
    environment.run_instead(["-m", "pytest", "-q", *arguments])
