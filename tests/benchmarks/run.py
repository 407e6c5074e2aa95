"""Runs the benchmark: ``python -m tests.benchmarks.run PLAN`` with a `Plan` as JSON (`./dev bench` makes one)."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from tests.benchmarks.captured_rows import read_columns
from tests.benchmarks.chart import draw
from tests.benchmarks.load import Load
from tests.benchmarks.machine import describe
from tests.benchmarks.measuring import half_load_of, measure, require_all
from tests.benchmarks.page import write_page
from tests.benchmarks.profiling import profiled, shares
from tests.benchmarks.results import LEVELS, HalfLoad, Measurement, Result
from tests.benchmarks.servers import ACQUIRER_LATENCY_MS, Servers, open_servers
from tests.benchmarks.subjects import Direct, Florin, OrmService, Subject
from tests.benchmarks.terminal import show
from tests.benchmarks.verification import Evidence, verify

from devtools.failure import Failure
from devtools.screen import Step

_HALF_LOAD_CALLERS = 256
_PROFILED_S = 12.0


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """What to do. ``orm_python`` runs subject (c), and py-spy is beside it."""

    orm_python: str
    output: str
    rounds: int
    seconds: float
    profile: bool = False
    publish: bool = False


class Bench:
    """The subjects on their servers, and which payments were taken of each."""

    def __init__(self, servers: Servers, orm_python: Path, running: ExitStack) -> None:
        self.servers = servers
        self.florin = Florin(servers)
        running.callback(self.florin.stop)
        self.rows, first = self.florin.watch_one()
        tables = read_columns(servers.mariadb.execute, self.florin.schema)
        self.direct = Direct(servers, self.florin, self.rows, tables)
        running.callback(self.direct.stop)
        self.orm = OrmService(servers, orm_python)
        running.callback(self.orm.stop)
        self.subjects: list[Subject] = [self.florin, self.direct, self.orm]
        self._taken: dict[str, dict[str, int]] = {subject.letter: {} for subject in self.subjects}
        self.note(self.florin, first)

    @property
    def evidence(self) -> Evidence:
        """For `verification`."""
        return Evidence(self.servers, self.florin, self.direct, self.orm, self.rows, self._taken)

    def warm_up(self, seconds: float) -> None:
        """Connections are made, caches filled, code compiled; nothing is measured."""
        for subject in self.subjects:
            self.note(subject, subject.run(callers=max(LEVELS), seconds=seconds))
            subject.settle()

    def round(self, number: int, seconds: float) -> Iterator[Measurement]:
        """Every level with every subject in turn, another one first in each round."""
        for level in LEVELS:
            for place in range(len(self.subjects)):
                subject = self.subjects[(place + number) % len(self.subjects)]
                found, load = measure(
                    self.servers, self.subjects, subject, number=number, callers=level, seconds=seconds
                )
                self.note(subject, load)
                yield found

    def half_load(self, number: int, rate_per_s: float, seconds: float) -> HalfLoad:
        """The platform under an open loop."""
        load = self.florin.run(callers=_HALF_LOAD_CALLERS, seconds=seconds, rate_per_s=rate_per_s)
        self.note(self.florin, load)
        self.florin.settle()
        return half_load_of(number, rate_per_s, load, self.florin.webhooks(load))

    def profile(self, py_spy: Path, output: Path) -> dict[str, float]:
        """Where payments spends its time at 32; not measured with the rest, for sampling costs."""
        with profiled(py_spy, self.florin.processes["payments"], _PROFILED_S - 2, output):
            self.note(self.florin, self.florin.run(callers=32, seconds=_PROFILED_S))
        self.florin.settle()
        return shares(output)

    def note(self, subject: Subject, load: Load) -> None:
        """Remember what its callers were answered, for the verification."""
        require_all(subject, load)
        self._taken[subject.letter].update((taken.payment_id, taken.amount_minor) for taken in load.payments)


@contextmanager
def open_bench(orm_python: Path) -> Iterator[Bench]:
    """Start everything; at the end nothing is left."""
    with open_servers() as servers, ExitStack() as running:
        yield Bench(servers, orm_python, running)


def execute(plan: Plan) -> Result:
    """Carry out a plan."""
    python, output = Path(plan.orm_python), Path(plan.output)
    with Step("Databases, the platform, and what it is compared with") as step, ExitStack() as running:
        bench = running.enter_context(open_bench(python))
        result = Result(
            began=datetime.now(UTC).isoformat(timespec="seconds"),
            rounds=plan.rounds,
            seconds=plan.seconds,
            acquirer_ms=ACQUIRER_LATENCY_MS,
            machine=describe(bench.servers, (sys.executable, plan.orm_python)),
            rows=bench.rows.count,
            measurements=[],
            half_loads=[],
            checks=[],
        )
        step.progress("ready")
        running = running.pop_all()
    with running:
        with Step("Warming up"):
            bench.warm_up(min(2.0, plan.seconds))
        for number in range(plan.rounds):
            with Step(f"Round {number + 1} of {plan.rounds}") as step:
                for found in bench.round(number, plan.seconds):
                    result.measurements.append(found)
                    step.progress(f"({found.subject}) at {found.callers}: {found.payments_per_s:,.0f} payments/s")
                rate_per_s = result.of("a", 32)[-1].payments_per_s / 2
                result.half_loads.append(bench.half_load(number, rate_per_s, plan.seconds * 2))
        if plan.profile:
            with Step("A profile of payments"):
                result.profile = bench.profile(python.with_name("py-spy"), output / "profile.txt")
        with Step("Was it done?") as step:
            result.checks = verify(bench.evidence)
            step.progress(f"{sum(check.holds for check in result.checks)} of {len(result.checks)} checks hold")
    return result


def main() -> int:
    """Measure, write, show. Exit status 1 where what was measured was not done."""
    plan = msgspec.json.decode(sys.argv[1], type=Plan)
    (output := Path(plan.output)).mkdir(parents=True, exist_ok=True)
    try:
        result = execute(plan)
    except Failure as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    (output / "result.json").write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")
    (output / "chart.svg").write_text(draw(result))
    if plan.publish and result.holds:
        write_page(result)
    show(result)
    print(f"Written to {output}: result.json, chart.svg{', profile.txt' if plan.profile else ''}.")
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
