"""MySQL and MariaDB behind one thin module: the only one that knows the driver (aiomysql)."""

from florin.database.connection import Connection, Row
from florin.database.errors import CommitUnknown, DatabaseUnavailable, DuplicateKey, TransactionRolledBack
from florin.database.literals import literal
from florin.database.migrations import MigrationError, migrate, opened
from florin.database.pool import Database, DatabaseSettings

__all__ = [
    "CommitUnknown",
    "Connection",
    "Database",
    "DatabaseSettings",
    "DatabaseUnavailable",
    "DuplicateKey",
    "MigrationError",
    "Row",
    "TransactionRolledBack",
    "literal",
    "migrate",
    "opened",
]
