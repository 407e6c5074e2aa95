"""The composition root of the operator: ``python -m merchant_operator.main``."""

import asyncio
import logging
import signal
import sys
from contextlib import AsyncExitStack, suppress

import kopf

from florin.settings import SettingsError, load
from florin.telemetry import configure_logging, configure_tracing, open_recorder, shutdown_tracing
from florin.version import VERSION
from merchant_operator.http import Probes, serving
from merchant_operator.kubernetes import ApiError, Kubernetes, Login
from merchant_operator.merchants_api import Breaker, MerchantsApi
from merchant_operator.names import API_VERSION, PLURALS
from merchant_operator.plan_endpoint import Planner
from merchant_operator.propagation import follow_replicas
from merchant_operator.queue import Queue
from merchant_operator.reconcile import Reconciler
from merchant_operator.settings import OperatorSettings
from merchant_operator.sweep import Sweep
from merchant_operator.watch import kopf_settings, watch_registry
from merchant_operator.watched import Watched
from merchant_operator.world import World

NAME = "operator"
_DEFINITIONS_S = 2.0
_log = logging.getLogger("merchant_operator")


async def operate(settings: OperatorSettings, stop: asyncio.Event) -> None:
    """Watch and reconcile until ``stop`` is set. Raises where the API server does not let the account watch."""
    configured = kopf_settings(settings)
    world, watched = World(), Watched()
    breaker = Breaker(settings.breaker_failures, settings.breaker_open_s)
    async with AsyncExitStack() as stack:
        kubernetes = await stack.enter_async_context(
            Kubernetes(Login(configured), timeout_s=settings.request_timeout_s)
        )
        merchants = await stack.enter_async_context(
            MerchantsApi(settings.merchants_url, settings.admin_token, breaker, timeout_s=settings.request_timeout_s)
        )
        reconciler = Reconciler(kubernetes, merchants, world, settings)
        queue = Queue(
            reconciler.reconcile,
            world.is_deleting,
            workers=settings.reconcile_workers,
            deletion_workers=settings.deletion_workers,
            retry_first_s=settings.retry_first_s,
            retry_last_s=settings.retry_last_s,
        )
        world.on_connector = queue.add
        sweep = Sweep(kubernetes, merchants, world, queue, watched, settings)
        probes = Probes(sweep, watched, settings)
        planner = Planner(kubernetes, merchants, world, settings)
        await stack.enter_async_context(serving(probes, planner, settings))
        if not await _wait_for_definitions(kubernetes, stop):
            return
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(queue.run(), name="queue"),
                group.create_task(sweep.run(), name="sweep"),
                group.create_task(
                    follow_replicas(merchants, world, queue, interval_s=settings.propagation_interval_s),
                    name="propagation",
                ),
            ]
            await kopf.operator(
                registry=watch_registry(world, queue, watched),
                settings=configured,
                standalone=True,
                namespaces=settings.namespaces,
                stop_flag=stop,
            )
            for task in beside:
                task.cancel()


async def _wait_for_definitions(kubernetes: Kubernetes, stop: asyncio.Event) -> bool:
    """Whether the API server knows our kinds. kopf looks at what there is once, at its start."""
    while not stop.is_set():
        try:
            served = await kubernetes.request("GET", f"/apis/{API_VERSION}")
            if {resource["kind"] for resource in served["resources"]} >= set(PLURALS):
                return True
            _log.warning("The API server does not know all of %s yet; install the chart florin-crds.", list(PLURALS))
        except ApiError as error:
            _log.warning("The definitions are not there yet (%s); install the chart florin-crds.", error)
        with suppress(TimeoutError):
            async with asyncio.timeout(_DEFINITIONS_S):
                await stop.wait()
    return False


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    try:
        settings = load(OperatorSettings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    configure_logging(NAME, level=settings.log_level)
    logging.getLogger("kopf").setLevel(logging.WARNING)
    configure_tracing(open_recorder(settings.traces, service=NAME, version=VERSION), ratio=settings.trace_ratio)
    try:
        asyncio.run(_until_told(settings))
    finally:
        shutdown_tracing()


async def _until_told(settings: OperatorSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await operate(settings, stop)


if __name__ == "__main__":
    main()
