"""Store a connector. Storing the same twice changes nothing."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config_rules import Violation, validate_connector
from florin.errors import InvalidRequest
from florin.secrets import SecretBox
from merchants.domain.errors import ConnectorInvalid, ConnectorModeFixed
from merchants.domain.handed import HandedSecret
from merchants.domain.names import check_name, connector_scope
from merchants.domain.ownership import Stored, Write, judge
from merchants.operations.take_handed import take_secrets
from merchants.store.changes import ChangeLog, Changes
from merchants.store.connectors import Connector, find_connector, get_connector, save_connector, tell_connector


class PutConnector(NamedTuple):
    """The connector as stored, and whether it is new."""

    connector: Connector
    created: bool


async def put_connector(
    changes: Changes,
    box: SecretBox,
    name: str,
    write: Write[ConnectorSpec],
    secrets: Sequence[HandedSecret] = (),
    *,
    plain_hosts: Collection[str],
) -> PutConnector:
    """Make ``write`` the connector of this name.

    Raises NameInvalid, ConnectorInvalid, ConnectorModeFixed, StaleSecret and what `merchants.domain.ownership.judge`
    raises.
    """
    check_name(name)
    _check(name, write.spec, plain_hosts)
    if write.owner is None and secrets:
        raise InvalidRequest("Secrets by hand have an endpoint of their own.", param="owner")

    async def work(log: ChangeLog) -> PutConnector:
        found = await find_connector(log.conn, name)
        # No glass is broken here and no version kept, so the owner's content is what is stored.
        stored = Stored(found.spec, found.owner, found.spec) if found else Stored[ConnectorSpec]()
        verdict = judge(stored, write, log.now)
        if found is not None and found.spec.livemode != write.spec.livemode:
            # Configurations that route test payments here would begin to move real money.
            raise ConnectorModeFixed(
                f"The connector {name!r} is {'live' if found.spec.livemode else 'for tests'}; make another one.",
                param="livemode",
            )
        connector = found or Connector(name, write.spec, log.now, log.now)
        if verdict.changed or verdict.owner != connector.owner:
            connector = replace(connector, spec=write.spec, owner=verdict.owner, updated_at=log.now)
            await save_connector(log, connector)
        if verdict.changed:
            tell_connector(log, connector)
        await take_secrets(log, box, connector_scope(name), secrets, adopt=write.adopt)
        return PutConnector(connector, created=found is None)

    return await changes.run(work)


async def release_connector(changes: Changes, name: str, uid: str | None) -> Connector:
    """Let the owner go, with ``uid`` only where that one is the owner; the connector stays. Raises NotFound."""

    async def work(log: ChangeLog) -> Connector:
        connector = await get_connector(log.conn, name)
        if connector.owner is None or uid not in (None, connector.owner.uid):
            return connector
        released = replace(connector, owner=None, updated_at=log.now)
        await save_connector(log, released)
        return released

    return await changes.run(work)


def _check(name: str, spec: ConnectorSpec, plain_hosts: Collection[str]) -> None:
    violations = validate_connector(spec, plain_hosts=plain_hosts)
    if spec.name != name:
        violations.append(Violation("name", f"This is the connector {name!r}.", "immutable"))
    if violations:
        raise ConnectorInvalid(violations)
