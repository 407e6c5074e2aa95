"""Asks notifications for a payment's deliveries: for its timeline, never on a payment's path."""

import aiohttp
import msgspec

from florin.contracts.deliveries import PaymentDeliveries
from florin.settings import Secret
from florin.telemetry import inject

_TIMEOUT_S = 2.0


class DeliveriesClient:
    """A client of notifications' internal API."""

    def __init__(self, notifications_url: str, internal_token: Secret) -> None:
        self._url = notifications_url.rstrip("/")
        self._token = internal_token
        self._session: aiohttp.ClientSession | None = None

    async def of_payment(self, payment_id: str) -> PaymentDeliveries | None:
        """The deliveries of a payment; None where notifications does not answer."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S), trust_env=False)
        headers = inject({"Authorization": f"Bearer {self._token.reveal()}"})
        try:
            url = f"{self._url}/internal/v1/payments/{payment_id}/deliveries"
            async with self._session.get(url, headers=headers) as response:
                if response.status != 200:
                    return None
                return msgspec.json.decode(await response.read(), type=PaymentDeliveries)
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
            return None

    async def close(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()
