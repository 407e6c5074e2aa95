"""Every service answers as its OpenAPI document says, whatever Schemathesis sends: no 5xx, nothing undocumented."""

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.platform import (
    ADMIN_TOKEN,
    CONTROL_TOKEN,
    INTERNAL_TOKEN,
    ROOT,
    TERMINAL_KEY,
    Platform,
    Shop,
    eventually,
    open_shop,
)
from tests.support.servers import MariaDBServer, running_redis

SECONDS = 10
"""For each service; what is sent is the same in every run, so more of it would find the same."""


@pytest.fixture(scope="module")
def platform(
    mariadb: MariaDBServer, server_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """A platform of its own: what is tried here disables merchants and asks for faults."""
    with running_redis(server_folder) as redis:
        platform = Platform(tmp_path_factory.mktemp("contracts"), mariadb, redis.url)
        try:
            platform.start()
            yield platform
        finally:
            platform.close()


@pytest.fixture(scope="module")
def known(platform: Platform) -> dict[str, Any]:
    """A merchant with one thing of each kind, and credentials by path."""

    async def make() -> dict[str, Any]:
        async with open_shop(platform) as shop:
            shop.key = await shop.new_key(rate_limit_per_second=10_000)
            tokens = {
                "/v1": shop.key,
                "/admin/v1": ADMIN_TOKEN,
                "/internal/v1": INTERNAL_TOKEN,
                "/control/v1": CONTROL_TOKEN,
                "/acquirer/v1": TERMINAL_KEY,
            }
            values = {"merchant_id": shop.merchant_id, "connector": "simulator", **await _things_of(shop)}
            return {"tokens": tokens, "values": values}

    return asyncio.run(make())


async def _things_of(shop: Shop) -> dict[str, str]:
    payment = (await shop.pay(capture_method="manual")).ok()
    await shop.post(f"/v1/payments/{payment['id']}/capture", {"amount_minor": 500})
    refund = (await shop.post("/v1/refunds", {"payment_id": payment["id"], "amount_minor": 100})).ok()
    (event, *_) = (await shop.get("/v1/events")).ok()["data"]

    async def delivered() -> Any:
        return (await shop.get("/v1/deliveries", service="notifications")).ok()["data"]

    (delivery, *_) = await eventually(delivered)
    endpoint = {"url": f"{shop.platform.url('simulator')}/receiver/{shop.merchant_id}"}
    made = (await shop.post("/v1/webhook_endpoints", endpoint, service="notifications")).ok()
    (key, *_) = (await shop.admin("GET", f"/merchants/{shop.merchant_id}/keys")).ok()["data"]
    return {
        "payment_id": payment["id"],
        "refund_id": refund["id"],
        "event_id": event["id"],
        "delivery_id": delivery["id"],
        "endpoint_id": made["endpoint"]["id"],
        "key_id": key["id"],
        "reference": payment["attempts"][0]["acquirer_reference"],
    }


@pytest.mark.parametrize("service", ["payments", "notifications", "simulator", "merchants"])
async def test_answers_are_as_documented(
    service: str, platform: Platform, known: dict[str, Any], tmp_path: Path
) -> None:
    command = [
        *("run", f"{platform.url(service)}/openapi.json", "--max-time", str(SECONDS), "--max-examples", "10"),
        *("--phases", "examples,coverage,fuzzing", "--generation-deterministic", "--no-shrink", "--warnings", "off"),
        *("--continue-on-failure", "--request-timeout", "10", "--no-color", "--output-truncate", "false"),
        # A valid request may be refused for a reason that no schema can say, such as an unknown token.
        *("--exclude-checks", "positive_data_acceptance"),
        # The simulator answers with whatever it was asked to, 5xx too: it is not asked to here.
        *("--exclude-path-regex", "^/(receiver/|control/v1/faults$)"),
    ]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", *command),
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.support.contract_hooks",
            "FLORIN_CONTRACT_KNOWN": msgspec.json.encode(known).decode(),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 90)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, output.decode()
    (selected,) = re.findall(r"Selected: (\d+)/", output.decode())
    assert f"Tested: {selected}\n" in output.decode()
    assert "Unexpected " not in platform.tail(service)
