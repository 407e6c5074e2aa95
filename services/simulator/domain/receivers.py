"""A receiver: a merchant's webhook endpoint to send to, which verifies, remembers, and answers as told."""

from typing import Annotated

from msgspec import Meta, Struct

ReceiverName = Annotated[str, Meta(pattern="^[a-z0-9_-]{1,60}$")]


class ReceiverAnswer(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the next webhooks are answered: ``count`` of them, or all. A redirect needs a ``location``."""

    status: Annotated[int, Meta(ge=200, le=599)] = 200
    delay_ms: Annotated[int, Meta(ge=0, le=600_000)] = 0
    retry_after_s: Annotated[int, Meta(ge=0, le=86_400)] | None = None
    location: Annotated[str, Meta(max_length=500, pattern="^[!-~]*$")] | None = None
    count: Annotated[int, Meta(ge=0)] | None = None


class Receiver(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Any of the secrets may verify a webhook: there are two while one is rotated."""

    secrets: tuple[Annotated[str, Meta(pattern="^whsec_[A-Za-z0-9+/=]{16,200}$")], ...] = ()
    answer: ReceiverAnswer = ReceiverAnswer()
