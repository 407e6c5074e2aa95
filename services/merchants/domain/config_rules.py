"""Rules of a configuration that need to know the connectors that exist."""

from collections.abc import Collection, Iterator, Mapping

from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config import MerchantConfig
from florin.contracts.merchant_config_rules import Violation, validate


def find_violations(
    spec: MerchantConfig,
    *,
    merchant_id: str,
    previous: MerchantConfig | None,
    connectors: Mapping[str, ConnectorSpec],
    plain_hosts: Collection[str],
) -> list[Violation]:
    """Everything that forbids ``spec`` as the next configuration of a merchant."""
    found = validate(spec, previous=previous, plain_hosts=plain_hosts)
    if spec.merchant_id != merchant_id and not any(violation.path == "merchantId" for violation in found):
        found.append(Violation("merchantId", f"This is the configuration of {merchant_id!r}.", "immutable"))
    return [*found, *_connectors(spec, connectors)]


def _connectors(spec: MerchantConfig, connectors: Mapping[str, ConnectorSpec]) -> Iterator[Violation]:
    modes: dict[str, bool] = {}
    for at, binding in enumerate(spec.connectors):
        connector = connectors.get(binding.connector_ref.name)
        if connector is None:
            yield Violation(
                f"connectors[{at}].connectorRef.name",
                f"There is no connector {binding.connector_ref.name!r}.",
                "unknown_connector",
            )
        else:
            modes[binding.name] = connector.livemode
    for at, rule in enumerate(spec.routing):
        # A rule serves the mode of its connectors; shares across two modes would be shares of nothing.
        first = next((modes[target.connector] for target in rule.targets if target.connector in modes), None)
        for target_at, target in enumerate(rule.targets):
            if modes.get(target.connector, first) != first:
                yield Violation(
                    f"routing[{at}].targets[{target_at}].connector",
                    "A rule's connectors are all for tests or all live.",
                    "mixed_modes",
                )
