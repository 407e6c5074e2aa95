"""What can go wrong at the database, told apart by what the caller may conclude.

DuplicateKey            a unique key refused the row (1062); the transaction is still open
TransactionRolledBack   the server gave the transaction up (deadlock, lock wait): nothing happened, try again
DatabaseUnavailable     no answer: nothing is known of the statement, an uncommitted transaction is lost
└── CommitUnknown       no answer to COMMIT: it may have happened, read back by key
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pymysql.err

from florin.errors import Unavailable

_DUPLICATE = 1062
_ROLLED_BACK = frozenset({1020, 1205, 1213})
_GONE = frozenset(
    {1040, 1053, 1129, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1927, 2002, 2003, 2006, 2013, 2014, 2055, 4031}
)


class DuplicateKey(Exception):
    """A unique key refused a row. ``key`` is the index's name."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.key = message.rsplit("'", 2)[-2] if message.count("'") >= 2 else ""


class TransactionRolledBack(Exception):
    """Deadlock or lock wait: the whole transaction may be tried again."""


class DatabaseUnavailable(Unavailable):
    """The database does not answer."""

    code = "database_unavailable"
    title = "The database does not answer"


class CommitUnknown(DatabaseUnavailable):
    """The answer to a COMMIT was lost."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into this module's. Programming errors pass unchanged."""
    try:
        yield
    except pymysql.err.MySQLError as error:
        code = error.args[0] if error.args else 0
        if code == _DUPLICATE:
            raise DuplicateKey(str(error.args[1])) from None
        if code in _ROLLED_BACK:
            raise TransactionRolledBack(str(error)) from error
        if code in _GONE or isinstance(error, pymysql.err.InterfaceError):
            raise DatabaseUnavailable("The database does not answer; try again.") from error
        raise
    except (OSError, EOFError, TimeoutError) as error:
        raise DatabaseUnavailable("The database does not answer; try again.") from error
