"""`kubectl merchant explain NAME`: where the chain stands, what fails, when it is tried again, the way out."""

from datetime import UTC, datetime

import click
from rich.text import Text

from florin_cli.cells import At, Words, listed, plain
from florin_cli.failure import Exit, Misused
from florin_cli.screen import Screen
from kubectl_merchant.chain import Explanation, State, explain
from kubectl_merchant.options import Desk, command
from merchant_operator.names import CONNECTOR, GROUP, MERCHANT_CONFIG, PLURALS

_SIGNS = {
    State.DONE: ("✓", "green"),
    State.FAILED: ("✗", "red"),
    State.AT_WORK: ("…", "yellow"),
    State.WAITING: ("·", "dim"),
}
_KINDS = {
    **dict.fromkeys(("mc", "merchantconfig", "merchantconfigs"), MERCHANT_CONFIG),
    **dict.fromkeys(("conn", "connector", "connectors"), CONNECTOR),
}


@click.command("explain")
@click.argument("name")
@command
def explain_resource(desk: Desk, name: str) -> int:
    """Say how far a MerchantConfig has come, what stops it, and the way out.

    NAME is a MerchantConfig's; a Connector's is written connector/NAME. Exit status 1: it is not Ready.
    """
    body = desk.kubectl.read(*target_of(name), "--show-managed-fields")
    explanation = explain(body, datetime.now(UTC))
    desk.screen.show(explanation, lambda: _paint(desk.screen, explanation))
    return Exit.OK if explanation.ready else Exit.FINDING


def target_of(name: str) -> tuple[str, str]:
    """What kubectl is asked for. Raises Misused."""
    kind, slash, rest = name.rpartition("/")
    known = _KINDS.get(kind.lower()) if slash else MERCHANT_CONFIG
    if known is None:
        raise Misused(f"{kind!r} is neither merchantconfig nor connector.")
    if not rest or rest.startswith("-"):
        raise Misused(f"{name!r} names no resource.")
    return f"{PLURALS[known]}.{GROUP}", rest


def _paint(screen: Screen, explanation: Explanation) -> None:
    about = f"{explanation.kind} {explanation.name} in {explanation.namespace}, generation {explanation.generation}"
    version = f", version {explanation.config_version}" if explanation.config_version is not None else ""
    screen.line(Text(plain(about + version), style="bold"))
    for link in explanation.links:
        sign, style = _SIGNS[link.state]
        message = link.message if link.state is State.DONE or not link.reason else f"{link.reason}: {link.message}"
        screen.line(Text.assemble((f"  {sign} {link.name:<11}", style), (plain(message), "dim" if not message else "")))
    if explanation.ready:
        return
    failing = next(link for link in explanation.links if link.name == explanation.failing_link)
    screen.line()
    screen.fields(
        {
            "Fails": Text(f"{failing.name} ({failing.reason})"),
            "Since": At(failing.since),
            "Differs": Words(listed(explanation.drift)),
            "Next try": At(explanation.next_retry_time)
            if explanation.next_retry_time
            else Words(explanation.next_try or ""),
            "Way out": Words(explanation.way_out or ""),
        }
    )
