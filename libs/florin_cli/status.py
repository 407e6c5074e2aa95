"""``florin status``: does every service answer, is it ready, does it take our token?"""

from concurrent.futures import ThreadPoolExecutor

import click

from florin_cli.cells import Also, Cell, State, Words
from florin_cli.client import Document, Service
from florin_cli.desk import Desk, pass_desk
from florin_cli.failure import Exit, Failure, Refused, Unreachable
from florin_cli.parameters import Command
from florin_cli.screen import Column, Row

# The cheapest question to each that only an operator may ask.
_OPERATORS_QUESTIONS: dict[str, tuple[str, str | None]] = {
    "payments": ("payments", "-"),
    "merchants": ("merchants", None),
    "notifications": ("replays", None),
}
_COLUMNS = (
    Column("Service", lambda row: row["service"]),
    Column("State", lambda row: State(row["state"])),
    Column("Admin token", lambda row: State(row["admin_token"]) if row["admin_token"] else None),
    Column("Address", lambda row: row["url"]),
    Column("What it depends on", lambda row: _checks(row)),
)


@click.command(cls=Command)
@pass_desk
def status(desk: Desk) -> int:
    """Show how each service is. Exit status 1: not every one is ready and takes the admin token."""
    services = desk.services()
    has_token = bool(desk.settings.admin_token)
    with ThreadPoolExecutor(len(services)) as threads:
        rows = list(threads.map(lambda service: _ask(service, has_token=has_token), services))
    found = {"services": rows}

    def paint() -> None:
        desk.screen.table(rows, _COLUMNS)
        for row in rows:
            if row["reason"]:
                desk.screen.note(row["reason"], style="red")

    desk.screen.show(found, paint)
    well = all(row["state"] == "ready" and row["admin_token"] in (None, "ok") for row in rows)
    return Exit.OK if well else Exit.FINDING


def _ask(service: Service, *, has_token: bool) -> Document:
    said: Document = {"service": service.name, "url": service.url, "admin_token": None, "checks": {}, "reason": None}
    try:
        readiness = service.readiness()
        said |= {"state": readiness["status"], "checks": readiness.get("checks", {})}
        if service.name in _OPERATORS_QUESTIONS:
            said["admin_token"] = _token(service) if has_token else "missing"
    except Failure as failure:
        said |= {"state": "unreachable" if isinstance(failure, Unreachable) else "broken", "reason": failure.sentence}
    return said


def _token(service: Service) -> str:
    path, merchant_id = _OPERATORS_QUESTIONS[service.name]
    try:
        service.get(path, limit=1, merchant_id=merchant_id)
    except Refused as refusal:
        return "refused" if refusal.problem["status"] == 401 else str(refusal.problem.get("code"))
    return "ok"


def _checks(row: Row) -> Cell:
    if row["reason"]:
        return None
    checks = [
        f"{name} {check['duration_ms']:.0f} ms" if check["status"] == "ok" else f"{name} FAILED ({check['reason']})"
        for name, check in row["checks"].items()
    ]
    return Words(", ".join(checks)) if checks else Also("nothing")
