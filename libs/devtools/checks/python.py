"""Python: style and common faults (ruff), types (mypy), layers (import-linter)."""

from devtools.checks.check import Check, said_by_python

_SOURCES = ("*.py", "dev")
_SHIPPED = ("libs", "services", "operator/merchant_operator", "operator/kubectl_merchant")
# What tests share, and what measures: a fault there is one of many tests, or of a number that is published.
_SHARED = ("tests/conftest.py", "tests/support", "tests/benchmarks")
# Its libraries have a lock of their own.
_FOREIGN = "^tests/benchmarks/orm_service/"

STYLE = Check(
    "ruff check",
    _SOURCES,
    lambda paths: said_by_python("-m", "ruff", "check", "--force-exclude", *paths),
    lambda paths: said_by_python("-m", "ruff", "check", "--force-exclude", "--fix", "--quiet", *paths),
)
FORMAT = Check(
    "ruff format",
    _SOURCES,
    lambda paths: said_by_python("-m", "ruff", "format", "--force-exclude", "--check", *paths),
    lambda paths: said_by_python("-m", "ruff", "format", "--force-exclude", "--quiet", *paths),
)
TYPES = Check(
    "mypy --strict",
    _SOURCES,
    lambda _: said_by_python("-m", "mypy", "--strict", "--exclude", _FOREIGN, *_SHIPPED, *_SHARED),
    quick=False,
)
LAYERS = Check(
    "import-linter",
    _SOURCES,
    lambda _: said_by_python("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
    quick=False,
)
