import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_imports_point_one_way() -> None:
    """The contracts are in pyproject.toml."""
    source_roots = ":".join(str(ROOT / root) for root in ("libs", "services", "operator"))
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    result = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=ROOT,
        env={"PYTHONPATH": source_roots, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert result.returncode == 0, result.stdout + result.stderr
