"""The one question that may be asked on a request's path: does merchants know this key?

It is bounded on every side: only keys with right check digits, one question for the same key at a time, a time-out, so
many a second for the whole process, and an answer "no" is remembered for a while.
"""

import asyncio
import time
from collections import OrderedDict

from florin.contracts.directory import KeyAnswer
from florin.directory.merchants_client import MerchantsClient, MerchantsUnreachable
from florin.errors import Unavailable

LOOKUP_TIMEOUT_S = 1.0
LOOKUPS_PER_SECOND = 20
UNKNOWN_REMEMBERED_S = 10.0
UNKNOWN_REMEMBERED_MAX = 10_000


class KeyUncertain(Unavailable):
    """A key that is not known here, while merchants cannot be asked (any more, for now)."""

    code = "api_key_uncertain"
    title = "The API key cannot be checked at the moment"


class KeyLookups:
    """Asks merchants about keys."""

    def __init__(self, client: MerchantsClient) -> None:
        self._client = client
        self._unknown: OrderedDict[str, float] = OrderedDict()  # hash -> until when, on the monotonic clock
        self._asking: dict[str, asyncio.Task[KeyAnswer]] = {}
        self._tokens = float(LOOKUPS_PER_SECOND)
        self._tokens_at = time.monotonic()

    async def ask(self, key_hash: str) -> KeyAnswer:
        """What merchants knows of a key. Raises KeyUncertain."""
        until = self._unknown.get(key_hash)
        if until is not None and until > time.monotonic():
            return KeyAnswer(found=False)
        task = self._asking.get(key_hash)
        if task is None:
            if not self._take_token():
                raise KeyUncertain("Too many unknown API keys are being checked; try again.")
            task = self._asking[key_hash] = asyncio.create_task(self._ask(key_hash))
            task.add_done_callback(lambda _: self._asking.pop(key_hash, None))
        try:
            # A caller that goes away must not take the answer from the others who wait for it.
            return await asyncio.shield(task)
        except MerchantsUnreachable:
            raise KeyUncertain("This API key is not known here and cannot be checked at the moment.") from None

    async def _ask(self, key_hash: str) -> KeyAnswer:
        answer = await self._client.look_up(key_hash, timeout_s=LOOKUP_TIMEOUT_S)
        if not answer.found:
            self._unknown[key_hash] = time.monotonic() + UNKNOWN_REMEMBERED_S
            self._unknown.move_to_end(key_hash)
            if len(self._unknown) > UNKNOWN_REMEMBERED_MAX:
                self._unknown.popitem(last=False)
        return answer

    def _take_token(self) -> bool:
        now = time.monotonic()
        self._tokens = min(LOOKUPS_PER_SECOND, self._tokens + (now - self._tokens_at) * LOOKUPS_PER_SECOND)
        self._tokens_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
