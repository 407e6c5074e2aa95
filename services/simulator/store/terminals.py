"""Terminals and how the acquirer behaves; few, read often, so they are held in memory beside the file."""

import hashlib

import msgspec

from simulator.domain.terminals import Conduct, Terminal
from simulator.store.book import Book


class Register:
    """The terminals that may use the acquirer."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._by_key: dict[bytes, Terminal] = {}
        self._secrets: dict[str, str] = {}
        self.conduct = Conduct()
        self.reload()

    def reload(self) -> None:
        """Read everything from the book again."""
        self._by_key.clear()
        self._secrets.clear()
        for row in self._book.rows("SELECT key_sha256, callback_secret, body FROM terminals ORDER BY id"):
            terminal = msgspec.json.decode(row["body"], type=Terminal)
            self._by_key[bytes.fromhex(row["key_sha256"])] = terminal
            self._secrets[terminal.id] = row["callback_secret"]
        stored = self._book.row("SELECT value FROM conduct WHERE name = 'conduct'")
        self.conduct = msgspec.json.decode(stored["value"], type=Conduct) if stored else Conduct()

    def find_by_key(self, key: str) -> Terminal | None:
        """The terminal of a key."""
        return self._by_key.get(hashlib.sha256(key.encode()).digest())

    def find(self, terminal_id: str) -> Terminal | None:
        """The terminal of an id."""
        return next((terminal for terminal in self._by_key.values() if terminal.id == terminal_id), None)

    def secret_of(self, terminal_id: str) -> str | None:
        """The secret that signs a terminal's callbacks."""
        return self._secrets.get(terminal_id)

    def all(self) -> list[Terminal]:
        """Every terminal, by id."""
        return sorted(self._by_key.values(), key=lambda terminal: terminal.id)

    def put(self, terminal: Terminal, *, key: str, callback_secret: str) -> None:
        """Add a terminal, or give one of this id a new key, secret and treatment."""
        self._book.write(
            "INSERT INTO terminals (id, key_sha256, callback_secret, body) VALUES (?1, ?2, ?3, ?4) "
            "ON CONFLICT (id) DO UPDATE SET key_sha256 = ?2, callback_secret = ?3, body = ?4",
            terminal.id,
            hashlib.sha256(key.encode()).hexdigest(),
            callback_secret,
            msgspec.json.encode(terminal).decode(),
        )
        self.reload()

    def change(self, terminal: Terminal) -> None:
        """Change how a terminal is treated."""
        body = msgspec.json.encode(terminal).decode()
        self._book.write("UPDATE terminals SET body = ? WHERE id = ?", body, terminal.id)
        self.reload()

    def behave(self, conduct: Conduct) -> None:
        """Change how the acquirer behaves."""
        self._book.write(
            "INSERT OR REPLACE INTO conduct (name, value) VALUES ('conduct', ?)", msgspec.json.encode(conduct).decode()
        )
        self.conduct = conduct
