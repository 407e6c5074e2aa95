"""The secrets that sign for an endpoint: sealed in our table, or leased where the configuration names one."""

from datetime import UTC, datetime

from msgspec import Struct

from florin.secrets import SecretBox, SecretLeases
from florin.secrets.box import record_aad
from florin.settings import Secret
from florin.webhooks import Signer
from notifications.domain.endpoint import Endpoint

_REMEMBERED_MAX = 10_000


class _Remembered(Struct, frozen=True):
    version: int
    until: datetime | None
    signer: Signer


class SigningSecrets:
    """Opens, seals and leases. Signers are remembered until their endpoint or their secrets change."""

    def __init__(self, box: SecretBox, leases: SecretLeases) -> None:
        self._box = box
        self._leases = leases
        self._signers: dict[str, _Remembered] = {}
        self._leased: dict[tuple[str, str], tuple[tuple[Secret, ...], Signer]] = {}

    def seal(self, endpoint_id: str, secret: str) -> bytes:
        """For storage with the endpoint of this id, and no other."""
        return self._box.seal(Secret(secret), _aad(endpoint_id))

    async def signer(self, endpoint: Endpoint) -> Signer:
        """Signs with the current secret, and with the one before while it is still accepted.

        Raises SecretMissing where the configuration refers to a secret that is not there, InvalidSigningSecret where
        it cannot sign.
        """
        if endpoint.secret_ref is not None:
            return await self._leased_signer(f"merchant:{endpoint.merchant_id}", endpoint.secret_ref)
        now = datetime.now(UTC)
        known = self._signers.get(endpoint.id)
        if known is not None and known.version == endpoint.version and (known.until is None or now < known.until):
            return known.signer
        sealed, until = [endpoint.secret], None
        expires_at = endpoint.previous_secret_expires_at
        if endpoint.previous_secret is not None and expires_at is not None and now < expires_at:
            sealed.append(endpoint.previous_secret)
            until = expires_at
        signer = Signer(self._box.open(each, _aad(endpoint.id)).reveal() for each in sealed)
        if len(self._signers) >= _REMEMBERED_MAX:
            self._signers.clear()
        self._signers[endpoint.id] = _Remembered(endpoint.version, until, signer)
        return signer

    async def _leased_signer(self, scope: str, name: str) -> Signer:
        lease = await self._leases.get(scope, name)
        secrets = (lease.current, *lease.previous)
        known = self._leased.get((scope, name))
        if known is None or known[0] != secrets:
            known = secrets, Signer(secret.reveal() for secret in secrets)
            self._leased[scope, name] = known
        return known[1]


def _aad(endpoint_id: str) -> bytes:
    return record_aad("webhook_endpoint", endpoint_id)
