"""Store a connector. Storing the same twice changes nothing."""

from typing import NamedTuple

from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config_rules import Violation, validate_connector
from merchants.domain.errors import ConnectorInvalid, ConnectorModeFixed
from merchants.domain.names import check_name
from merchants.store.changes import ChangeLog, Changes
from merchants.store.connectors import Connector, find_connector, save_connector


class PutConnector(NamedTuple):
    """The connector as stored, and whether it is new."""

    connector: Connector
    created: bool


async def put_connector(changes: Changes, name: str, spec: ConnectorSpec, *, allow_loopback: bool) -> PutConnector:
    """Make ``spec`` the connector of this name. Raises NameInvalid, ConnectorInvalid, ConnectorModeFixed."""
    check_name(name)
    violations = validate_connector(spec, allow_loopback=allow_loopback)
    if spec.name != name:
        violations.append(Violation("name", f"This is the connector {name!r}.", "immutable"))
    if violations:
        raise ConnectorInvalid(violations)

    async def work(log: ChangeLog) -> PutConnector:
        found = await find_connector(log.conn, name)
        if found is not None and found.spec == spec:
            return PutConnector(found, created=False)
        if found is not None and found.spec.livemode != spec.livemode:
            # Configurations that route test payments here would begin to move real money.
            raise ConnectorModeFixed(
                f"The connector {name!r} is {'live' if found.spec.livemode else 'for tests'}; make another one.",
                param="livemode",
            )
        connector = Connector(name, spec, found.created_at if found else log.now, log.now)
        await save_connector(log, connector)
        return PutConnector(connector, created=found is None)

    return await changes.run(work)
