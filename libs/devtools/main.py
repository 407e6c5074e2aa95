"""``./dev <command>``: finds the command's module and runs it.

A new command is a module in `devtools.commands` and its name in `GROUPS`. The module's docstring is its help; it has
``run(options) -> int`` and, when it takes options, ``add_arguments(parser)``. With ``PASSES_ARGUMENTS = True`` it has
``run(arguments: list[str]) -> int`` and hands its arguments on to another program.
"""

import argparse
import importlib
import os
import sys
from types import ModuleType

from devtools.failure import Failure

GROUPS = {
    "Run the platform": ("up", "down", "status", "logs", "reset"),
    "See what it does": ("demo", "florin", "check-ledger"),
    "Work on it": ("test", "lint", "generate", "python", "lock", "hooks", "bench", "selftest"),
    "Run it on Kubernetes": ("cluster", "kubectl", "helm"),
    "Build it": ("pants", "pants-lock", "layers", "images", "release"),
}


def main(arguments: list[str]) -> int:
    """Run one command; the exit status for the shell."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    name, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    try:
        if name in ("help", "-h", "--help"):
            return _help(rest)
        if name not in _names():
            print(f"There is no command {name!r}. The commands are: {', '.join(_names())}.", file=sys.stderr)
            return 2
        return _run(name, rest)
    except Failure as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(name: str, arguments: list[str]) -> int:
    module = _module(name)
    # A question for help installs, builds and needs nothing: the program that arguments go to may not be there yet.
    if _passes_arguments(module) and arguments not in (["--help"], ["-h"]):
        return int(module.run(arguments))
    return int(module.run(_parser(name, module).parse_args(arguments)))


def _parser(name: str, module: ModuleType) -> argparse.ArgumentParser:
    passes = _passes_arguments(module)
    parser = argparse.ArgumentParser(
        prog=f"./dev {name}",
        usage=f"./dev {name} ..." if passes else None,
        description=module.__doc__,
        epilog=f"The program's own help: ./dev {name} --help --help" if passes else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if hasattr(module, "add_arguments"):
        module.add_arguments(parser)
    return parser


def _passes_arguments(module: ModuleType) -> bool:
    return getattr(module, "PASSES_ARGUMENTS", False)


def _help(arguments: list[str]) -> int:
    if arguments and arguments[0] in _names():
        name = arguments[0]
        _parser(name, _module(name)).print_help()
        return 0
    print("Usage: ./dev <command> [options]        ./dev <command> --help says more\n")
    for group, names in GROUPS.items():
        print(group)
        for name in names:
            summary = (_module(name).__doc__ or "").strip().splitlines()[0]
            print(f"  {name:14}{summary}")
        print()
    return 0


def _names() -> list[str]:
    return [name for names in GROUPS.values() for name in names]


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"devtools.commands.{name.replace('-', '_')}")
