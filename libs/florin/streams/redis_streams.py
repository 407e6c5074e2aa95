"""The port on Redis Streams (7.0 or later).

Of a partition there are three keys: ``florin:{stream}:{n}`` is the stream, ``...:writer`` the writer's mark, and
``...:floors`` a hash of the groups' floors. The writer's steps are scripts (`florin.streams.scripts`).
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from florin.streams import scripts
from florin.streams.port import (
    ORIGIN,
    Append,
    Appended,
    Entry,
    EntryId,
    GroupMissing,
    Joined,
    Partition,
    RefusalKind,
    Refused,
    StreamUnavailable,
)

_log = logging.getLogger(__name__)
_DEAD_LETTERS_KEPT = 10_000
_SOCKET_TIMEOUT_S = 5.0


def connect(url: str) -> Redis:
    """A client with connections of its own. It never repeats a command: whether that is safe, its user knows."""
    client = Redis.from_url(
        url,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=_SOCKET_TIMEOUT_S,
        socket_connect_timeout=_SOCKET_TIMEOUT_S,
        max_connections=4,
    )
    # Entries are taken from the raw answer: turning each into a dict first would double the cost of reading.
    client.set_response_callback("XREADGROUP", _raw)
    return client


def _raw(response: Any, **_: Any) -> Any:
    return response


def stream_key(partition: Partition) -> str:
    """Where the entries are."""
    return f"florin:{partition.stream}:{partition.number}"


def writer_key(partition: Partition) -> str:
    """Where the writer's mark is."""
    return f"{stream_key(partition)}:writer"


def floors_key(partition: Partition) -> str:
    """Where the groups report their floors."""
    return f"{stream_key(partition)}:floors"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ResponseError as error:
        text = str(error)
        # UNBLOCKED: the stream was deleted under a reader that waited on it.
        if text.startswith(("NOGROUP", "UNBLOCKED")):
            raise GroupMissing(text) from None
        raise StreamUnavailable(text) from error
    except (RedisError, OSError, TimeoutError) as error:
        raise StreamUnavailable(f"{type(error).__name__}: {error}") from error


class RedisStreamWriter:
    """`florin.streams.port.StreamWriter` on Redis."""

    def __init__(self, url: str) -> None:
        self._redis = connect(url)
        self._append_sha = hashlib.sha1(scripts.APPEND.encode(), usedforsecurity=False).hexdigest()
        self._take = self._redis.register_script(scripts.TAKE)
        self._restart = self._redis.register_script(scripts.RESTART)

    async def append(self, appends: Sequence[Append]) -> list[Appended | Refused]:
        """One script call for each partition, all in one packet."""
        with _translated():
            answers = await self._run_appends(appends)
            # Scripts are part of what Redis forgets.
            unknown = [place for place, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
            if unknown:
                await self._redis.script_load(scripts.APPEND)
                for place, answer in zip(unknown, await self._run_appends([appends[i] for i in unknown]), strict=True):
                    answers[place] = answer
        return [_appended(answer, append.partition) for answer, append in zip(answers, appends, strict=True)]

    async def take(self, partition: Partition, fence: int, after: EntryId) -> Refused | None:
        """Set the writer's mark on what is there."""
        return await self._mark(self._take, partition, [fence, after.fence, after.seq])

    async def restart(self, partition: Partition, fence: int) -> Refused | None:
        """Drop the stream and set the writer's mark."""
        return await self._mark(self._restart, partition, [fence])

    async def read_floors(self, partitions: Sequence[Partition]) -> dict[Partition, dict[str, EntryId]]:
        """What the groups have reported. A group that exists in Redis and has reported nothing stands at ORIGIN."""
        with _translated():
            async with self._redis.pipeline(transaction=False) as pipeline:
                for partition in partitions:
                    pipeline.hgetall(floors_key(partition))
                    pipeline.xinfo_groups(stream_key(partition))
                answers = await pipeline.execute(raise_on_error=False)
        floors: dict[Partition, dict[str, EntryId]] = {}
        for partition, reported, groups in zip(partitions, answers[::2], answers[1::2], strict=True):
            existing = [] if isinstance(groups, ResponseError) else groups  # "no such key"
            for answer in (reported, existing):
                if isinstance(answer, Exception):
                    raise StreamUnavailable(str(answer)) from answer
            floors[partition] = {group["name"].decode(): ORIGIN for group in existing}
            floors[partition].update(_parse_floors(reported))
        return floors

    async def trim(self, partition: Partition, floor: EntryId) -> None:
        """Whole nodes only (about a hundred entries), which costs next to nothing."""
        with _translated():
            await self._redis.xtrim(
                stream_key(partition), minid=str(EntryId(floor.fence, floor.seq + 1)), approximate=True
            )

    async def cap(self, partition: Partition, entries: int) -> None:
        """Keep about the newest ``entries``."""
        with _translated():
            await self._redis.xtrim(stream_key(partition), maxlen=entries, approximate=True)

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    async def _run_appends(self, appends: Sequence[Append]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for append in appends:
                arguments: list[Any] = [append.fence, append.after.fence, append.after.seq]
                for entry in append.entries:
                    arguments += (entry.event_id, entry.aggregate_id, entry.payload, entry.traceparent or "")
                keys = (stream_key(append.partition), writer_key(append.partition))
                pipeline.evalsha(self._append_sha, 2, *keys, *arguments)
            return await pipeline.execute(raise_on_error=False)

    async def _mark(self, script: Any, partition: Partition, arguments: list[int]) -> Refused | None:
        with _translated():
            answer = await script(keys=[stream_key(partition), writer_key(partition)], args=arguments)
        result = _appended(answer, partition)
        return result if isinstance(result, Refused) else None


class RedisStreamReader:
    """`florin.streams.port.StreamReader` on Redis, for one group.

    All consumers of a group read under one name, the group's: whoever owns a partition finds its predecessor's
    pending entries as its own. That a partition has one owner is the business of leases.
    """

    def __init__(self, url: str, group: str) -> None:
        self._redis = connect(url)
        self._group = group

    async def read(
        self, positions: Mapping[Partition, EntryId | None], *, count: int, wait: timedelta
    ) -> dict[Partition, list[Entry]]:
        """One XREADGROUP over all partitions."""
        partitions = {stream_key(partition).encode(): partition for partition in positions}
        after = [">" if position is None else str(position) for position in positions.values()]
        block = ("BLOCK", max(1, int(wait / timedelta(milliseconds=1)))) if None in positions.values() else ()
        with _translated():
            answer = await self._redis.execute_command(  # type: ignore[no-untyped-call]
                "XREADGROUP", "GROUP", self._group, self._group, "COUNT", count, *block, "STREAMS", *partitions, *after
            )
        return {partitions[key]: [_entry(key, item) for item in items] for key, items in answer or ()}

    async def join(self, partition: Partition) -> Joined:
        """XGROUP CREATE at 0, never at ``$``: what was added before the group existed is to be read too."""
        key = stream_key(partition)
        with _translated():
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.xgroup_create(key, self._group, id="0", mkstream=True)
                pipeline.xinfo_groups(key)
                pipeline.exists(writer_key(partition))
                created, groups, marked = await pipeline.execute(raise_on_error=False)
            if isinstance(created, Exception) and "BUSYGROUP" not in str(created):
                raise created
            for answer in (groups, marked):
                if isinstance(answer, Exception):
                    raise answer
        last = next(group["last-delivered-id"] for group in groups if group["name"] == self._group.encode())
        return Joined(EntryId.parse(last.decode()), ready=bool(marked))

    async def acknowledge(self, acknowledged: Mapping[Partition, Sequence[EntryId]]) -> None:
        """XACK, all partitions in one packet."""
        with _translated():
            async with self._redis.pipeline(transaction=False) as pipeline:
                for partition, ids in acknowledged.items():
                    if ids:
                        pipeline.xack(stream_key(partition), self._group, *map(str, ids))
                await pipeline.execute()

    async def report_floors(self, floors: Mapping[Partition, EntryId]) -> None:
        """Repeated by the caller, since a flush takes the reports with it."""
        with _translated():
            async with self._redis.pipeline(transaction=False) as pipeline:
                for partition, floor in floors.items():
                    pipeline.hset(floors_key(partition), self._group, str(floor))
                await pipeline.execute()

    async def report_loss(self, partition: Partition) -> None:
        """Take the writer's mark away: to the writer, that is a Redis that forgot."""
        with _translated():
            await self._redis.delete(writer_key(partition))

    async def bury(self, entry: Entry, partition: Partition, reason: str) -> None:
        """A copy for whoever watches ``florin:dead:{group}``; the durable one is in the group's database."""
        fields: dict[Any, Any] = {
            "stream": partition.stream,
            "partition": partition.number,
            "entry_id": str(entry.id),
            "event_id": entry.event_id,
            "payload": entry.payload or b"",
            "reason": reason,
        }
        with _translated():
            await self._redis.xadd(f"florin:dead:{self._group}", fields, maxlen=_DEAD_LETTERS_KEPT, approximate=True)

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()


def _appended(answer: Any, partition: Partition) -> Appended | Refused:
    if isinstance(answer, ResponseError):
        # One partition's trouble (out of memory, a key of another type) must not hide that others were appended.
        _log.error("Redis refused %s: %s", stream_key(partition), answer)
        return Refused(RefusalKind.FAILED)
    if isinstance(answer, Exception):
        raise StreamUnavailable(str(answer)) from answer
    verdict, value = answer[0].decode(), answer[1]
    if verdict == "ok":
        return Appended(EntryId.parse(value.decode()) if value else ORIGIN)
    return Refused(RefusalKind(verdict), int(value))


def _parse_floors(reported: Mapping[bytes, bytes]) -> Iterable[tuple[str, EntryId]]:
    for group, text in reported.items():
        try:
            yield group.decode(), EntryId.parse(text.decode())
        except ValueError:
            _log.warning("a floor of group %r is unreadable: %r", group, text[:80])
            yield group.decode(errors="replace"), ORIGIN


def _entry(key: bytes, item: Sequence[Any]) -> Entry:
    entry_id = EntryId.parse(item[0].decode())
    if item[1] is None:
        return Entry(entry_id, "", "", None, None)
    fields = dict(zip(item[1][::2], item[1][1::2], strict=True))
    event_id = fields.get(b"event_id", b"").decode(errors="replace") or f"{key.decode()}:{entry_id}"
    aggregate_id = fields.get(b"aggregate_id", b"").decode(errors="replace")
    traceparent = fields.get(b"traceparent", b"").decode(errors="replace") or None
    return Entry(entry_id, event_id, aggregate_id, fields.get(b"payload", b""), traceparent)
