"""Attempts deliveries as they fall due, each endpoint in a lane of its own.

Fresh deliveries come already claimed by the transaction that recorded them (`take`) and start at once. Everything
else, retries, replays and what others left behind, is found by asking the database which endpoints have something
due, and claimed in one round for all of them, each as far as its lane has room.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from florin.database import Database
from florin.errors import Unavailable
from notifications.domain.delivery import Attempt, Claim, Result
from notifications.domain.endpoint import Endpoint, EndpointState
from notifications.domain.health import observe
from notifications.domain.outcome import DeliveryState, judge
from notifications.operations.lane import Lane, Queued
from notifications.operations.measure import ATTEMPT_DURATION, ATTEMPTS, DEAD, IN_FLIGHT
from notifications.operations.record_results import HealthRow, ResultRecorder
from notifications.store.claims import claim_deliveries, due_endpoints, find_candidates, load_claims, release_claims
from notifications.store.endpoints import find_endpoints

_IDLE_LANE_S = 600.0
_BACKLOG_MAX = 4096
_log = logging.getLogger(__name__)


class Send(Protocol):
    """Makes one attempt; every failure is an outcome."""

    async def __call__(self, endpoint: Endpoint, claim: Claim) -> Attempt:
        """The attempt as it was made."""
        ...


class DispatchLimits(Struct, frozen=True):
    """``lease_s`` must outlast waiting in a lane and the longest attempt (30 s)."""

    in_flight: int = 512
    lease_s: int = 90
    poll_s: float = 0.5


class _Claimed(NamedTuple):
    endpoints: Mapping[str, Endpoint]
    claims: Sequence[Claim]


class Dispatcher:
    """Owns the lanes and the attempts under way. Run `run` and `recorder.run` beside each other; `drain` at the end."""

    def __init__(self, db: Database, send: Send, *, holder: str, limits: DispatchLimits | None = None) -> None:
        self.holder = holder
        self.limits = limits or DispatchLimits()
        self.recorder = ResultRecorder(db, on_recorded=self._recorded)
        self._db = db
        self._send = send
        self._lanes: dict[str, Lane] = {}
        self._due: set[str] = set()
        self._parked: dict[str, None] = {}  # lanes that wait for a slot of the process, in order
        self._tasks: set[asyncio.Task[None]] = set()
        self._given_up: list[Claim] = []  # claimed, and not to be attempted by us after all
        self._slow_running = 0
        self._woken = asyncio.Event()
        self._stopping = False

    # --- what others call ------------------------------------------------------------------------------------------

    def room(self, endpoint: Endpoint) -> int:
        """How many fresh deliveries may be claimed for this process while they are recorded."""
        if self._stopping or self.recorder.backlog > _BACKLOG_MAX or endpoint.state is not EndpointState.ACTIVE:
            return 0
        return self._lane(endpoint).room(time.monotonic())

    def take(self, endpoints: Mapping[str, Endpoint], claims: Sequence[Claim], *, claimed_at: float) -> None:
        """Begin claims whose transaction has been committed; ``claimed_at`` (monotonic) is before it began."""
        lease_ends = claimed_at + self.limits.lease_s
        lanes = {}
        for claim in claims:
            lane = lanes[claim.endpoint_id] = self._lane(endpoints[claim.endpoint_id])
            lane.waiting.append(Queued(claim, lease_ends))
        for lane in lanes.values():
            self._pump(lane)

    def wake(self, endpoint_ids: Sequence[str] = ()) -> None:
        """Look for due deliveries now: of these endpoints, or of all."""
        self._due.update(endpoint_ids)
        if not endpoint_ids:
            self._polled_at = 0.0
        self._woken.set()

    # --- claiming --------------------------------------------------------------------------------------------------

    _polled_at = 0.0

    async def run(self) -> None:
        """Claim what falls due, until cancelled."""
        while True:
            try:
                await self._give_back()
                if time.monotonic() - self._polled_at >= self.limits.poll_s:
                    await self._poll()
                if self._due:
                    await self._claim_due()
            except Unavailable as error:
                _log.warning("Due deliveries cannot be claimed yet: %s", error)
                await asyncio.sleep(self.limits.poll_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.limits.poll_s):
                    await self._woken.wait()
            self._woken.clear()

    async def _give_back(self) -> None:
        if self._given_up:
            claims = self._given_up[:]
            await self._db.run(lambda conn: release_claims(conn, claims))
            del self._given_up[: len(claims)]

    async def _poll(self) -> None:
        self._polled_at = now = time.monotonic()
        async with self._db.connection() as conn:
            self._due.update(await due_endpoints(conn))
        for endpoint_id in [
            key for key, lane in self._lanes.items() if lane.idle and now - lane.touched_at > _IDLE_LANE_S
        ]:
            del self._lanes[endpoint_id]

    async def _claim_due(self) -> None:
        # Who is woken while this round is under way belongs to the next one.
        due, self._due = self._due, set()
        claimed_at = time.monotonic()
        async with self._db.connection() as conn:
            endpoints = await find_endpoints(conn, due)
            rooms = [(endpoint, room) for endpoint in endpoints.values() if (room := self.room(endpoint))]
            ids = await find_candidates(conn, rooms)
        # A lane without room is looked at again when it has some, and one that was filled may have more.
        counts: dict[str, int] = {}
        if ids:
            rows = await self._db.run(lambda conn: claim_deliveries(conn, ids, self.holder, self.limits.lease_s))
            async with self._db.connection() as conn:
                claims = await load_claims(conn, rows)
            for claim in claims:
                counts[claim.endpoint_id] = counts.get(claim.endpoint_id, 0) + 1
            self.take(endpoints, claims, claimed_at=claimed_at)
        asked = {endpoint.id: room for endpoint, room in rooms}
        for endpoint in endpoints.values():
            if endpoint.state is EndpointState.ACTIVE and counts.get(endpoint.id, 0) >= asked.get(endpoint.id, 0):
                self._due.add(endpoint.id)
                self._pump(self._lane(endpoint))

    def _lane(self, endpoint: Endpoint) -> Lane:
        now = time.monotonic()
        lane = self._lanes.get(endpoint.id)
        if lane is None:
            lane = self._lanes[endpoint.id] = Lane(endpoint, now)
        else:
            lane.refresh(endpoint, now)
        return lane

    # --- attempting ------------------------------------------------------------------------------------------------

    def _pump(self, lane: Lane) -> None:
        """Start what may start."""
        now = time.monotonic()
        if self._stopping:
            return
        if lane.health.blocked_until > now:
            self._clear(lane)
        while lane.may_start(now):
            if not self._has_slot(lane):
                self._parked[lane.endpoint.id] = None
                return
            self._start(lane, now)
        if lane.waiting and lane.starts_at > now and not lane.paced:
            lane.paced = True
            asyncio.get_running_loop().call_later(lane.starts_at - now, self._resume, lane)
        if not lane.waiting and lane.endpoint.id in self._due and lane.room(now):
            self._woken.set()

    def _resume(self, lane: Lane) -> None:
        lane.paced = False
        self._pump(lane)

    def _has_slot(self, lane: Lane) -> bool:
        # Slow endpoints share one half of the process between them, whatever their number; the rest is never theirs.
        if lane.health.slow and self._slow_running >= self.limits.in_flight // 2:
            return False
        return len(self._tasks) < self.limits.in_flight

    def _start(self, lane: Lane, now: float) -> None:
        claim, lease_ends = lane.waiting.popleft()
        if now + lane.endpoint.timeout_s > lease_ends:
            self._given_up.append(claim)  # the lease would end in mid-attempt
            self._woken.set()
            return
        lane.started(now)
        slow = lane.health.slow
        self._slow_running += slow
        task = asyncio.create_task(self._attempt(lane, claim))
        self._tasks.add(task)
        IN_FLIGHT.set(len(self._tasks))
        task.add_done_callback(lambda done: self._finished(lane, done, slow=slow))

    async def _attempt(self, lane: Lane, claim: Claim) -> None:
        endpoint, began = lane.endpoint, time.monotonic()
        attempt = await self._send(endpoint, claim)
        ended, outcome = time.monotonic(), attempt.outcome
        verdict = judge(outcome, attempt=claim.step, policy=endpoint.retries, chance=random.random())
        health: HealthRow | None = None
        if lane.endpoint.version == endpoint.version:  # else the endpoint was edited meanwhile: nothing is known of it
            before = lane.health
            lane.health = after = observe(before, outcome, began=began, ended=ended, chance=random.random())
            if (before.failures, before.blocked_until) != (after.failures, after.blocked_until):
                health = (endpoint.id, endpoint.version, after.failures, max(after.blocked_until - ended, 0.0))
        self.recorder.put(Result(claim=claim, attempt=attempt, verdict=verdict), health)
        if verdict.disables_endpoint or lane.health.blocked_until > ended:
            self._clear(lane)
        if verdict.state is DeliveryState.DEAD:
            DEAD.inc()
        ATTEMPTS.labels(verdict.state, str(outcome.status or outcome.failure)).inc()
        ATTEMPT_DURATION.observe(ended - began)

    def _finished(self, lane: Lane, task: asyncio.Task[None], *, slow: bool) -> None:
        self._tasks.discard(task)
        self._slow_running -= slow
        lane.running -= 1
        IN_FLIGHT.set(len(self._tasks))
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("An attempt for endpoint %s crashed.", lane.endpoint.id, exc_info=error)
        for endpoint_id in list(self._parked):
            parked = self._lanes.get(endpoint_id)
            del self._parked[endpoint_id]
            if parked is not None:
                self._pump(parked)
            if len(self._tasks) >= self.limits.in_flight:
                break
        self._pump(lane)

    def _recorded(self, results: Sequence[Result]) -> None:
        # In a strict order the next one falls due by this one's end.
        ordered = {
            result.claim.endpoint_id
            for result in results
            if (lane := self._lanes.get(result.claim.endpoint_id)) is not None and lane.endpoint.ordered
        }
        if ordered:
            self.wake(sorted(ordered))

    # --- the end ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Begin nothing more."""
        self._stopping = True

    async def drain(self, grace_s: float) -> None:
        """Begin nothing more, wait for the attempts under way, record them, give back what did not begin.

        Raises Unavailable where the database is away: then leases end by themselves.
        """
        self.close()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await self.recorder.flush()
        for lane in self._lanes.values():
            self._clear(lane)
        await self._give_back()

    def _clear(self, lane: Lane) -> None:
        """What waits here is not attempted by us now: it is given back, and due for whoever may."""
        if lane.waiting:
            self._given_up.extend(queued.claim for queued in lane.waiting)
            lane.waiting.clear()
            self._woken.set()
