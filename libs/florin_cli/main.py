"""The command ``florin``: its nouns, and how it ends."""

import io
import sys
import traceback
from collections.abc import Sequence

import click

from florin.version import VERSION
from florin_cli.connectors import connectors
from florin_cli.dead_letters import dead_letters
from florin_cli.deliveries import deliveries
from florin_cli.desk import Desk
from florin_cli.failure import Broken, Exit, Failure, Misused
from florin_cli.keys import keys
from florin_cli.ledger import ledger
from florin_cli.merchants import merchants
from florin_cli.parameters import Group
from florin_cli.payments import payments
from florin_cli.replays import replays
from florin_cli.secrets import secrets
from florin_cli.status import status

_EPILOG = """
\b
Settings: FLORIN_PAYMENTS_URL, FLORIN_MERCHANTS_URL, FLORIN_NOTIFICATIONS_URL, FLORIN_ADMIN_TOKEN, FLORIN_MERCHANT
(the one that is meant where none is named); or ~/.config/florin/config.toml, or the file FLORIN_CONFIG names.
\b
Exit status: 0 done, 1 done and something found, 2 called wrongly, 3 a service cannot be reached,
4 a service refused, 5 a service failed.
"""


@click.group(cls=Group, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, message="%(prog)s %(version)s")
def florin() -> None:
    """Operate a Florin installation."""


for _command in (
    status,
    merchants,
    keys,
    connectors,
    secrets,
    payments,
    ledger,
    deliveries,
    replays,
    dead_letters,
):
    florin.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a sign gets its number
    desk = Desk()
    try:
        ended = florin.main(arguments, prog_name="florin", standalone_mode=False, obj=desk)
    except Failure as failure:
        desk.screen.tell(failure)
        return failure.exit
    except click.UsageError as error:
        if not desk.screen.json:
            error.show()
            return Exit.MISUSED
        desk.screen.tell(Misused(error.format_message()))
        return Exit.MISUSED
    except click.Abort:
        desk.screen.note("Stopped.")
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - Python would exit with 1, which says that something was found
        traceback.print_exc()
        sentence = f"This command did not understand an answer, or it has a fault ({type(error).__name__}: {error})."
        desk.screen.tell(Broken(sentence, advice="Are the services as new as this command?"))
        return Exit.BROKEN
    return int(ended or Exit.OK)


if __name__ == "__main__":
    sys.exit(main())
