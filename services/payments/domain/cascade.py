"""When another acquirer may be tried after a decline, and when that would only break the schemes' rules."""

from payments.domain.declines import Action, NormalizedReason
from payments.domain.outcome import Decline

# The refusal came from the way to the issuer and not from a look at the account. Everything else would be refused
# again, and counts against the schemes' caps on retries.
_ANOTHER_WAY_MAY_HELP = frozenset({NormalizedReason.ISSUER_UNAVAILABLE, NormalizedReason.PROCESSING_ERROR})


def allows_another_acquirer(decline: Decline) -> bool:
    """Whether a cascade may follow this decline. A scheme's advice never to retry forbids it whatever the reason."""
    return decline.reason in _ANOTHER_WAY_MAY_HELP and decline.action != Action.NEVER_RETRY
