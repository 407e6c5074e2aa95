"""Rules between the fields of a configuration, and the difference between two.

What a field may hold by itself is said at the field (`florin.contracts.merchant_config`). Every rule here answers with
the path of the field that it refuses, so that a person, the operator and the API all point at the same place.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from florin.contracts.connector import ADAPTERS, ConnectorSpec
from florin.contracts.merchant_config import LegacyMode, MerchantConfig, RetryPolicy, RoutingRule
from florin.money import EXPONENTS

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_MAX_BACKOFF_TOTAL_S = 30 * 86_400  # after a month nobody waits for a webhook any more


class Violation(Struct, frozen=True):
    """A field that breaks a rule: where, the sentence, and a stable code for the rule."""

    path: str
    message: str
    code: str


class FieldChange(Struct, frozen=True):
    """A field that differs; null where one side does not have it."""

    path: str
    old: Any
    new: Any


def validate(
    spec: MerchantConfig, *, previous: MerchantConfig | None = None, plain_hosts: Collection[str] = ()
) -> list[Violation]:
    """Every rule that ``spec`` breaks, by itself and as the successor of ``previous``.

    ``plain_hosts`` may be spoken to by http: this machine in development, and hosts that operators trust.
    """
    return [
        *_control_characters(spec),
        *_currencies(spec),
        *_payment_methods(spec),
        *_connectors(spec),
        *_routing(spec),
        *_webhooks(spec, plain_hosts),
        *_limits(spec),
        *_legacy(spec, plain_hosts),
        *_transition(spec, previous),
    ]


def validate_connector(spec: ConnectorSpec, *, plain_hosts: Collection[str] = ()) -> list[Violation]:
    """Every rule that a connector breaks."""
    found = [*_control_characters(spec), *_url("baseUrl", spec.base_url, plain_hosts)]
    if spec.adapter not in ADAPTERS:
        known = ", ".join(sorted(ADAPTERS))
        found.append(Violation("adapter", f"There is no adapter {spec.adapter!r}; there are: {known}.", "unknown"))
    if spec.timeouts.connect_seconds > spec.timeouts.total_seconds:
        found.append(
            Violation("timeouts.connectSeconds", "Connecting may not take longer than the whole call.", "order")
        )
    return found


def unknown_fields(document: Any, spec: Struct) -> list[Violation]:
    """Fields of a JSON document that its type does not have."""
    return list(_unknown(document, msgspec.to_builtins(spec), ""))


def spec_hash(spec: Struct) -> str:
    """SHA-256 of the document with its defaults written out, in hex."""
    return hashlib.sha256(msgspec.json.encode(spec, order="deterministic")).hexdigest()


def diff(old: Struct | None, new: Struct | None) -> list[FieldChange]:
    """Fields that differ, in the order of the document. Named things are matched by name; their order is compared."""
    return list(_differences(msgspec.to_builtins(old) or {}, msgspec.to_builtins(new) or {}, ""))


# --- rules -----------------------------------------------------------------------------------------------------------


def _control_characters(spec: Struct) -> Iterator[Violation]:
    # A pattern's `$` also matches before a final line break in Python, so this is more than tidiness.
    for path, value in _leaves(msgspec.to_builtins(spec), ""):
        if isinstance(value, str) and not value.isprintable():
            yield Violation(path, "Control characters and line breaks are not allowed.", "control_character")


def _currencies(spec: MerchantConfig) -> Iterator[Violation]:
    yield from _repeated("currencies", spec.currencies)
    for at, currency in enumerate(spec.currencies):
        yield from _known_currency(f"currencies[{at}]", currency)
    if spec.default_currency not in spec.currencies:
        yield Violation("defaultCurrency", "The default currency must be one of `currencies`.", "not_in_currencies")


def _payment_methods(spec: MerchantConfig) -> Iterator[Violation]:
    yield from _repeated("paymentMethods", [method.type for method in spec.payment_methods], "type")


def _connectors(spec: MerchantConfig) -> Iterator[Violation]:
    yield from _repeated("connectors", [binding.name for binding in spec.connectors], "name")


def _routing(spec: MerchantConfig) -> Iterator[Violation]:
    yield from _repeated("routing", [rule.name for rule in spec.routing], "name")
    for at, rule in enumerate(spec.routing):
        yield from _rule(f"routing[{at}]", rule, spec)


def _rule(path: str, rule: RoutingRule, spec: MerchantConfig) -> Iterator[Violation]:
    names = {binding.name for binding in spec.connectors}
    methods = {method.type for method in spec.payment_methods}
    yield from _repeated(f"{path}.targets", [target.connector for target in rule.targets], "connector")
    for at, target in enumerate(rule.targets):
        if target.connector not in names:
            yield Violation(
                f"{path}.targets[{at}].connector",
                f"{target.connector!r} is not the name of one of `connectors`.",
                "unknown_connector",
            )
    total = sum(target.weight for target in rule.targets)
    if total != 100:
        yield Violation(f"{path}.targets", f"The weights must sum to 100; they sum to {total}.", "weights")
    for name, values in (
        ("currencies", rule.currencies),
        ("paymentMethods", rule.payment_methods),
        ("schemes", rule.schemes),
        ("binPrefixes", rule.bin_prefixes),
    ):
        yield from _repeated(f"{path}.{name}", values)
    for at, currency in enumerate(rule.currencies):
        if currency not in spec.currencies:
            yield Violation(
                f"{path}.currencies[{at}]", f"{currency} is not one of the merchant's currencies.", "not_in_currencies"
            )
    for at, method in enumerate(rule.payment_methods):
        if method not in methods:
            yield Violation(
                f"{path}.paymentMethods[{at}]", f"{method} is not one of `paymentMethods`.", "not_in_payment_methods"
            )
    if rule.amount is not None:
        yield from _amount(path, rule)


def _amount(path: str, rule: RoutingRule) -> Iterator[Violation]:
    amount = rule.amount
    assert amount is not None  # noqa: S101 - the caller's condition, for the type checker
    if len(rule.currencies) != 1:
        # 100 minor units are 1 euro and 100 yen: a range over several currencies means nothing.
        yield Violation(f"{path}.amount", "A rule with amounts must name exactly one currency.", "needs_one_currency")
    if amount.to_minor is not None and amount.to_minor < amount.from_minor:
        yield Violation(f"{path}.amount.toMinor", "The range ends before it begins.", "order")


def _webhooks(spec: MerchantConfig, plain_hosts: Collection[str]) -> Iterator[Violation]:
    yield from _repeated("webhooks", [webhook.name for webhook in spec.webhooks], "name")
    yield from _retries("retryPolicy", spec.retry_policy)
    for at, webhook in enumerate(spec.webhooks):
        yield from _url(f"webhooks[{at}].url", webhook.url, plain_hosts)
        yield from _repeated(f"webhooks[{at}].events", webhook.events)
        if webhook.retry_policy is not None:
            yield from _retries(f"webhooks[{at}].retryPolicy", webhook.retry_policy)


def _retries(path: str, policy: RetryPolicy) -> Iterator[Violation]:
    if policy.initial_backoff_seconds > policy.max_backoff_seconds:
        yield Violation(
            f"{path}.initialBackoffSeconds", "The first pause may not be longer than `maxBackoffSeconds`.", "order"
        )
    if sum(policy.schedule_seconds) > _MAX_BACKOFF_TOTAL_S:
        yield Violation(f"{path}.scheduleSeconds", "All pauses together may not exceed 30 days.", "too_long")


def _limits(spec: MerchantConfig) -> Iterator[Violation]:
    yield from _repeated("limits", [limit.currency for limit in spec.limits], "currency")
    for at, limit in enumerate(spec.limits):
        if limit.currency not in spec.currencies:
            yield Violation(
                f"limits[{at}].currency",
                f"{limit.currency} is not one of the merchant's currencies.",
                "not_in_currencies",
            )
        once, daily = limit.per_transaction_minor, limit.daily_minor
        if once is not None and daily is not None and once > daily:
            yield Violation(
                f"limits[{at}].perTransactionMinor", "One payment may not exceed the limit of a day.", "order"
            )


def _legacy(spec: MerchantConfig, plain_hosts: Collection[str]) -> Iterator[Violation]:
    if spec.legacy is None:
        return
    if spec.legacy.upstream is not None:
        yield from _url("legacy.upstream", spec.legacy.upstream, plain_hosts)
    elif spec.legacy.mode is not LegacyMode.LEGACY:
        yield Violation("legacy.upstream", f"Mode {spec.legacy.mode} needs the old gateway's address.", "required")


def _transition(spec: MerchantConfig, previous: MerchantConfig | None) -> Iterator[Violation]:
    if previous is None:
        return
    if spec.merchant_id != previous.merchant_id:
        yield Violation("merchantId", "A merchant's id never changes.", "immutable")
    if spec.legacy is not None and spec.legacy.mode is LegacyMode.NEW:
        before = LegacyMode.LEGACY if previous.legacy is None else previous.legacy.mode
        if before is LegacyMode.LEGACY:  # a merchant that is known without a legacy may have lost it a moment ago
            yield Violation("legacy.mode", "The way to New leads through Shadow.", "transition")


def _url(path: str, url: str, plain_hosts: Collection[str]) -> Iterator[Violation]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        yield Violation(path, "This is not a URL.", "url")
        return
    if not host:
        yield Violation(path, "The URL names no host.", "url")
    elif parts.username is not None or parts.password is not None:
        yield Violation(path, "Credentials do not belong into a URL.", "url_credentials")
    elif parts.scheme != "https" and host not in plain_hosts:
        yield Violation(path, "The URL must begin with https://.", "https")


def _known_currency(path: str, currency: str) -> Iterator[Violation]:
    if currency not in EXPONENTS:
        yield Violation(path, f"{currency!r} is not a currency of ISO 4217.", "unknown_currency")


def _repeated(path: str, values: Sequence[str], key: str = "") -> Iterator[Violation]:
    for at, value in enumerate(values):
        if value in values[:at]:
            end = f".{key}" if key else ""
            yield Violation(f"{path}[{at}]{end}", f"{str(value)!r} is there twice.", "repeated")


# --- walks over JSON documents ---------------------------------------------------------------------------------------


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, _join(path, name))
    elif isinstance(value, list | tuple):
        for at, item in enumerate(value):
            yield from _leaves(item, f"{path}[{at}]")
    else:
        yield path, value


def _unknown(document: Any, known: Any, path: str) -> Iterator[Violation]:
    if isinstance(document, dict) and isinstance(known, dict):
        for name, item in document.items():
            if name in known:
                yield from _unknown(item, known[name], _join(path, name))
            else:
                yield Violation(_join(path, name[:64]), "There is no such field.", "unknown_field")
    elif isinstance(document, list) and isinstance(known, list | tuple):
        for at, (item, known_item) in enumerate(zip(document, known, strict=False)):
            yield from _unknown(item, known_item, f"{path}[{at}]")


def _differences(old: Any, new: Any, path: str) -> Iterator[FieldChange]:
    old_items, new_items = _items(old), _items(new)
    if old_items is None or new_items is None:
        if old != new:
            yield FieldChange(path, old, new)
        return
    for key in [*old_items, *(key for key in new_items if key not in old_items)]:
        below = f"{path}{key}" if key.startswith("[") else _join(path, key)
        yield from _differences(old_items.get(key), new_items.get(key), below)
    if isinstance(old, list | tuple):
        # Order counts too: of rules with one priority the earlier one wins, and targets cascade in theirs.
        before, after = [key for key in old_items if key in new_items], [key for key in new_items if key in old_items]
        if before != after:
            yield FieldChange(f"{path}[order]", [_named(key) for key in before], [_named(key) for key in after])


def _items(value: Any) -> dict[str, Any] | None:
    """What a value consists of, by key; None where it is compared as a whole (texts, numbers, lists of them)."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(item, dict) for item in value):
        for key in ("name", "type", "connector", "currency"):
            if all(key in item for item in value):
                return {f"[{key}={item[key]}]": item for item in value}
    return None


def _named(key: str) -> str:
    return key.partition("=")[2].removesuffix("]")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
