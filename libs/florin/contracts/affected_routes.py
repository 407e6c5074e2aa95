"""Which routing rules a change of a configuration touches: payments that match them may go another way."""

from msgspec import Struct

from florin.contracts.merchant_config import ConnectorBinding, MerchantConfig, RoutingRule


class RouteChange(Struct, frozen=True):
    """A routing rule whose payments may go another way, and why."""

    rule: str
    change: str
    detail: str


def affected_routes(old: MerchantConfig | None, new: MerchantConfig) -> list[RouteChange]:
    """The rules of ``new`` and ``old`` that differ in what they match, where they send it, or when they are asked."""
    before = {rule.name: rule for rule in old.routing} if old else {}
    after = {rule.name: rule for rule in new.routing}
    old_bindings = {binding.name: binding for binding in old.connectors} if old else {}
    new_bindings = {binding.name: binding for binding in new.connectors}
    changes = []
    for name, rule in after.items():
        if name not in before:
            changes.append(RouteChange(name, "added", f"sends to {_targets(rule, new_bindings)}"))
            continue
        was = f"{_targets(before[name], old_bindings)}"
        now = f"{_targets(rule, new_bindings)}"
        if was != now:
            changes.append(RouteChange(name, "rerouted", f"{was} -> {now}"))
        elif rule != before[name]:
            changes.append(RouteChange(name, "changed", "matches other payments, or at another priority"))
    changes += [
        RouteChange(name, "removed", f"sent to {_targets(rule, old_bindings)}")
        for name, rule in before.items()
        if name not in after
    ]
    touched = {change.rule for change in changes}
    if old is not None and not touched and [*before] != [*after]:
        changes += [RouteChange(name, "reordered", "another rule may be asked first") for name in after]
    return changes


def _targets(rule: RoutingRule, bindings: dict[str, ConnectorBinding]) -> str:
    return ", ".join(f"{target.weight}% {_reached(target.connector, bindings)}" for target in rule.targets)


def _reached(name: str, bindings: dict[str, ConnectorBinding]) -> str:
    binding = bindings.get(name)
    if binding is None:
        return name
    account = f" ({binding.merchant_account})" if binding.merchant_account else ""
    return f"{binding.connector_ref.name}{account}"
