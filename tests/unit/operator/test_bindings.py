"""A MerchantConfig uses Connectors that are its namespace's own at merchants, too."""

from typing import Any

import pytest
from tests.support.operator_resources import SYNCED, resource

from merchant_operator.bindings import connector_problems
from merchant_operator.merchants_api import ConnectorRow, Owner
from merchant_operator.names import CONNECTOR
from merchant_operator.problems import Reason
from merchant_operator.resources import Resource, read_resource
from merchant_operator.world import World

MINE, OTHERS, NOBODYS = (
    ConnectorRow("bank", "h", Owner("c1", 1)),
    ConnectorRow("bank", "h", Owner("c2", 1)),
    ConnectorRow("bank", "h"),
)


def connector(synced: str = "Synced", version: int = 5, **status: Any) -> Resource:
    condition = {"type": "Synced", "status": "True", "reason": synced, "message": "", "lastTransitionTime": ""}
    return read_resource(
        {
            "kind": CONNECTOR,
            "metadata": {
                "name": "bank",
                "namespace": "shops",
                "uid": "c1",
                "generation": 1,
                "resourceVersion": f"{version}",
            },
            "status": {"conditions": [condition], **status},
        }
    )


@pytest.mark.parametrize(
    ("found", "row", "wanted"),
    [
        pytest.param(None, None, [Reason.CONNECTOR_MISSING], id="there is none"),
        pytest.param(connector(), None, [Reason.CONNECTOR_NOT_READY], id="never put"),
        pytest.param(connector(appliedGeneration=1), None, [], id="put, as far as is known"),
        pytest.param(connector(appliedGeneration=1), MINE, [], id="its own"),
        pytest.param(connector(appliedGeneration=1), NOBODYS, [], id="let go a moment ago"),
        pytest.param(connector(appliedGeneration=1), OTHERS, [Reason.CONNECTOR_NOT_READY], id="another's by now"),
        *[
            pytest.param(connector(reason, appliedGeneration=1), row, [Reason.CONNECTOR_NOT_READY], id=f"says {reason}")
            for reason, row in (("OwnedByOther", None), ("NotAdopted", NOBODYS))
        ],
        pytest.param(connector("MerchantsUnreachable", appliedGeneration=1), MINE, [], id="merchants is away"),
    ],
)
def test_connectors(found: Resource | None, row: ConnectorRow | None, wanted: list[Reason]) -> None:
    world = World()
    if found is not None:
        world.see(found)
    if row is not None:
        world.told(CONNECTOR, "bank", row)
    problems = connector_problems(world, "shops", resource().merchant_config())
    assert [problem.reason for problem in problems] == wanted
    assert connector_problems(world, "shops", resource().merchant_config(), {"bank"}) == []


def test_what_refers_to_a_connector_is_looked_at_when_that_is_lost() -> None:
    world, due = World(), []
    world.see(resource(status=SYNCED))
    world.see(connector(appliedGeneration=1))
    world.on_connector = due.append
    world.see(connector(appliedGeneration=1, version=6))
    assert due == []
    world.see(connector("OwnedByOther", appliedGeneration=1, version=7))
    assert due == [resource().key]
