"""The benchmark runs from end to end, and finds out where what it measured was not done."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from tests.benchmarks.commits import commits_between, position
from tests.benchmarks.measuring import require_all
from tests.benchmarks.results import LEVELS, SERVICE, SUBJECTS, Result
from tests.benchmarks.run import Bench, open_bench
from tests.benchmarks.servers import durable_settings
from tests.benchmarks.verification import verify

from devtools.commands.bench import LOCK
from devtools.demo.client import Client
from devtools.environment import environment_python
from devtools.failure import Failure

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(600)  # the first run makes an environment for what Florin is compared with


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with open_bench(environment_python(LOCK)) as bench:
        bench.warm_up(0.2)
        yield bench


def broken(bench: Bench) -> set[str]:
    return {check.what for check in verify(bench.evidence) if not check.holds}


def test_the_smallest_run_measures_every_subject_at_every_level(tmp_path: Path) -> None:
    smallest = ["bench", "--rounds", "1", "--seconds", "0.2", "--profile", "--output", str(tmp_path)]
    done = subprocess.run([sys.executable, str(ROOT / "dev"), *smallest], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "What was measured was also done" in done.stdout
    result = msgspec.json.decode((tmp_path / "result.json").read_bytes(), type=Result)
    for subject in SUBJECTS:
        for level in LEVELS:
            (found,) = result.of(subject, level)
            assert found.payments > 0
            assert 0 < found.p50_ms <= found.p99_ms
            assert (found.webhook_p99_ms >= found.webhook_p50_ms > 0) is (subject == "a")
            assert {SERVICE[subject], "mariadbd", "redis", "acquirer", "load", "receiver"} <= found.cpu_ms.keys()
    assert result.checks
    assert result.machine.database["sync_binlog"] == 1
    (half_load,) = result.half_loads
    assert half_load.webhooks == half_load.payments > 0
    assert sum(result.profile.values()) == pytest.approx(1)
    ElementTree.parse(tmp_path / "chart.svg")


def test_two_commits_a_payment_are_counted_where_two_are_made(bench: Bench) -> None:
    execute = bench.servers.mariadb.execute
    for subject in (bench.direct, bench.orm):
        start = position(execute)
        load = subject.run(callers=4, seconds=0.2)
        bench.note(subject, load)
        assert commits_between(execute, start, position(execute))[subject.schema] == 2 * len(load.payments)


def test_the_service_that_is_compared_with_replays_a_key_and_charges_once(bench: Bench) -> None:
    client = Client(f"http://127.0.0.1:{bench.orm.port}", bench.orm.token)
    body = {"amount_minor": 1234, "currency": "EUR", "confirm": True, "payment_method": {"token": "tok_visa"}}
    first = client.must("POST", "/v1/payments", body, key="once")
    again = client.must("POST", "/v1/payments", body, key="once")
    assert again.json == first.json
    assert client.call("POST", "/v1/payments", body | {"amount_minor": 1}, key="once").status == 422
    assert (
        Client(f"http://127.0.0.1:{bench.orm.port}", "another").call("POST", "/v1/payments", body, key="k").status
        == 401
    )
    bench.evidence.taken["c"][first.json["id"]] = 1234
    assert broken(bench) == set()


def test_a_load_that_is_refused_measures_nothing(bench: Bench) -> None:
    token, bench.florin.token = bench.florin.token, "sk_test_nobody"
    try:
        with pytest.raises(Failure, match=r"did not take every payment.*401"):
            require_all(bench.florin, bench.florin.run(callers=1, seconds=0.01))
    finally:
        bench.florin.token = token


def test_what_was_not_done_is_found(bench: Bench) -> None:
    assert broken(bench) == set()
    a, b, c, execute = bench.florin.schema, bench.direct.schema, bench.orm.schema, bench.servers.mariadb.execute
    found: set[str] = set()

    def finds(*sentences: str) -> bool:
        nonlocal found
        before, found = found, broken(bench)
        return found - before == set(sentences)

    execute(f"UPDATE {a}.outbox SET aggregate_id='pay_of_nobody' WHERE type='payment.captured' LIMIT 1")
    assert finds("(a) every capture came as a webhook, and nothing else")
    execute(f"UPDATE {a}.idempotency_keys SET reply=NULL LIMIT 1")
    assert finds("(a) every idempotency key has its reply")
    execute(f"DELETE FROM {a}.ledger_entries WHERE purpose='merchant_payable' LIMIT 1")
    assert finds(
        "(a) the ledger owes the merchant what was taken", "(a) the platform's own proof of its ledger finds nothing"
    )
    execute(f"DELETE FROM {b}.external_references LIMIT 1")
    assert finds("(b) as many rows in external_references as the platform writes")
    execute(f"UPDATE {c}.ledger_entries SET amount_minor=amount_minor+1 WHERE account='acquirer_fees' LIMIT 1")
    assert finds("(c) each payment's entries sum to zero")
    execute(f"UPDATE {c}.payments SET status='processing' LIMIT 1")
    assert finds("(c) the payments that were answered are those that are stored, with their amounts")
    charge = {"reference": "TWICE", "amount_minor": 1, "currency": "EUR"}
    bench.servers.acquirer.ask("POST", "/acquirer/v1/authorizations", charge, type=dict)
    assert finds("the acquirer charged each payment once", "the acquirer charged what was taken")


def test_a_database_that_is_not_durable_is_refused(bench: Bench) -> None:
    bench.servers.mariadb.execute("SET GLOBAL sync_binlog=0")
    try:
        with pytest.raises(Failure, match="not durable"):
            durable_settings(bench.servers.mariadb)
    finally:
        bench.servers.mariadb.execute("SET GLOBAL sync_binlog=1")
    durable_settings(bench.servers.mariadb)
