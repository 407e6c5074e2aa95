"""Events enter a service: a consumer with leases, an inbox against doubles, floors, and dead letters."""

from pathlib import Path

from florin.inbox.applying import RetrySettings
from florin.inbox.consumer import Consumer, ConsumerSettings
from florin.inbox.dead_letters import (
    DeadLetter,
    DeadLetterReplayed,
    DeadLetterUnreadable,
    list_dead_letters,
    replay_dead_letter,
)
from florin.inbox.received import Handler, ReceivedEvent

MIGRATIONS = Path(__file__).parent / "migrations"

__all__ = [
    "MIGRATIONS",
    "Consumer",
    "ConsumerSettings",
    "DeadLetter",
    "DeadLetterReplayed",
    "DeadLetterUnreadable",
    "Handler",
    "ReceivedEvent",
    "RetrySettings",
    "list_dead_letters",
    "replay_dead_letter",
]
