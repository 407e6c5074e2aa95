"""What a run of the benchmark found, as it is written to ``result.json``."""

from msgspec import Struct

LEVELS = (1, 32, 128)
"""How many callers pay at once."""
SUBJECTS = {"a": "Florin", "b": "rows written directly", "c": "FastAPI + SQLAlchemy"}
SERVICE = {"a": "payments", "b": "direct writer", "c": "orm service"}
"""The process of each subject that does the job that is compared: takes the request, writes, asks the acquirer."""
FLORIN_SERVICES = ("payments", "notifications", "merchants")


class Measurement(Struct):
    """What one subject did in one round. Costs are those of one payment."""

    round: int
    subject: str
    callers: int
    payments: int
    payments_per_s: float
    p50_ms: float
    p99_ms: float
    webhook_p50_ms: float
    """From the decision, which is before its commit, until the webhook was received: never too short. Of (a) only."""
    webhook_p99_ms: float
    cpu_ms: dict[str, float]
    """Processor time by process, from the first request until the last webhook has come."""
    commits: dict[str, float]
    """Durable transactions by whose tables they wrote to."""
    standing_by: float
    """The share of the machine's processors that the other subjects used, though nothing was asked of them."""
    elsewhere: float
    """The share that programs used which are not the benchmark's: what makes a measurement doubtful."""


class HalfLoad(Struct):
    """The platform under an open loop at half of what it took at 32 in the same round."""

    round: int
    payments_per_s: float
    payments: int
    webhooks: int
    api_p50_ms: float
    api_p99_ms: float
    webhook_p50_ms: float
    webhook_p99_ms: float
    webhook_from_answer_p99_ms: float
    """From the API's answer, which is after the commit: never too long."""


class Check(Struct):
    """Something that has to be so after the run, and what was found."""

    what: str
    holds: bool
    found: str = ""


class Machine(Struct):
    """Where it ran."""

    processor: str
    cores: int
    kernel: str
    python: str
    commit: str
    versions: dict[str, str]
    database: dict[str, int]
    """Settings that make an acknowledged commit durable, as the server itself says them."""


class Result(Struct):
    """A whole run."""

    began: str
    rounds: int
    seconds: float
    acquirer_ms: int
    machine: Machine
    rows: dict[str, int]
    """How many rows each phase of a payment writes, in (a) and (b)."""
    measurements: list[Measurement]
    half_loads: list[HalfLoad]
    checks: list[Check]
    profile: dict[str, float] = {}
    """Shares of the processor time of payments by part, where a profile was asked for."""

    @property
    def holds(self) -> bool:
        """Whether what was measured was also done."""
        return all(check.holds for check in self.checks)

    def of(self, subject: str, callers: int) -> list[Measurement]:
        """A subject's measurements at one level, by round."""
        found = [m for m in self.measurements if (m.subject, m.callers) == (subject, callers)]
        return sorted(found, key=lambda m: m.round)
