import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_reference_of_errors_equals_the_code(tmp_path: Path) -> None:
    """In a process of its own: here, other tests have loaded errors of their own."""
    written = tmp_path / "errors.md"
    source_roots = ":".join(str(ROOT / root) for root in ("libs", "services", "operator"))
    subprocess.run(
        [sys.executable, "-m", "florin.service.write_reference", str(written)],
        check=True,
        timeout=60,
        env={"PYTHONPATH": source_roots, "PATH": "/usr/bin:/bin"},
    )
    committed = ROOT / "docs/reference/errors.md"
    assert committed.read_text() == written.read_text(), "run: ./dev generate"
