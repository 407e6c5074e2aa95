"""What stands in a table's cell or beside a name, and how each kind of it looks.

What merchants and receivers wrote reaches a terminal here, so control characters are shown as escapes: a description
can neither move the cursor nor imitate a line of ours.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from rich.text import Text

from florin.errors import InvalidRequest
from florin.money import Money

_STYLES = {
    "green": "active delivered done ok propagated ready succeeded won",
    "yellow": "attempting opened partially_captured partially_captured_and_capturable pending processing "
    "requires_action requires_capture requires_confirmation requires_payment_method rotated running sending stopping",
    "red": "broken conflicted dead declined disabled expired failed lost missing not_ready outcome_unknown refused "
    "revoked unknown unreachable",
    "dim": "cancelled canceled",
}
_STYLE_OF_STATE = {state: style for style, states in _STYLES.items() for state in states.split()}
_NOTHING = Text("-", style="dim")


class At(NamedTuple):
    """A time in RFC 3339, as the services answer it."""

    text: str | None


class State(NamedTuple):
    """A word that says how something is; its colour says how good that is."""

    word: str


class Amount(NamedTuple):
    """Minor units of a currency."""

    amount_minor: int
    currency: str


class Words(NamedTuple):
    """Free text: the only kind of cell that is folded where the terminal is narrow."""

    text: str


class Also(NamedTuple):
    """Of less weight."""

    text: str


Cell = str | int | bool | At | State | Amount | Words | Also | Text | None


class Painter:
    """Makes text of cells; ``local`` shows times in this machine's zone."""

    def __init__(self, *, local: bool) -> None:
        self._local = local

    def text(self, cell: Cell) -> Text:
        """The cell as it is shown."""
        match cell:
            case None | "" | Words("") | Also(""):
                return _NOTHING
            case Text():
                return cell
            case bool():
                return Text("yes" if cell else "no")
            case int():
                return Text(f"{cell:,}")
            case At(text):
                return Text(self.time(text)) if text else _NOTHING
            case State(word):
                return Text(plain(word), style=style_of(word))
            case Amount():
                return Text(money(*cell))
            case Also(text):
                return Text(plain(text), style="dim")
            case Words(text) | str(text):
                return Text(plain(text))
        raise TypeError(type(cell))

    def time(self, text: str) -> str:
        """`2026-01-31 12:00:05Z`, or with the offset of the local zone."""
        moment = self.moment(text)
        return f"{moment:%Y-%m-%d %H:%M:%S}{self.zone(moment)}"

    def moment(self, text: str) -> datetime:
        """A time in the zone that is shown."""
        moment = datetime.fromisoformat(text)
        return moment.astimezone() if self._local else moment.astimezone(UTC)

    def zone(self, moment: datetime) -> str:
        """The offset from UTC as RFC 3339 writes it."""
        return moment.isoformat()[-6:] if self._local else "Z"


def money(amount_minor: int, currency: str) -> str:
    """An amount with its currency's decimals."""
    try:
        return str(Money(amount_minor, currency))
    except InvalidRequest:
        return f"{amount_minor} minor units of {plain(currency)}"


def style_of(word: str) -> str:
    """The colour of a state."""
    return _STYLE_OF_STATE.get(word, "")


def plain(text: Any) -> str:
    """Text in which nothing acts upon the terminal."""
    said = str(text)
    if said.isprintable():
        return said
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in said)


def mode_of(livemode: bool) -> Cell:
    """Test mode is the quiet one."""
    return Text("live", style="bold") if livemode else Also("test")


def listed(parts: Iterable[Any]) -> str:
    """Several things in one cell."""
    return ", ".join(str(part) for part in parts)


def changed(change: Mapping[str, Any]) -> Text:
    """What a plan would do to a field: ``path``, and its ``old`` and ``new`` values, None where there is none."""
    old, new = (msgspec.json.encode(change[side]).decode() for side in ("old", "new"))
    path = plain(change["path"])
    if change["old"] is None:
        return Text(f"+ {path}: {plain(new)}", style="green")
    if change["new"] is None:
        return Text(f"- {path}: {plain(old)}", style="red")
    return Text(f"~ {path}: {plain(old)} → {plain(new)}", style="yellow")
