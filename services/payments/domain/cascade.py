"""When another acquirer may be tried after a decline, and when that would only break the schemes' rules."""

from payments.domain.outcome import Decline

# The refusal came from the way to the issuer and not from a look at the account. Everything else would be refused
# again, and counts against the schemes' caps on retries.
_ANOTHER_WAY_MAY_HELP = frozenset({"issuer_unavailable", "processing_error", "acquirer_error"})


def allows_another_acquirer(decline: Decline) -> bool:
    """Whether a cascade may follow this decline."""
    return decline.reason in _ANOTHER_WAY_MAY_HELP
