"""`kubectl merchant drift`: resources that differ from what merchants holds, as the operator's last sweep saw them."""

from typing import Any

import click
import msgspec
from msgspec import Struct

from florin_cli.cells import At, Words, listed
from florin_cli.failure import Exit
from florin_cli.screen import Column
from kubectl_merchant.options import Desk, command
from merchant_operator.names import GROUP, PLURALS


class Drifted(Struct, frozen=True):
    """A resource that differs, or of which that is not known."""

    kind: str
    namespace: str
    name: str
    drifted: str
    reason: str
    message: str
    fields: tuple[str, ...] = ()
    since: str | None = None


_COLUMNS = (
    Column("Namespace", lambda row: row["namespace"]),
    Column("Kind", lambda row: row["kind"]),
    Column("Name", lambda row: row["name"]),
    Column("Drifted", lambda row: row["drifted"]),
    Column("Since", lambda row: At(row["since"])),
    Column("Reason", lambda row: row["reason"]),
    Column("Fields", lambda row: Words(listed(row["fields"]))),
)


@click.command("drift")
@click.option("-A", "--all-namespaces", is_flag=True, help="Of all namespaces.")
@command
def list_drift(desk: Desk, all_namespaces: bool) -> int:
    """List what differs from what merchants holds, and what the operator does not know of or looks away from.

    Exit status 1: something differs.
    """
    kinds = ",".join(f"{plural}.{GROUP}" for plural in PLURALS.values())
    items = desk.kubectl.read(kinds, *(["--all-namespaces"] if all_namespaces else []))["items"]
    found: list[Drifted] = [drifted for drifted in map(drift_of, items) if drifted.drifted != "False"]
    document = {"checked": len(items), "data": found}

    def paint() -> None:
        if found:
            desk.screen.table([msgspec.to_builtins(one) for one in found], _COLUMNS)
        same = len(items) - len(found)
        desk.screen.note(f"{same} of {len(items)} resources are what merchants holds.")

    desk.screen.show(document, paint)
    return Exit.FINDING if any(one.drifted == "True" for one in found) else Exit.OK


def drift_of(body: dict[str, Any]) -> Drifted:
    """What a resource's status says of drift."""
    status, metadata = body.get("status", {}), body["metadata"]
    found: dict[str, Any] = next((item for item in status.get("conditions", ()) if item["type"] == "Drifted"), {})
    stale = found.get("observedGeneration") != metadata["generation"]
    return Drifted(
        kind=body["kind"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        drifted="Unknown" if stale else found["status"],
        reason="NotSeen" if stale else found["reason"],
        message="No operator has looked at this generation." if stale else found["message"],
        fields=tuple(status.get("drift", ())),
        since=None if stale else found["lastTransitionTime"],
    )
