"""What is compared: the platform (a), the same rows written directly (b), the same job by other means (c)."""

import secrets
import sys
import threading
import time
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from tests.benchmarks import captured_rows
from tests.benchmarks.captured_rows import Columns, Rows
from tests.benchmarks.load import Load, Order
from tests.benchmarks.programs import Program
from tests.benchmarks.receiver import Inbox, Received
from tests.benchmarks.servers import Servers
from tests.support.platform import ADMIN_TOKEN, CALLBACK_SECRET, TERMINAL_KEY, Platform

from devtools.demo.client import Client
from devtools.failure import Failure

MERCHANT = "shop"
SERVICES = ("merchants", "payments", "notifications")
_PROPAGATION_S = 30.0
_HELD_S = 20.0
WEBHOOK = "payment.captured"


class Subject(Protocol):
    """Something that takes payments."""

    letter: str
    title: str
    schema: str
    """Where its payments are."""
    schemas: dict[str, str]
    """All of its schemas, each with whose it is."""
    processes: dict[str, int]
    """Its own processes, by name."""

    def run(self, *, callers: int, seconds: float, rate_per_s: float = 0.0) -> Load:
        """Take payments."""
        ...

    def settle(self) -> None:
        """Wait until all is done that taking payments has caused."""
        ...

    def webhooks(self, load: Load) -> list[Received]:
        """What merchants were told of the payments of a load; none where the subject tells nothing."""
        ...

    def stop(self) -> None:
        """End its processes."""
        ...


class Florin:
    """(a): merchants, payments and notifications as ``./dev up`` runs them, one process of each."""

    letter = "a"
    title = "Florin"

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        (folder := servers.folder / "florin").mkdir()
        extra = {name: {"FLORIN_TRACE_RATIO": "0.1"} for name in SERVICES}  # as it is by default
        self.platform = Platform(folder, servers.mariadb, servers.redis.url, extra=extra)
        self.schema = self.platform.databases["payments"]
        self.schemas = {schema: name for name, schema in self.platform.databases.items()}
        self.events_each = 0
        self._webhooks = 0
        self.platform.start(*SERVICES)
        self.processes = {name: self.platform.pid(name) for name in SERVICES}
        self._admin = Client(self.platform.url("merchants"), ADMIN_TOKEN)
        self.token = self._register()

    def run(self, *, callers: int, seconds: float, rate_per_s: float = 0.0) -> Load:
        """Take payments over the API."""
        order = Order(self.platform.ports["payments"], self.token, callers, seconds, rate_per_s)
        load = self._servers.load.ask("POST", "/", order, type=Load)
        self._webhooks += len(load.payments)
        return load

    def settle(self) -> None:
        """Every webhook has come."""
        come = self._servers.receiver.ask("GET", f"/wait/{self._webhooks}", type=int)
        if come < self._webhooks:
            raise Failure(f"Of {self._webhooks} webhooks {come} have come, and no more for a minute.")

    def webhooks(self, load: Load) -> list[Received]:
        """Those of a load that is settled."""
        paid = {taken.payment_id for taken in load.payments}
        return [message for message in self.received().messages if message.payment_id in paid]

    def received(self) -> Inbox:
        """All webhooks that came."""
        return self._servers.receiver.ask("GET", "/received/0", type=Inbox)

    def ledger_faults(self) -> list[Any]:
        """What the platform's own proof of its ledger says."""
        client = Client(self.platform.url("payments"), ADMIN_TOKEN)
        faults: list[Any] = client.must("GET", "/admin/v1/ledger/check").json["faults"]
        return faults

    def stop(self) -> None:
        """End its processes."""
        self.platform.close()

    def watch_one(self) -> tuple[Rows, Load]:
        """Take the first payment while the acquirer holds its answer, and learn which rows are written when.

        Call it before anything else is paid: it looks at everything that is there.
        """
        acquirer, execute = self._servers.acquirer, self._servers.mariadb.execute
        tables = captured_rows.read_columns(execute, self.schema)
        acquirer.ask("POST", "/hold", type=dict)
        loads: list[Load] = []
        payer = threading.Thread(target=lambda: loads.append(self.run(callers=1, seconds=0.001)))
        payer.start()
        deadline = time.monotonic() + _HELD_S
        while acquirer.ask("GET", "/book", type=dict)["charges"] == 0:
            if time.monotonic() > deadline:
                raise Failure("The first payment has not reached the acquirer.")
            time.sleep(0.01)
        claimed = captured_rows.snapshot(execute, self.schema, tables)
        acquirer.ask("POST", "/release", type=dict)
        payer.join()
        done = captured_rows.snapshot(execute, self.schema, tables)
        if not loads or not loads[0].payments:
            raise Failure(f"The first payment did not succeed: {loads}")
        self.events_each = len(done["outbox"])
        self.settle()
        (reference,) = {row["reference"] for row in done["operations"].values()}
        answer = acquirer.ask("GET", f"/acquirer/v1/operations/{reference}", type=dict)
        payment = {"id": loads[0].payments[0].payment_id, "amount_minor": loads[0].payments[0].amount_minor}
        return captured_rows.learn(tables, (claimed, done), payment, answer), loads[0]

    def _register(self) -> str:
        must, merchant = self._admin.must, f"/admin/v1/merchants/{MERCHANT}"
        connector = {
            "name": "acquirer",
            "adapter": "simulator",
            "baseUrl": f"http://127.0.0.1:{self._servers.acquirer.port}",
            "secretRef": {"name": "credentials"},
        }
        credentials = msgspec.json.encode({"terminal_key": TERMINAL_KEY, "callback_secret": CALLBACK_SECRET}).decode()
        must("PUT", "/admin/v1/connectors/acquirer", connector)
        must("PUT", "/admin/v1/connectors/acquirer/secrets/credentials", {"value": credentials})
        must("PUT", merchant, {"display_name": "A shop"})
        must(
            "PUT", f"{merchant}/secrets/webhooks", {"value": "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}
        )
        must("PUT", f"{merchant}/config", {"spec": self._configuration()})
        made = must("POST", f"{merchant}/keys", {"name": "benchmark", "rate_limit_per_second": 10_000}).json
        deadline = time.monotonic() + _PROPAGATION_S
        while must("GET", f"{merchant}/propagation").json["state"] != "propagated":
            if time.monotonic() > deadline:
                raise Failure("The configuration has not reached every service.")
            time.sleep(0.05)
        return str(made["secret"])

    def _configuration(self) -> dict[str, Any]:
        """A shop that ships once it has the money: one webhook a payment."""
        webhook = {
            "name": "receiver",
            "url": f"http://127.0.0.1:{self._servers.receiver.port}/webhooks",
            "events": [WEBHOOK],
            "signingSecretRef": {"name": "webhooks"},
        }
        return {
            "merchantId": MERCHANT,
            "displayName": "A shop",
            "currencies": ["EUR"],
            "defaultCurrency": "EUR",
            "connectors": [{"name": "main", "connectorRef": {"name": "acquirer"}}],
            "routing": [{"name": "all", "targets": [{"connector": "main", "weight": 100}]}],
            "webhooks": [webhook],
        }


class Direct:
    """(b): the same rows, one transaction a phase, by one client with nothing in front of it."""

    letter = "b"
    title = "rows written directly"

    def __init__(self, servers: Servers, florin: Florin, rows: Rows, tables: dict[str, Columns]) -> None:
        self.schema = f"b_{secrets.token_hex(4)}"
        self.schemas = {self.schema: "direct writer"}
        servers.mariadb.create_database(self.schema)
        for table in tables:
            servers.mariadb.execute(f"CREATE TABLE {self.schema}.{table} LIKE {florin.schema}.{table}")
        (file := servers.folder / "rows").write_bytes(captured_rows.encode(rows))
        arguments = [str(servers.acquirer.port), servers.mariadb.url(self.schema), str(file)]
        self._writer = Program(
            "direct", [sys.executable, "-m", "tests.benchmarks.direct", "{port}", *arguments], servers.folder
        )
        self.processes = {"direct writer": self._writer.pid}

    def run(self, *, callers: int, seconds: float, rate_per_s: float = 0.0) -> Load:
        """Write payments."""
        return self._writer.ask("POST", "/", Order(0, "", callers, seconds), type=Load)

    def settle(self) -> None:
        """Nothing goes on after the answer."""

    def webhooks(self, load: Load) -> list[Received]:
        """None are sent."""
        return []

    def stop(self) -> None:
        """End the writer."""
        self._writer.stop()


class OrmService:
    """(c): FastAPI with SQLAlchemy's ORM and aiomysql, one uvicorn process."""

    letter = "c"
    title = "FastAPI + SQLAlchemy"

    def __init__(self, servers: Servers, python: Path) -> None:
        self._servers = servers
        self.token = secrets.token_urlsafe(24)
        self.schema = f"c_{secrets.token_hex(4)}"
        self.schemas = {self.schema: "orm service"}
        servers.mariadb.create_database(self.schema)
        url = urlsplit(servers.mariadb.url(self.schema))._replace(scheme="mysql+aiomysql").geturl()
        environment = {
            "DATABASE_URL": f"{url}?charset=utf8mb4",
            "ACQUIRER_URL": f"http://127.0.0.1:{servers.acquirer.port}",
            "API_KEY": self.token,
        }
        argv = [str(python), "-m", "uvicorn", "tests.benchmarks.orm_service.main:app", "--port", "{port}"]
        argv += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        self._service = Program("orm service", argv, servers.folder, environment)
        self.port = self._service.port
        self.processes = {"orm service": self._service.pid}

    def run(self, *, callers: int, seconds: float, rate_per_s: float = 0.0) -> Load:
        """Take payments over the API."""
        order = Order(self.port, self.token, callers, seconds, rate_per_s)
        return self._servers.load.ask("POST", "/", order, type=Load)

    def settle(self) -> None:
        """Nothing goes on after the answer: who would publish its outbox is not part of it."""

    def webhooks(self, load: Load) -> list[Received]:
        """None are sent."""
        return []

    def stop(self) -> None:
        """End the service."""
        self._service.stop()
