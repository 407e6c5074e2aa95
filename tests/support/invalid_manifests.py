"""Manifests that nobody should be able to store: each with the field to blame, as the API server and as merchants
name it. One table, refused by both.
"""

from typing import Any

from msgspec import Struct


class Invalid(Struct, frozen=True):
    """What is wrong, the path in the API server's message, and the path in merchants' answer ('' where it differs)."""

    name: str
    spec: dict[str, Any]
    field: str
    param: str = ""
    update_of: dict[str, Any] | None = None


def rule(**fields: Any) -> dict[str, Any]:
    return {"routing": [{"name": "r", "targets": [{"connector": "main"}], **fields}]}


def hook(**fields: Any) -> dict[str, Any]:
    return {"webhooks": [{"name": "w", "url": "https://shop.example/hook", **fields}]}


def retries(**fields: Any) -> dict[str, Any]:
    return {"retryPolicy": fields}


def legacy(mode: str, upstream: str = "https://old.example") -> dict[str, Any]:
    return {"legacy": {"protocol": "old", "mode": mode, "upstream": upstream}}


BINDING = {"name": "main", "connectorRef": {"name": "bank"}}
MERCHANT_CONFIGS: list[Invalid] = [
    Invalid("merchant id with capitals", {"merchantId": "Acme"}, "spec.merchantId"),
    Invalid("merchant id too long", {"merchantId": "a" * 65}, "spec.merchantId"),
    Invalid("merchant id empty", {"merchantId": ""}, "spec.merchantId"),
    Invalid("merchant id changes", {"merchantId": "other"}, "spec.merchantId", update_of={}),
    Invalid("no display name", {"displayName": None}, "spec.displayName"),
    Invalid("display name with a line break", {"displayName": "a\nb"}, "spec.displayName"),
    Invalid("display name empty", {"displayName": ""}, "spec.displayName"),
    Invalid("no currency", {"currencies": []}, "spec.currencies"),
    Invalid("currency in lower case", {"currencies": ["EUR", "jpy"]}, "spec.currencies[1]"),
    Invalid("currency that does not exist", {"currencies": ["EUR", "ABC"]}, "spec.currencies[1]"),
    Invalid("currency twice", {"currencies": ["EUR", "EUR"]}, "spec.currencies[1]"),
    Invalid("default currency not among currencies", {"defaultCurrency": "USD"}, "spec.defaultCurrency"),
    Invalid("default currency a number", {"defaultCurrency": 978}, "spec.defaultCurrency"),
    Invalid("unknown policy", {"reconcilePolicy": "Sometimes"}, "spec.reconcilePolicy"),
    Invalid("unknown deletion policy", {"deletionPolicy": "Erase"}, "spec.deletionPolicy"),
    Invalid("unknown field", {"colour": "red"}, "spec.colour"),
    Invalid("unknown nested field", hook(colour="red"), "spec.webhooks[0].colour"),
    Invalid("unknown payment method", {"paymentMethods": [{"type": "cheque"}]}, "spec.paymentMethods[0].type"),
    Invalid(
        "payment method twice",
        {"paymentMethods": [{"type": "card"}, {"type": "card"}]},
        "spec.paymentMethods[1]",
        "spec.paymentMethods[1].type",
    ),
    Invalid(
        "unknown challenge",
        {"paymentMethods": [{"type": "card", "threeDS": {"challenge": "maybe"}}]},
        "spec.paymentMethods[0].threeDS.challenge",
    ),
    Invalid(
        "connector's name twice",
        {"connectors": [BINDING, BINDING]},
        "spec.connectors[1]",
        "spec.connectors[1].name",
    ),
    Invalid("connector without reference", {"connectors": [{"name": "main"}]}, "spec.connectors[0].connectorRef"),
    Invalid("rule without targets", rule(targets=[]), "spec.routing[0].targets"),
    Invalid(
        "target that is no connector",
        rule(targets=[{"connector": "gone"}]),
        "spec.routing",
        "spec.routing[0].targets[0].connector",
    ),
    Invalid("weights of 99", rule(targets=[{"connector": "main", "weight": 99}]), "spec.routing[0].targets"),
    Invalid(
        "weight above 100",
        rule(targets=[{"connector": "main", "weight": 101}]),
        "spec.routing[0].targets[0].weight",
    ),
    Invalid(
        "target twice",
        rule(targets=[{"connector": "main", "weight": 50}, {"connector": "main", "weight": 50}]),
        "spec.routing[0].targets[1]",
        "spec.routing[0].targets[1].connector",
    ),
    Invalid("priority below 0", rule(priority=-1), "spec.routing[0].priority"),
    Invalid(
        "rule's currency not the merchant's", rule(currencies=["USD"]), "spec.routing", "spec.routing[0].currencies[0]"
    ),
    Invalid(
        "rule's method not the merchant's",
        {"paymentMethods": [], **rule(paymentMethods=["card"])},
        "spec.routing",
        "spec.routing[0].paymentMethods[0]",
    ),
    Invalid("unknown scheme", rule(schemes=["visa", "beta"]), "spec.routing[0].schemes[1]"),
    Invalid("BIN with letters", rule(binPrefixes=["42ab"]), "spec.routing[0].binPrefixes[0]"),
    Invalid("amount without a currency", rule(amount={"fromMinor": 1}), "spec.routing[0].amount"),
    Invalid(
        "amount that ends before it begins",
        rule(currencies=["EUR"], amount={"fromMinor": 9, "toMinor": 8}),
        "spec.routing[0].amount.toMinor",
    ),
    Invalid("rule's name twice", {"routing": rule()["routing"] * 2}, "spec.routing[1]", "spec.routing[1].name"),
    Invalid("plain http", hook(url="http://shop.example/hook"), "spec.webhooks[0].url"),
    Invalid("credentials in a URL", hook(url="https://me:secret@shop.example/"), "spec.webhooks[0].url"),
    Invalid("URL without host", hook(url="https:///path"), "spec.webhooks[0].url"),
    Invalid("port out of range", hook(url="https://shop.example:99999/"), "spec.webhooks[0].url"),
    Invalid("another scheme", hook(url="ftp://shop.example/"), "spec.webhooks[0].url"),
    Invalid("event pattern", hook(events=["Payment.*"]), "spec.webhooks[0].events[0]"),
    Invalid("event twice", hook(events=["payment.*", "payment.*"]), "spec.webhooks[0].events[1]"),
    Invalid("webhook time-out of 0 s", hook(timeoutSeconds=0), "spec.webhooks[0].timeoutSeconds"),
    Invalid("webhook time-out as text", hook(timeoutSeconds="5s"), "spec.webhooks[0].timeoutSeconds"),
    Invalid(
        "first pause longer than the longest",
        retries(initialBackoffSeconds=10, maxBackoffSeconds=5),
        "spec.retryPolicy.initialBackoffSeconds",
    ),
    Invalid("pauses of more than 30 days", retries(scheduleSeconds=[2592000, 1]), "spec.retryPolicy.scheduleSeconds"),
    Invalid("too many attempts", retries(maxAttempts=51), "spec.retryPolicy.maxAttempts"),
    Invalid(
        "limit's currency not the merchant's",
        {"limits": [{"currency": "USD"}]},
        "spec.limits",
        "spec.limits[0].currency",
    ),
    Invalid(
        "limit's currency twice",
        {"limits": [{"currency": "EUR"}] * 2},
        "spec.limits[1]",
        "spec.limits[1].currency",
    ),
    Invalid(
        "one payment above a day",
        {"limits": [{"currency": "EUR", "perTransactionMinor": 11, "dailyMinor": 10}]},
        "spec.limits[0].perTransactionMinor",
    ),
    Invalid("limit with a fraction", {"limits": [{"currency": "EUR", "dailyMinor": 1.5}]}, "spec.limits[0].dailyMinor"),
    Invalid("limit below 0", {"limits": [{"currency": "EUR", "dailyMinor": -1}]}, "spec.limits[0].dailyMinor"),
    Invalid("name of a Secret", {"apiKeySecretName": "Acme_Keys"}, "spec.apiKeySecretName"),
    Invalid("shadow without upstream", {"legacy": {"protocol": "old", "mode": "Shadow"}}, "spec.legacy.upstream"),
    Invalid("from Legacy to New", legacy("New"), "spec.legacy.mode", update_of=legacy("Legacy")),
    Invalid("to New from nothing", legacy("New"), "spec.legacy.mode", update_of={}),
    Invalid("old gateway by plain http", legacy("Shadow", "http://old.example"), "spec.legacy.upstream"),
    Invalid("old gateway with credentials", legacy("Shadow", "https://me:pw@old.example"), "spec.legacy.upstream"),
    Invalid("share above 100 percent", {"legacy": {"protocol": "old", "newPercent": 101}}, "spec.legacy.newPercent"),
]

CONNECTORS: list[Invalid] = [
    Invalid("unknown adapter", {"adapter": "fax"}, "spec.adapter", "adapter"),
    Invalid("plain http to the acquirer", {"baseUrl": "http://bank.example"}, "spec.baseUrl", "baseUrl"),
    Invalid("no address", {"baseUrl": None}, "spec.baseUrl", "baseUrl"),
    Invalid("no time to connect", {"timeouts": {"connectSeconds": 0}}, "spec.timeouts.connectSeconds"),
    Invalid(
        "connecting takes longer than the call",
        {"timeouts": {"connectSeconds": 9, "totalSeconds": 1}},
        "spec.timeouts.connectSeconds",
        "timeouts.connectSeconds",
    ),
    Invalid("breaker without failures", {"breaker": {"failureThreshold": 0}}, "spec.breaker.failureThreshold"),
    Invalid("test connector becomes live", {"livemode": True}, "spec.livemode", "livemode", update_of={}),
    Invalid("unknown field", {"speed": 1}, "spec.speed", "speed"),
    Invalid("a negative horizon", {"notFoundFinalAfterSeconds": -1}, "spec.notFoundFinalAfterSeconds"),
]
