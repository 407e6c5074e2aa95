"""One measurement: a subject takes payments for a while, and what that cost is noted."""

import math
import time
from pathlib import Path

from tests.benchmarks.commits import commits_between, position
from tests.benchmarks.load import Load
from tests.benchmarks.programs import cpu_seconds
from tests.benchmarks.receiver import Received
from tests.benchmarks.results import HalfLoad, Measurement
from tests.benchmarks.servers import Servers
from tests.benchmarks.subjects import Subject

from devtools.failure import Failure

_PROCESSORS = Path("/proc/stat").read_text().count("\ncpu")


def measure(
    servers: Servers, subjects: list[Subject], subject: Subject, *, number: int, callers: int, seconds: float
) -> tuple[Measurement, Load]:
    """One round of a subject, while the others stand by."""
    execute = servers.mariadb.execute
    beside = {f"{s.letter} {name}": pid for s in subjects if s is not subject for name, pid in s.processes.items()}
    pids = servers.processes | subject.processes | beside
    start, began, busy = position(execute), time.perf_counter(), _busy_seconds()
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    load = subject.run(callers=callers, seconds=seconds)
    subject.settle()
    used = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
    capacity = (time.perf_counter() - began) * _PROCESSORS
    busy = _busy_seconds() - busy
    count = len(require_all(subject, load).payments)
    commits = commits_between(execute, start, position(execute))
    owners = {schema: owner for s in subjects for schema, owner in s.schemas.items()}
    latencies = [taken.latency_s for taken in load.payments]
    lateness = _since_decision(subject.webhooks(load))
    measurement = Measurement(
        round=number,
        subject=subject.letter,
        callers=callers,
        payments=count,
        payments_per_s=count / load.seconds,
        p50_ms=percentile(latencies, 0.50) * 1000,
        p99_ms=percentile(latencies, 0.99) * 1000,
        webhook_p50_ms=percentile(lateness, 0.50) * 1000,
        webhook_p99_ms=percentile(lateness, 0.99) * 1000,
        cpu_ms={name: used[name] / count * 1000 for name in pids if name not in beside},
        commits={owners[schema]: number / count for schema, number in commits.items()},
        standing_by=sum(used[name] for name in beside) / capacity,
        elsewhere=max(0.0, busy - sum(used.values())) / capacity,
    )
    return measurement, load


def half_load_of(number: int, rate_per_s: float, load: Load, messages: list[Received]) -> HalfLoad:
    """What an open loop showed: how long callers waited, and how late webhooks came."""
    answered = {taken.payment_id: taken.answered_at for taken in load.payments}
    since_decision = _since_decision(messages)
    # The last event of a payment is that of the commit that its caller was answered after.
    since_answer = [m.received_at - answered[m.payment_id] for m in messages if m.type == "payment.captured"]
    latencies = [taken.latency_s for taken in load.payments]
    return HalfLoad(
        round=number,
        payments_per_s=rate_per_s,
        payments=len(load.payments),
        webhooks=len(messages),
        api_p50_ms=percentile(latencies, 0.50) * 1000,
        api_p99_ms=percentile(latencies, 0.99) * 1000,
        webhook_p50_ms=percentile(since_decision, 0.50) * 1000,
        webhook_p99_ms=percentile(since_decision, 0.99) * 1000,
        webhook_from_answer_p99_ms=percentile(since_answer, 0.99) * 1000,
    )


def require_all(subject: Subject, load: Load) -> Load:
    """The same load. Raises Failure where a payment was not taken: then nothing was measured."""
    if load.refused or not load.payments:
        raise Failure(f"{subject.title} did not take every payment: {load.refused[:3]}")
    return load


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed; zero of none."""
    ordered = sorted(values) or [0.0]
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def _since_decision(messages: list[Received]) -> list[float]:
    return [message.received_at - message.decided_at for message in messages]


def _busy_seconds() -> float:
    """Processor time of everything on this machine: user, nice, system, irq and softirq of /proc/stat."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:7])) / 100
