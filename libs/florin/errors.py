"""The one tree of errors that may reach a caller.

FlorinError
├── InvalidRequest          kind=invalid          the caller can mend the request
├── Unauthenticated         kind=unauthenticated  no credential, or one that is not (any more) good
├── Forbidden               kind=forbidden        a good credential without this right
├── NotFound                kind=not_found        no such thing, or another merchant's
├── Conflict                kind=conflict         the thing's state does not allow it
├── Stale                   kind=stale            written from an older state than the present one
├── Declined                kind=declined         valid, and refused by the other side
├── TooLarge                kind=too_large        a body or a value past its limit
├── RateLimited             kind=rate_limited     later; carries retry_after_s
└── Unavailable             kind=unavailable      later; carries retry_after_s

A subclass sets ``code``, which is stable and has a page in the reference. HTTP statuses are no
business of this module: `florin.service.problems` maps a kind to one.
"""

from enum import StrEnum
from typing import Any, ClassVar


class Kind(StrEnum):
    """What a caller can do about an error."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    STALE = "stale"
    DECLINED = "declined"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"


class FlorinError(Exception):
    """An error with a stable code. ``detail`` is a sentence for a person, ``param`` the field at fault.

    ``extensions`` become members of the problem document (RFC 9457, section 3.2).
    """

    code: ClassVar[str] = "error"
    kind: ClassVar[Kind] = Kind.INVALID
    title: ClassVar[str] = "The request could not be carried out"
    retryable: ClassVar[bool] = False
    contradicts: ClassVar[bool] = False
    """Well-formed and understood, yet at odds with what was said before (a used key with another body)."""

    def __init__(self, detail: str, *, param: str | None = None, **extensions: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.param = param
        self.extensions = extensions


class InvalidRequest(FlorinError):
    """The request itself is wrong; sending it again unchanged cannot help."""

    code = "invalid_request"
    kind = Kind.INVALID
    title = "The request is not valid"


class Unauthenticated(FlorinError):
    """No credential, or one that is unknown, expired or revoked."""

    code = "unauthenticated"
    kind = Kind.UNAUTHENTICATED
    title = "A valid API key is needed"


class Forbidden(FlorinError):
    """The credential is good and does not carry this right."""

    code = "forbidden"
    kind = Kind.FORBIDDEN
    title = "This key may not do that"


class NotFound(FlorinError):
    """Nothing with this id that the caller may see."""

    code = "not_found"
    kind = Kind.NOT_FOUND
    title = "Not found"


class Conflict(FlorinError):
    """The present state does not allow it."""

    code = "conflict"
    kind = Kind.CONFLICT
    title = "The present state does not allow this"


class Stale(FlorinError):
    """The writer knew an older state than the one that is stored; what it wrote is overtaken."""

    code = "stale"
    kind = Kind.STALE
    title = "A newer state is stored already"


class Declined(FlorinError):
    """The request was valid and the issuer or acquirer refused it."""

    code = "declined"
    kind = Kind.DECLINED
    title = "The payment was declined"


class TooLarge(FlorinError):
    """A body past its limit."""

    code = "body_too_large"
    kind = Kind.TOO_LARGE
    title = "The request body is too large"


class RateLimited(FlorinError):
    """Too many requests with this key."""

    code = "rate_limited"
    kind = Kind.RATE_LIMITED
    title = "Too many requests"
    retryable = True

    def __init__(self, detail: str, *, retry_after_s: int = 1, **extensions: Any) -> None:
        super().__init__(detail, **extensions)
        self.retry_after_s = retry_after_s


class Unavailable(FlorinError):
    """Cannot be done now, may work later."""

    code = "unavailable"
    kind = Kind.UNAVAILABLE
    title = "Temporarily unavailable"
    retryable = True

    def __init__(self, detail: str, *, retry_after_s: int = 1, **extensions: Any) -> None:
        super().__init__(detail, **extensions)
        self.retry_after_s = retry_after_s
