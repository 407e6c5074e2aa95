"""kubectl's plugin: `kubectl merchant ...`. kubectl finds it on the PATH by its name, `kubectl-merchant`."""

import io
import sys
import traceback
from collections.abc import Sequence

import click

from florin_cli.failure import Broken, Exit, Failure
from florin_cli.screen import Screen
from kubectl_merchant.drift import list_drift
from kubectl_merchant.explain import explain_resource
from kubectl_merchant.plan import plan_manifests
from kubectl_merchant.release import release_resource

_EPILOG = """
Exit status: 0 well, 1 done and something found, 2 called wrongly, 3 the API server cannot be reached, 4 refused,
5 failed.
"""


@click.group(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
def merchant() -> None:
    """Florin's MerchantConfigs and Connectors. Everything is asked with your own rights, through kubectl."""


for _command in (plan_manifests, explain_resource, list_drift, release_resource):
    merchant.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    screen = Screen()
    try:
        ended = merchant.main(arguments, prog_name="kubectl merchant", standalone_mode=False, obj=screen)
    except Failure as failure:
        screen.tell(failure)
        return failure.exit
    except click.UsageError as error:
        error.show()
        return Exit.MISUSED
    except click.Abort:
        screen.note("Stopped.")
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - Python would exit with 1, which says that something was found
        traceback.print_exc()
        screen.tell(Broken(f"This is a fault of the plugin ({type(error).__name__}: {error})."))
        return Exit.BROKEN
    return int(ended or Exit.OK)


if __name__ == "__main__":
    sys.exit(main())
