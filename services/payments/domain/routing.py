"""Which connectors may take a payment, best first. Pure: the dice are thrown by the caller."""

from collections.abc import Mapping

from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config import MerchantConfig, RoutingRule, RoutingTarget
from payments.domain.payment import Card, Route


def choose_routes(
    config: MerchantConfig,
    connectors: Mapping[str, ConnectorSpec],
    *,
    amount_minor: int,
    currency: str,
    card: Card,
    livemode: bool,
    dice: float,
) -> tuple[Route, ...]:
    """The routes of a payment: the target that ``dice`` (0 <= dice < 1) picks by weight, then the rest as a cascade.

    The matching rule of the lowest priority number decides. Without any rules the connectors are tried in their order.
    Connectors of the other mode, not bound, or without a specification are left out.
    """
    bindings = {binding.name: binding for binding in config.connectors}
    names = list(bindings)
    if config.routing:
        rules = [rule for rule in config.routing if _matches(rule, amount_minor, currency, card)]
        names = _by_weight(min(rules, key=lambda rule: rule.priority).targets, dice) if rules else []
    routes = []
    for name in names:
        binding = bindings.get(name)
        spec = connectors.get(binding.connector_ref.name) if binding else None
        if binding and spec and spec.livemode == livemode:
            routes.append(
                Route(
                    connector=spec.name,
                    mid=binding.merchant_account or spec.merchant_account or "",
                    timeout_s=round(spec.timeouts.total_seconds) + 1,
                )
            )
    return tuple(routes)


def _matches(rule: RoutingRule, amount_minor: int, currency: str, card: Card) -> bool:
    if rule.currencies and currency not in rule.currencies:
        return False
    if rule.payment_methods and "card" not in rule.payment_methods:
        return False
    if rule.schemes and card.scheme not in rule.schemes:
        return False
    if rule.bin_prefixes and not card.bin.startswith(rule.bin_prefixes):
        return False
    if rule.amount is None:
        return True
    return rule.amount.from_minor <= amount_minor and (
        rule.amount.to_minor is None or amount_minor <= rule.amount.to_minor
    )


def _by_weight(targets: tuple[RoutingTarget, ...], dice: float) -> list[str]:
    """The name that the dice pick first, then the others as they are written."""
    mark = dice * sum(target.weight for target in targets)
    first = targets[0]
    for target in targets:
        if mark < target.weight:
            first = target
            break
        mark -= target.weight
    return [first.connector, *(target.connector for target in targets if target is not first)]
