"""After a run: was what was measured also done? A benchmark that cheats fails here."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from tests.benchmarks.captured_rows import Rows
from tests.benchmarks.results import Check
from tests.benchmarks.servers import Servers
from tests.benchmarks.subjects import WEBHOOK, Direct, Florin, OrmService

Taken = Mapping[str, int]
"""Payments that were answered as succeeded, each with its amount in minor units."""


class Evidence(Struct):
    """What the load generator was told, by subject."""

    servers: Servers
    florin: Florin
    direct: Direct
    orm: OrmService
    rows: Rows
    taken: dict[str, dict[str, int]]


def verify(evidence: Evidence) -> list[Check]:
    """Every check, whether it holds or not."""
    return [*_florin(evidence), *_direct(evidence), *_orm(evidence), *_acquirer(evidence)]


def _florin(evidence: Evidence) -> Iterator[Check]:
    schema, taken, execute = evidence.florin.schema, evidence.taken["a"], evidence.servers.mariadb.execute
    yield from _succeeded("a", execute, schema, taken)
    owed = execute(f"SELECT -SUM(amount_minor) FROM {schema}.ledger_entries WHERE purpose='merchant_payable'")
    yield _equal("(a) the ledger owes the merchant what was taken", owed[0][0], sum(taken.values()))
    faults = evidence.florin.ledger_faults()
    yield Check("(a) the platform's own proof of its ledger finds nothing", not faults, str(faults[:2]))
    unanswered = execute(f"SELECT COUNT(*) FROM {schema}.idempotency_keys WHERE reply IS NULL")
    yield _equal("(a) every idempotency key has its reply", unanswered[0][0], 0)
    events = set(execute(f"SELECT type, aggregate_id FROM {schema}.outbox"))
    owed_webhooks = {event for event in events if event[0] == WEBHOOK}
    inbox = evidence.florin.received()
    came = {(message.type, message.payment_id) for message in inbox.messages}
    yield _equal("(a) every capture came as a webhook, and nothing else", len(owed_webhooks ^ came), 0)
    yield _equal("(a) each payment has its webhook", len(owed_webhooks), len(taken))
    yield _equal("(a) each payment has its events", len(events), evidence.florin.events_each * len(taken))


def _direct(evidence: Evidence) -> Iterator[Check]:
    schema, taken, execute = evidence.direct.schema, evidence.taken["b"], evidence.servers.mariadb.execute
    yield from _succeeded("b", execute, schema, taken)
    owed = execute(f"SELECT -SUM(amount_minor) FROM {schema}.ledger_entries WHERE purpose='merchant_payable'")
    yield _equal("(b) the ledger owes the merchant what was taken", owed[0][0], sum(taken.values()))
    for table, count in evidence.rows.inserted.items():
        found = execute(f"SELECT COUNT(*) FROM {schema}.{table}")
        yield _equal(f"(b) as many rows in {table} as the platform writes", found[0][0], count * len(taken))


def _orm(evidence: Evidence) -> Iterator[Check]:
    schema, taken, execute = evidence.orm.schema, evidence.taken["c"], evidence.servers.mariadb.execute
    yield from _succeeded("c", execute, schema, taken)
    owed = execute(f"SELECT -SUM(amount_minor) FROM {schema}.ledger_entries WHERE account='merchant_payable'")
    yield _equal("(c) the ledger owes the merchant what was taken", owed[0][0], sum(taken.values()))
    unbalanced = execute(f"SELECT 1 FROM {schema}.ledger_entries GROUP BY payment_id HAVING SUM(amount_minor)<>0")
    yield _equal("(c) each payment's entries sum to zero", len(unbalanced), 0)
    unanswered = execute(f"SELECT COUNT(*) FROM {schema}.idempotency_keys WHERE reply IS NULL")
    yield _equal("(c) every idempotency key has its reply", unanswered[0][0], 0)
    events = execute(f"SELECT COUNT(*) FROM {schema}.outbox")
    yield _equal("(c) each payment has its events", events[0][0], evidence.florin.events_each * len(taken))


def _acquirer(evidence: Evidence) -> Iterator[Check]:
    book = evidence.servers.acquirer.ask("GET", "/book", type=dict[str, int])
    amounts = [amount for taken in evidence.taken.values() for amount in taken.values()]
    yield _equal("the acquirer charged each payment once", book["charges"], len(amounts))
    yield _equal("the acquirer charged what was taken", book["charged_minor"], sum(amounts))


def _succeeded(letter: str, execute: Any, schema: str, taken: Taken) -> Iterator[Check]:
    stored = dict(execute(f"SELECT id, amount_minor FROM {schema}.payments WHERE status='succeeded'"))
    what = f"({letter}) the payments that were answered are those that are stored, with their amounts"
    yield Check(what, stored == taken, f"{len(stored)} stored, {len(taken)} answered")


def _equal(what: str, found: Any, wanted: int) -> Check:
    return Check(what, found == wanted, f"{found} of {wanted}" if wanted else f"{found}")
