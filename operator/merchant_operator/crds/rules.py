"""Rules between fields in CEL, checked by the API server itself, and how lists merge.

They are `florin.contracts.merchant_config_rules` once more, as far as one resource can be judged alone: merchants
checks the same ones again, because what comes another way must not get past them. A test holds the two together.
"""

from msgspec import Struct

from florin.contracts.connector import ADAPTERS
from florin.money import EXPONENTS


class Rule(Struct, frozen=True):
    """A rule in CEL with its sentence; ``field``: the one to blame, relative to where the rule stands."""

    cel: str
    message: str
    field: str = ""


def _one_of(names: list[str]) -> str:
    return "self in [" + ", ".join(f"'{name}'" for name in names) + "]"


# Matched as a text: the cost of a match on a part of a URL cannot be estimated, so the API server refuses such a rule.
_INNER = r"^http://(127\\.0\\.0\\.1|\\[::1\\]|[a-z0-9-]+|[a-z0-9.-]+\\.svc(\\.cluster\\.local)?)(:[0-9]+)?(/|$)"
_URL = (
    Rule(
        "isURL(self) && url(self).getHostname() != '' && "
        "(url(self).getPort() == '' || int(url(self).getPort()) < 65536)",
        "must be a URL with a host, and with a port below 65536 where it has one",
    ),
    Rule("!self.matches('^https?://[^/?#]*@')", "must not hold credentials"),
    Rule(
        f"self.startsWith('https://') || self.matches('{_INNER}')",
        "must begin with https:// (http only for Services of this cluster that merchants is told to trust)",
    ),
)

RULES: dict[str, tuple[Rule, ...]] = {
    "MerchantConfig": (
        Rule("self.defaultCurrency in self.currencies", "must be one of currencies", ".defaultCurrency"),
        Rule(
            "self.routing.all(r, r.targets.all(t, self.connectors.exists(c, c.name == t.connector)))",
            "every target's connector must be the name of one of connectors",
            ".routing",
        ),
        Rule(
            "self.routing.all(r, r.currencies.all(c, c in self.currencies))",
            "every rule's currencies must be among the merchant's currencies",
            ".routing",
        ),
        Rule(
            "self.routing.all(r, r.paymentMethods.all(t, self.paymentMethods.exists(m, m.type == t)))",
            "every rule's paymentMethods must be among the merchant's paymentMethods",
            ".routing",
        ),
        Rule(
            "self.limits.all(l, l.currency in self.currencies)",
            "every limit's currency must be one of currencies",
            ".limits",
        ),
        # Not at `legacy` itself, where taking it out and putting it in again would be two creations.
        Rule(
            "!has(self.legacy) || self.legacy.mode != 'New' || "
            "(has(oldSelf.legacy) && oldSelf.legacy.mode != 'Legacy')",
            "the way to New leads through Shadow",
            ".legacy.mode",
        ),
    ),
    "RoutingRule": (
        Rule("self.targets.map(t, t.weight).sum() == 100", "weights must sum to 100", ".targets"),
        Rule(
            "!has(self.amount) || size(self.currencies) == 1",
            "a rule with an amount must name exactly one currency",
            ".amount",
        ),
    ),
    "AmountRange": (
        Rule("!has(self.toMinor) || self.toMinor >= self.fromMinor", "must not be less than fromMinor", ".toMinor"),
    ),
    "Limit": (
        Rule(
            "!has(self.perTransactionMinor) || !has(self.dailyMinor) || self.perTransactionMinor <= self.dailyMinor",
            "must not exceed dailyMinor",
            ".perTransactionMinor",
        ),
    ),
    "RetryPolicy": (
        Rule(
            "self.initialBackoffSeconds <= self.maxBackoffSeconds",
            "must not be longer than maxBackoffSeconds",
            ".initialBackoffSeconds",
        ),
        Rule(
            "self.scheduleSeconds.sum() <= 2592000",
            "all pauses together must not exceed 30 days (2592000 seconds)",
            ".scheduleSeconds",
        ),
    ),
    "Legacy": (
        Rule("self.mode == 'Legacy' || has(self.upstream)", "is needed in the modes Shadow and New", ".upstream"),
    ),
    "Timeouts": (
        Rule("self.connectSeconds <= self.totalSeconds", "must not be longer than totalSeconds", ".connectSeconds"),
    ),
}
"""By the type that they stand at."""

FIELD_RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("MerchantConfig", "merchantId"): (Rule("self == oldSelf", "never changes: make another resource"),),
    ("MerchantConfig", "currencies[]"): (Rule(_one_of(sorted(EXPONENTS)), "must be a currency of ISO 4217"),),
    ("Webhook", "url"): _URL,
    ("Legacy", "upstream"): _URL,
    ("ConnectorSpec", "baseUrl"): _URL,
    ("ConnectorSpec", "livemode"): (
        Rule("self == oldSelf", "never changes: make another connector for the other mode"),
    ),
    ("ConnectorSpec", "adapter"): (
        Rule(_one_of(sorted(ADAPTERS)), f"must be an adapter that exists: {', '.join(sorted(ADAPTERS))}"),
    ),
}
"""By type and field; ``[]``: of each of its items."""

LIST_KEYS = {
    "PaymentMethod": "type",
    "ConnectorBinding": "name",
    "RoutingRule": "name",
    "RoutingTarget": "connector",
    "Webhook": "name",
    "Limit": "currency",
    "Condition": "type",
    "HandedSecret": "name",
}
"""What tells the items of a list apart; lists of plain values are sets."""

LISTS_WITH_ORDER = frozenset(
    {("RetryPolicy", "scheduleSeconds"), ("MerchantConfigStatus", "drift"), ("Status", "drift")}
)
"""Lists in which a value may be there twice."""

_PRINTABLE = r"^( |[^\pC\pZ])*$"
PRINTABLE = {
    ("MerchantConfig", "displayName"): _PRINTABLE,
    ("ConnectorBinding", "merchantAccount"): _PRINTABLE,
    ("ConnectorSpec", "merchantAccount"): _PRINTABLE,
}
"""Free texts: no control characters, no line breaks. The API server's patterns are RE2, which knows these classes."""
