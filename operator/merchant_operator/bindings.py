"""The Connectors that a MerchantConfig refers to: its namespace's own, as far as merchants holds them as such.

Names of connectors are global at merchants. So that a namespace has a Connector of a name is not enough: what stands
under it may be another namespace's, with an address and credentials of that one.
"""

from collections.abc import Collection

from florin.contracts.merchant_config import MerchantConfig
from merchant_operator.names import CONNECTOR
from merchant_operator.problems import Problem, Reason
from merchant_operator.resources import Key, Resource
from merchant_operator.status import ConditionType
from merchant_operator.world import Row, World

_NOT_ITS_OWN = (Reason.OWNED_BY_OTHER, Reason.NOT_ADOPTED)


def connector_problems(
    world: World, namespace: str, spec: MerchantConfig, beside: Collection[str] = ()
) -> list[Problem]:
    """What is wrong with them. ``beside``: names of those that are about to come."""
    problems = []
    for at, binding in enumerate(spec.connectors):
        name, field = binding.connector_ref.name, f"spec.connectors[{at}].connectorRef"
        if name in beside:
            continue
        connector = world.resource(Key(CONNECTOR, namespace, name))
        if connector is None:
            text = f"{field}: there is no Connector {name!r} in the namespace {namespace!r}."
            problems.append(Problem(Reason.CONNECTOR_MISSING, text))
        elif connector.status.applied_generation is None:
            problems.append(
                Problem(Reason.CONNECTOR_NOT_READY, f"{field}: the Connector {name!r} is not Ready itself.")
            )
        elif not is_its_own(connector, world.row(CONNECTOR, name)[0]):
            text = f"{field}: at merchants the connector {name!r} is not the Connector of this namespace."
            problems.append(Problem(Reason.CONNECTOR_NOT_READY, text))
    return problems


def is_its_own(connector: Resource, row: Row | None) -> bool:
    """Whether what merchants holds under a Connector's name is what this very resource put there, as far as known."""
    if row is not None and row.owner is not None and row.owner.uid != connector.uid:
        return False
    synced = connector.condition(ConditionType.SYNCED)
    return synced is None or synced.reason not in _NOT_ITS_OWN
