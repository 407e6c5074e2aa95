"""What arguments and options of several commands have in common: how they are read, and their names."""

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from florin_cli.client import Document, Paging
from florin_cli.desk import Desk
from florin_cli.failure import Misused

Run = TypeVar("Run", bound=Callable[..., Any])

_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d{1,9})([smhd])")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
_LISTED = 20


class _Id(click.ParamType[str]):
    """Part of a path: nothing in it can lead to another one."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if not _ID.fullmatch(text):
            self.fail(f"{text[:80]!r} is no id: letters and digits, with _ . : - between them.", param, ctx)
        return text


class _Duration(click.ParamType[int]):
    """`90s`, `15m`, `24h`, `7d`; becomes seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = _DURATION.fullmatch(str(value))
        if not found:
            self.fail(f"{value!r} is no duration; write one as 90s, 15m, 24h or 7d.", param, ctx)
        return int(found[1]) * _UNIT_S[found[2]]


class _Moment(click.ParamType[datetime]):
    """`2026-01-31T12:00:00Z`, or a duration: that long ago, or from now where the time lies ahead."""

    name = "time"

    def __init__(self, *, ahead: bool) -> None:
        self._ahead = ahead

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        if found := _DURATION.fullmatch(value):
            away = timedelta(seconds=int(found[1]) * _UNIT_S[found[2]])
            return datetime.now(UTC) + (away if self._ahead else -away)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            away_from_now = "from now: 90d" if self._ahead else "ago: 2h"
            self.fail(
                f"{value!r} is no time; write one as 2026-01-31T12:00:00Z, or how long {away_from_now}.", param, ctx
            )
        return moment


ID = _Id()
DURATION = _Duration()
PAST = _Moment(ahead=False)
FUTURE = _Moment(ahead=True)


def _json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Desk).screen.json = True


def _local(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Desk).screen.local = True


def output_options() -> list[click.Parameter]:
    """``--json`` and ``--local``, which every command and every group has."""
    return [
        click.Option(
            ["--json"], is_flag=True, expose_value=False, callback=_json, help="Print the services' own JSON."
        ),
        click.Option(
            ["--local"],
            is_flag=True,
            expose_value=False,
            callback=_local,
            help="Times in the local zone, not UTC.",
        ),
    ]


class Command(click.Command):
    """A command with the options of every command."""

    def __init__(self, name: str | None, *, params: list[click.Parameter] | None = None, **options: Any) -> None:
        super().__init__(name, params=[*(params or ()), *output_options()], **options)


class Group(click.Group):
    """A noun; its commands are its verbs."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, params: list[click.Parameter] | None = None, **options: Any) -> None:
        super().__init__(*args, params=[*(params or ()), *output_options()], **options)


def paged(run: Run) -> Run:
    """A command that lists: ``--limit``, ``--all`` and ``--after`` become its argument ``paging``."""

    @click.option("--limit", type=click.IntRange(min=1), default=_LISTED, show_default=True, help="At most so many.")
    @click.option("--all", "everything", is_flag=True, help="All there are.")
    @click.option("--after", type=ID, metavar="ID", help="What follows this one.")
    @wraps(run)
    def wrapped(*args: Any, limit: int, everything: bool, after: str | None, **more: Any) -> Any:
        return run(*args, paging=Paging(None if everything else limit, after), **more)

    return wrapped  # type: ignore[return-value] # click adds and takes parameters


def merchant_option(help: str) -> Callable[[Run], Run]:
    """``--merchant``."""
    return click.option("--merchant", "-m", type=ID, metavar="MERCHANT", help=help)


OWN_MERCHANT = merchant_option("The merchant; FLORIN_MERCHANT where none is named.")
ANY_MERCHANT = merchant_option("Only this merchant's.")
ANY_MODE = click.option("--live/--test", "livemode", default=None, help="Only one mode.")
ONE_MODE = click.option("--live/--test", "livemode", default=False, help="The mode; test where none is named.")
YES = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
FILE = click.option("--file", "-f", "file", required=True, metavar="FILE", help="A JSON document; - is standard input.")


def read_bytes(file: str) -> bytes:
    """The content of a file, or of standard input for ``-``. Raises Misused."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise Misused(f"{file} cannot be read: {error.strerror}.") from None


def read_document(file: str) -> Document:
    """A JSON object from a file. Raises Misused."""
    name = "Standard input" if file == "-" else file
    try:
        document = msgspec.json.decode(read_bytes(file))
    except ValueError as error:
        raise Misused(f"{name} is not valid JSON: {error}.") from None
    if not isinstance(document, dict):
        raise Misused(f"{name} holds no JSON object.")
    return document
