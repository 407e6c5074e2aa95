"""A payment's timeline, told as a story: when, what, and what is worth knowing about it."""

from collections.abc import Callable

from rich.text import Text

from florin_cli.cells import money, plain, style_of
from florin_cli.client import Document
from florin_cli.screen import Row, Screen

_KINDS = {
    "decision": ("●", "bold cyan", "decided"),
    "sent": ("→", "blue", "sent"),
    "answered": ("←", "blue", "answered"),
    "callback": ("⇠", "magenta", "callback"),
    "webhook": ("✉", "yellow", "webhook"),
    "webhook_attempt": ("↗", "yellow", "attempt"),
}
_WHAT_WIDTH_MOST = 48


def paint_timeline(screen: Screen, payment: Document, timeline: Document) -> None:
    """Print the story under a line that says how it stands."""
    status = payment["status"]
    amount = money(payment["amount_minor"], payment["currency"])
    how = (status, style_of(status))
    screen.line(Text.assemble((payment["id"], "bold"), f"  {amount}  ", how, f"  {payment['merchant_id']}"))
    whats = [_what(entry) for entry in timeline["data"]]
    width = min(max(map(len, whats), default=0), _WHAT_WIDTH_MOST)
    day = ""
    for entry, what in zip(timeline["data"], whats, strict=True):
        moment = screen.painter.moment(entry["at"])
        today = f"{moment:%A, %Y-%m-%d} ({'UTC' if not screen.local else screen.painter.zone(moment)})"
        if today != day:
            screen.heading(today)
            day = today
        screen.line(
            Text.assemble(
                (f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}  ", "dim"), _tell(entry, f"{what:<{width}}")
            )
        )
    if not timeline["deliveries_complete"]:
        screen.note("The service notifications could not be asked: webhooks are missing from this story.", style="red")


def _what(entry: Row) -> str:
    return plain(_WHAT.get(entry["kind"], _as_is)(entry["what"], entry["detail"]))


def _tell(entry: Row, what: str) -> Text:
    kind = entry["kind"]
    mark, style, verb = _KINDS.get(kind, ("·", "", kind))
    told = Text.assemble((f"{mark} {plain(verb):<9}", style), " ", (what, _style_of(kind, entry)))
    told.append(f"  {plain(_MORE.get(kind, _everything)(entry['detail']))}", "dim")
    told.rstrip()
    return told


def _as_is(what: str, _: Row) -> str:
    return what


def _everything(detail: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in detail.items() if value not in (None, ""))


def _decided(what: str, detail: Row) -> str:
    return f"{what.replace('_', ' ')} → {detail['status']}"


def _attempted(what: str, _: Row) -> str:
    return f"{what.removesuffix('None')}under way" if what.endswith(": None") else what


def _operation(what: str, detail: Row) -> str:
    return f"{what} {money(detail['amount_minor'], detail['currency'])}"


def _about_decision(detail: Row) -> str:
    told = [f"by {detail['actor']}"]
    if reason := detail.get("conflict") or detail.get("reason") or detail.get("reason_code"):
        told.append(str(reason))
    return ", ".join(told)


def _about_operation(detail: Row) -> str:
    asked = f", asked {detail['asked']} times" if detail["asked"] > 1 else ", asked once" if detail["asked"] else ""
    return f"{detail['connector']}, reference {detail['reference']}{asked}"


def _about_callback(detail: Row) -> str:
    return f"{detail['connector']}, {detail['callback_id']}, reference {detail['reference']}"


def _about_delivery(detail: Row) -> str:
    return f"{detail['delivery_id']} is {detail['state']}"


def _about_attempt(detail: Row) -> str:
    took = f" took {detail['duration_ms']:.0f} ms" if detail["duration_ms"] is not None else ""
    return f"number {detail['number']}{took}, {detail['delivery_id']}"


_WHAT: dict[str, Callable[[str, Row], str]] = {
    "decision": _decided,
    "sent": _operation,
    "answered": _operation,
    "webhook_attempt": _attempted,
}
_MORE: dict[str, Callable[[Row], str]] = {
    "decision": _about_decision,
    "sent": _about_operation,
    "answered": _about_operation,
    "callback": _about_callback,
    "webhook": _about_delivery,
    "webhook_attempt": _about_attempt,
}


def _style_of(kind: str, entry: Row) -> str:
    match kind:
        case "decision":
            return style_of(entry["detail"]["status"])
        case "answered":
            return style_of(entry["what"].rpartition(" ")[2])
        case "webhook_attempt":
            status = entry["detail"]["status"]
            if status is None:
                return "yellow" if entry["what"].endswith(": None") else "red"
            return "green" if 200 <= status < 300 else "red"
    return ""
