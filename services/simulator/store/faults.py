"""Fault rules, held in memory beside the file, and which test tokens have struck."""

import msgspec
from msgspec.structs import asdict

from florin.ids import new_ulid
from simulator.domain.faults import Fault, FaultOrder, FaultRule
from simulator.domain.operations import Kind
from simulator.store.book import Book


class FaultRules:
    """The rules of the control API."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._rules: dict[str, FaultRule] = {}
        self.reload()

    def reload(self) -> None:
        """Read the rules from the book again."""
        rows = self._book.rows("SELECT body FROM fault_rules ORDER BY id")
        rules = [msgspec.json.decode(row["body"], type=FaultRule) for row in rows]
        self._rules = {rule.id: rule for rule in rules}

    def all(self) -> list[FaultRule]:
        """Every rule, oldest first."""
        return list(self._rules.values())

    def add(self, order: FaultOrder) -> FaultRule:
        """Put an order in force; it begins at once."""
        rule = FaultRule(**asdict(order), id=f"flt_{new_ulid()}")
        self._store(rule)
        return rule

    def remove(self, rule_id: str) -> bool:
        """End a rule; False where there is none."""
        self._book.write("DELETE FROM fault_rules WHERE id = ?", rule_id)
        return self._rules.pop(rule_id, None) is not None

    def clear(self) -> None:
        """End all rules."""
        self._book.write("DELETE FROM fault_rules")
        self._rules.clear()

    def draw(self, operation: Kind, terminal: str, reference: str) -> list[Fault]:
        """The faults that strike this request, counted."""
        if not self._rules:
            return []
        faults = []
        for rule in list(self._rules.values()):
            if rule.concerns(operation, terminal, reference):
                after, strikes = rule.after_request()
                self._store(after)
                if strikes:
                    faults.append(after.fault)
        return faults

    def _store(self, rule: FaultRule) -> None:
        self._rules[rule.id] = rule
        self._book.write(
            "INSERT OR REPLACE INTO fault_rules (id, body) VALUES (?, ?)",
            rule.id,
            msgspec.json.encode(rule).decode(),
        )


def strike_once(book: Book, terminal: str, reference: str) -> bool:
    """Whether a test token's faults meet this reference for the first time; they will not a second time."""
    if book.row("SELECT 1 FROM strikes WHERE terminal = ? AND reference = ?", terminal, reference):
        return False
    book.write("INSERT INTO strikes (terminal, reference) VALUES (?, ?)", terminal, reference)
    return True
