"""Which faults strike a request: those of its test card, and those of the control API's rules."""

from simulator.domain.cards import find_card
from simulator.domain.faults import CALLBACK_EFFECTS, Effect, Fault, Moment, strikes_at
from simulator.domain.operations import Kind
from simulator.store.book import Book
from simulator.store.faults import FaultRules, strike_once


class Disturbance:
    """The faults of one request, by what they disturb."""

    def __init__(self, faults: list[Fault]) -> None:
        self.before = [fault for fault in faults if strikes_at(fault) is Moment.BEFORE]
        self.after = [fault for fault in faults if strikes_at(fault) is Moment.AFTER]
        self.callbacks = [fault for fault in faults if fault.effect in CALLBACK_EFFECTS]
        self.hidden_ms = max((fault.delay_ms for fault in faults if fault.effect is Effect.HIDE), default=0)

    @property
    def exceptional(self) -> bool:
        """Whether the client may be in doubt about a booked operation, so that a callback is due."""
        return bool(self.after or self.callbacks)


NO_DISTURBANCE = Disturbance([])


def draw_disturbance(
    book: Book, rules: FaultRules, *, kind: Kind, terminal: str, reference: str, card: str | None
) -> Disturbance:
    """What strikes this request; a test card's own faults only once for each reference."""
    faults = rules.draw(kind, terminal, reference)
    if card is not None:
        test_card = find_card(card)
        if test_card.faults and test_card.faults_on is kind and strike_once(book, terminal, reference):
            faults = [*faults, *test_card.faults]
    return Disturbance(faults) if faults else NO_DISTURBANCE
