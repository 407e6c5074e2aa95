"""The directory in memory: plain dictionaries, each look-up one step."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from florin.contracts.api_keys import ApiKeyState
from florin.contracts.connector import ConnectorSpec
from florin.contracts.directory import (
    STATE_TYPES,
    Change,
    ConfigState,
    ConnectorState,
    MerchantState,
    SecretState,
    State,
)
from florin.directory.principal import (
    KeyExpired,
    KeyRevoked,
    MerchantDisabled,
    Principal,
    principal_of,
)
from florin.errors import Conflict, NotFound, Unavailable

_DECODERS = {kind.value: msgspec.json.Decoder(state) for kind, state in STATE_TYPES.items()}


class NotConfigured(Conflict):
    """A merchant whose configuration was never written, or has not arrived here."""

    code = "merchant_not_configured"
    title = "The merchant has no configuration yet"


class ConfigVersionUnknown(Unavailable):
    """A version that a payment began with and that has not arrived here (again)."""

    code = "config_version_unknown"


class ConnectorUnknown(NotFound):
    """No connector with this name has arrived here."""

    code = "connector_unknown"


class _Key(NamedTuple):
    state: ApiKeyState
    principal: Principal


def decode_state(change: Change) -> State | None:
    """What changed; None for a kind that this program is too old to know."""
    decoder = _DECODERS.get(change.kind)
    return decoder.decode(change.state) if decoder else None


class Memory:
    """The newest state of each thing, and every version of each configuration."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, str], int] = {}
        self._keys: dict[str, _Key] = {}
        self._merchants: dict[str, MerchantState] = {}
        self._configs: dict[str, ConfigState] = {}
        self._config_versions: dict[tuple[str, int], ConfigState | bytes] = {}
        self._connectors: dict[str, ConnectorSpec] = {}
        self._secrets: dict[tuple[str, str], int] = {}

    def apply(self, change: Change) -> State | None:
        """Take a change in, unless a newer one of the same thing is here; the state if it was new."""
        key = (change.kind, change.subject)
        if self._versions.get(key, 0) >= change.version:
            return None
        state = decode_state(change)
        self._versions[key] = change.version
        match state:
            case ApiKeyState():
                self._keys[state.hash] = _Key(state, principal_of(state))
            case MerchantState():
                self._merchants[state.id] = state
            case ConfigState():
                self._take_config(state, bytes(change.state))
            case ConnectorState():
                self._connectors[state.name] = state.spec
            case SecretState():
                self._secrets[state.scope, state.name] = state.secret_version
        return state

    def _take_config(self, state: ConfigState, encoded: bytes) -> None:
        # Earlier versions serve payments that began with them: they wait encoded, a tenth of the size.
        self._config_versions[state.merchant_id, state.config_version] = encoded
        current = self._configs.get(state.merchant_id)
        if current is None or current.config_version < state.config_version:
            self._configs[state.merchant_id] = state

    def principal(self, key_hash: str, now: datetime) -> Principal | None:
        """Whom a key speaks for; None where nothing is known of it.

        Raises KeyExpired, KeyRevoked, MerchantDisabled.
        """
        key = self._keys.get(key_hash)
        if key is None:
            return None
        if key.state.revoked_at is not None:
            raise KeyRevoked("This API key was revoked.")
        if key.state.expires_at is not None and key.state.expires_at <= now:
            raise KeyExpired("This API key has expired; use the one that replaced it.")
        merchant = self._merchants.get(key.state.merchant_id)
        if merchant is None:
            return None  # the key overtook its merchant on the way here
        if merchant.disabled:
            raise MerchantDisabled("This merchant is disabled.")
        return key.principal

    def merchant(self, merchant_id: str) -> MerchantState | None:
        """The merchant with this id."""
        return self._merchants.get(merchant_id)

    def config(self, merchant_id: str, version: int | None) -> ConfigState:
        """A version of a configuration, by default the newest. Raises NotConfigured, ConfigVersionUnknown."""
        current = self._configs.get(merchant_id)
        if current is not None and version in (None, current.config_version):
            return current
        if version is None:
            raise NotConfigured(f"The merchant {merchant_id!r} has no configuration yet.")
        kept = self._config_versions.get((merchant_id, version))
        if kept is None:
            raise ConfigVersionUnknown(f"Version {version} of the configuration of {merchant_id!r} is not here.")
        if isinstance(kept, bytes):
            kept = self._config_versions[merchant_id, version] = msgspec.json.decode(kept, type=ConfigState)
        return kept

    def configs(self) -> Iterator[ConfigState]:
        """The newest configuration of every merchant."""
        return iter(tuple(self._configs.values()))

    def connector(self, name: str) -> ConnectorSpec:
        """The connector with this name. Raises ConnectorUnknown."""
        try:
            return self._connectors[name]
        except KeyError:
            raise ConnectorUnknown(f"There is no connector {name!r} here.") from None

    def secret_version(self, scope: str, name: str) -> int | None:
        """The current version of a secret; None where there is no such secret."""
        return self._secrets.get((scope, name))

    def versions(self) -> dict[tuple[str, str], int]:
        """The version of each thing by (kind, subject)."""
        return dict(self._versions)
