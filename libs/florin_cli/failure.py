"""How a command ends when it does not end well, and the exit status that says so to scripts.

Failure
├── Misused        2  the arguments, the settings or a file are wrong; nothing was sent
├── Unreachable    3  the service could not be spoken to
├── Refused        4  the service understood and said no (a problem document)
└── Broken         5  the service failed, or what answered is no service of ours
"""

from enum import IntEnum
from typing import Any, ClassVar


class Exit(IntEnum):
    """Exit statuses, the same for every command."""

    OK = 0
    FINDING = 1
    """The command did its work and found something that a person must look at."""
    MISUSED = 2
    UNREACHABLE = 3
    REFUSED = 4
    BROKEN = 5
    INTERRUPTED = 130


class Failure(Exception):
    """``sentence`` says what is wrong, ``advice`` what to do about it."""

    exit: Exit = Exit.BROKEN
    code: ClassVar[str] = "failed"

    def __init__(self, sentence: str, *, advice: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.advice = advice

    def document(self) -> dict[str, Any]:
        """What ``--json`` says on standard error."""
        return {"code": self.code, "detail": self.sentence} | ({"advice": self.advice} if self.advice else {})


class Misused(Failure):
    """The person who calls can mend it."""

    exit = Exit.MISUSED
    code = "usage"


class Unreachable(Failure):
    """No answer."""

    exit = Exit.UNREACHABLE
    code = "unreachable"


class Broken(Failure):
    """An answer that no working service of this version gives."""

    exit = Exit.BROKEN
    code = "broken_answer"


class Refused(Failure):
    """A problem document (RFC 9457), as the service sent it. Statuses of 500 and more are the service's own fault."""

    def __init__(self, problem: dict[str, Any], *, service: str, advice: str = "") -> None:
        super().__init__(str(problem.get("detail") or problem.get("title")), advice=advice)
        self.problem = problem
        self.service = service
        self.exit = Exit.BROKEN if problem["status"] >= 500 else Exit.REFUSED

    def document(self) -> dict[str, Any]:
        """The problem document itself."""
        return self.problem
