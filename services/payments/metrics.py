"""What to watch of payments, beside what every service shows."""

from prometheus_client import Gauge

from payments.store.committer import Committer

_COMMITS = Gauge("florin_commits", "Transactions that the committer has stored since the start.")
_DECISIONS = Gauge("florin_decisions", "Decisions that the committer has stored since the start.")
_WAITING = Gauge("florin_decisions_waiting", "Decisions that wait for the next transaction.")


def watch_committer(committer: Committer) -> None:
    """Show a committer's counts; decisions by commits is how well it groups."""
    _COMMITS.set_function(lambda: committer.commits)
    _DECISIONS.set_function(lambda: committer.decisions)
    _WAITING.set_function(lambda: committer.waiting)
