"""The configuration of one merchant, defined once: stored by merchants, projected by the others, shown as a resource.

JSON names are camelCase because the same document is the ``spec`` of a Kubernetes resource, whose schema is made from
these types. Each list and text is bounded. Rules between fields are in `florin.contracts.merchant_config_rules`.

Unknown fields are tolerated here, so that a projection may be older than what it projects; what writes a
configuration refuses them with `unknown_fields`.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        min_length=1,
        max_length=63,
        description="Lower-case letters, digits and hyphens.",
    ),
]
MerchantId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$",
        min_length=1,
        max_length=64,
        description="The merchant's id; lower-case letters, digits, hyphens and underscores. It never changes.",
    ),
]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", max_length=3, description="Currency, ISO 4217 alphabetic code.")]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s]+$", max_length=2048, description="An absolute URL.")]
BinPrefix = Annotated[
    str,
    Meta(pattern=r"^[0-9]{1,8}$", max_length=8, description="The first 1 to 8 digits of a card number (ISO/IEC 7812)."),
]
EventPattern = Annotated[
    str,
    Meta(
        pattern=r"^(\*|[a-z_]+\.(\*|[a-z_]+))$",
        max_length=64,
        description="An event type such as `payment.captured`, a family such as `payment.*`, or `*`.",
    ),
]
AmountMinor = Annotated[
    int, Meta(ge=0, le=999_999_999_999_999, description="An amount in minor units of the currency named beside it.")
]
MerchantAccount = Annotated[
    str, Meta(min_length=1, max_length=64, description="A merchant account (MID) at an acquirer.")
]
Seconds = Annotated[int, Meta(ge=1, le=2_592_000, description="A duration in seconds.")]


class ReconcilePolicy(StrEnum):
    """What the operator does about a difference between a resource and what is stored."""

    ENFORCE = "Enforce"
    REPORT = "Report"
    PAUSED = "Paused"


class DeletionPolicy(StrEnum):
    """What becomes of the merchant when its resource is deleted; history is never erased."""

    RETAIN = "Retain"
    DISABLE = "Disable"


class PaymentMethodType(StrEnum):
    """Kinds of payment methods."""

    CARD = "card"


class Scheme(StrEnum):
    """Card schemes."""

    VISA = "visa"
    MASTERCARD = "mastercard"
    AMEX = "amex"
    DISCOVER = "discover"
    DINERS = "diners"
    JCB = "jcb"
    MAESTRO = "maestro"
    UNIONPAY = "unionpay"


class ThreeDSChallenge(StrEnum):
    """When a challenge is asked for (EMV 3-D Secure, threeDSRequestorChallengeInd)."""

    NEVER = "never"
    WHEN_REQUIRED = "when_required"
    ALWAYS = "always"


class OnUnavailable(StrEnum):
    """What to do when authentication could not be performed (transStatus U): no liability shifts."""

    PROCEED = "proceed"
    DECLINE = "decline"


class WebhookOrdering(StrEnum):
    """Whether deliveries wait for each other."""

    NONE = "none"
    PAYMENT = "payment"


class LegacyMode(StrEnum):
    """Who answers a merchant that is being moved from an old gateway."""

    LEGACY = "Legacy"
    SHADOW = "Shadow"
    NEW = "New"


class Reference(Struct, frozen=True, rename="camel"):
    """A reference to something by name."""

    name: Name


class ThreeDS(Struct, frozen=True, rename="camel"):
    """3-D Secure of one payment method."""

    challenge: Annotated[ThreeDSChallenge, Meta(description="When the cardholder is asked to authenticate.")] = (
        ThreeDSChallenge.WHEN_REQUIRED
    )
    on_unavailable: Annotated[
        OnUnavailable, Meta(description="What to do when authentication cannot be performed.")
    ] = OnUnavailable.DECLINE


class PaymentMethod(Struct, frozen=True, rename="camel"):
    """A way to pay that the merchant accepts."""

    type: Annotated[PaymentMethodType, Meta(description="The kind of payment method.")]
    three_ds: Annotated[ThreeDS, Meta(description="3-D Secure for this method.")] = field(
        default=ThreeDS(), name="threeDS"
    )


class ConnectorBinding(Struct, frozen=True, rename="camel"):
    """A connector under the name that this configuration's routing uses."""

    name: Annotated[Name, Meta(description="The name by which routing targets refer to it.")]
    connector_ref: Annotated[Reference, Meta(description="The connector, by its own name.")]
    merchant_account: Annotated[
        MerchantAccount | None,
        Meta(description="The merchant's account (MID) at this acquirer, where not the default one."),
    ] = None


class RoutingTarget(Struct, frozen=True, rename="camel"):
    """One connector of a rule."""

    connector: Annotated[Name, Meta(description="A name from `connectors`.")]
    weight: Annotated[int, Meta(ge=0, le=100, description="Share of the rule's payments, in percent.")] = 100


class AmountRange(Struct, frozen=True, rename="camel"):
    """Amounts that a rule matches, both ends included."""

    from_minor: Annotated[AmountMinor, Meta(description="The least amount, in minor units of the rule's currency.")] = 0
    to_minor: Annotated[
        AmountMinor | None,
        Meta(description="The greatest amount, in minor units of the rule's currency; none: no end."),
    ] = None


class RoutingRule(Struct, frozen=True, rename="camel"):
    """Which connectors take a payment. The matching rule with the lowest priority number wins, then the earlier one.

    An empty list matches everything. Targets beyond the one that its weight chose are the cascade, in their order.
    """

    name: Annotated[Name, Meta(description="The rule's name; it is shown on each attempt.")]
    targets: Annotated[
        tuple[RoutingTarget, ...], Meta(min_length=1, max_length=8, description="Connectors and their shares.")
    ]
    priority: Annotated[int, Meta(ge=0, le=10_000, description="Lower is tried first.")] = 100
    currencies: Annotated[tuple[Currency, ...], Meta(max_length=50, description="Currencies; empty: any.")] = ()
    payment_methods: Annotated[
        tuple[PaymentMethodType, ...], Meta(max_length=8, description="Kinds of payment methods; empty: any.")
    ] = ()
    schemes: Annotated[tuple[Scheme, ...], Meta(max_length=16, description="Card schemes; empty: any.")] = ()
    bin_prefixes: Annotated[
        tuple[BinPrefix, ...], Meta(max_length=64, description="Beginnings of card numbers; empty: any.")
    ] = ()
    amount: Annotated[AmountRange | None, Meta(description="Amounts of the rule's one currency; none: any.")] = None


class RetryPolicy(Struct, frozen=True, rename="camel"):
    """When a failed webhook delivery is tried again."""

    max_attempts: Annotated[int, Meta(ge=1, le=50, description="Attempts in all, the first one included.")] = 10
    initial_backoff_seconds: Annotated[
        Seconds, Meta(description="Seconds before the second attempt; it doubles from then on.")
    ] = 5
    max_backoff_seconds: Annotated[Seconds, Meta(description="The longest pause between attempts, in seconds.")] = (
        86_400
    )
    schedule_seconds: Annotated[
        tuple[Seconds, ...],
        Meta(
            max_length=49,
            description="Seconds before each further attempt, in place of doubling; the last one repeats.",
        ),
    ] = ()


STANDARD_RETRIES = RetryPolicy(
    max_attempts=10, schedule_seconds=(5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""The schedule of Standard Webhooks: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h."""


class Webhook(Struct, frozen=True, rename="camel"):
    """An endpoint of the merchant that is told about events."""

    name: Annotated[Name, Meta(description="The endpoint's name.")]
    url: Annotated[Url, Meta(description="Where events are sent; https.")]
    events: Annotated[
        tuple[EventPattern, ...], Meta(min_length=1, max_length=64, description="Which events are sent.")
    ] = ("*",)
    signing_secret_ref: Annotated[
        Reference | None,
        Meta(
            description="The merchant's secret (`whsec_...`) that signs deliveries, on Kubernetes a Secret of the same "
            "namespace; none: one is made."
        ),
    ] = None
    ordering: Annotated[
        WebhookOrdering, Meta(description="`payment`: one payment's events are delivered strictly in order.")
    ] = WebhookOrdering.NONE
    timeout_seconds: Annotated[int, Meta(ge=1, le=30, description="How long one attempt may take, in seconds.")] = 15
    retry_policy: Annotated[
        RetryPolicy | None, Meta(description="When this endpoint is tried again; none: the configuration's.")
    ] = None


class Limit(Struct, frozen=True, rename="camel"):
    """The most that is accepted in one currency."""

    currency: Currency
    per_transaction_minor: Annotated[
        AmountMinor | None, Meta(description="Most for one payment, in minor units; none: no limit.")
    ] = None
    daily_minor: Annotated[
        AmountMinor | None, Meta(description="Most for one day (UTC), in minor units; none: no limit.")
    ] = None


class Legacy(Struct, frozen=True, rename="camel"):
    """An old gateway that this merchant is being moved from."""

    protocol: Annotated[Name, Meta(description="The wire protocol that the merchant's programs speak.")]
    mode: Annotated[
        LegacyMode,
        Meta(
            description="`Legacy`: the old gateway answers. `Shadow`: it answers and is compared. `New`: Florin does."
        ),
    ] = LegacyMode.LEGACY
    new_percent: Annotated[
        int, Meta(ge=0, le=100, description="Share of payments that Florin takes in mode `New`, in percent.")
    ] = 100
    upstream: Annotated[Url | None, Meta(description="The old gateway's address.")] = None
    credentials_ref: Annotated[
        Reference | None,
        Meta(
            description="The merchant's secret with its credentials at the old gateway, on Kubernetes a Secret of the "
            "same namespace."
        ),
    ] = None


class MerchantConfig(Struct, frozen=True, rename="camel"):
    """Everything that a merchant can configure."""

    merchant_id: MerchantId
    display_name: Annotated[str, Meta(min_length=1, max_length=200, description="The merchant's name, for people.")]
    currencies: Annotated[
        tuple[Currency, ...], Meta(min_length=1, max_length=50, description="Currencies that payments may have.")
    ]
    default_currency: Annotated[Currency, Meta(description="The currency where none is named; one of `currencies`.")]
    reconcile_policy: Annotated[
        ReconcilePolicy,
        Meta(
            description="`Enforce`: the operator puts what is said here, and puts it back where it drifted. `Report`: "
            "it only says what differs. `Paused`: it looks away."
        ),
    ] = ReconcilePolicy.ENFORCE
    deletion_policy: Annotated[
        DeletionPolicy,
        Meta(
            description="When the resource is deleted, `Retain` leaves the merchant as it is, `Disable` refuses its "
            "keys. Nothing is ever erased."
        ),
    ] = DeletionPolicy.RETAIN
    payment_methods: Annotated[
        tuple[PaymentMethod, ...], Meta(max_length=8, description="Payment methods that are accepted.")
    ] = (PaymentMethod(type=PaymentMethodType.CARD),)
    connectors: Annotated[
        tuple[ConnectorBinding, ...], Meta(max_length=16, description="Connectors that routing may use.")
    ] = ()
    routing: Annotated[
        tuple[RoutingRule, ...], Meta(max_length=32, description="Which connector takes which payment.")
    ] = ()
    webhooks: Annotated[tuple[Webhook, ...], Meta(max_length=8, description="Endpoints told about events.")] = ()
    retry_policy: Annotated[RetryPolicy, Meta(description="When failed webhook deliveries are tried again.")] = (
        STANDARD_RETRIES
    )
    limits: Annotated[tuple[Limit, ...], Meta(max_length=50, description="Limits, one a currency.")] = ()
    api_key_secret_name: Annotated[
        Name | None,
        Meta(
            description="The Kubernetes Secret that the operator makes, with generated API keys as `test-key` and "
            "`live-key`; none: no keys are made."
        ),
    ] = None
    legacy: Annotated[Legacy | None, Meta(description="The old gateway that the merchant is moved from.")] = None
