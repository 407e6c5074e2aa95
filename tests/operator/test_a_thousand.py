"""1,000 MerchantConfigs: steady within 5 minutes, in less than 300 MB, with at most 8 requests for each."""

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest
from tests.support.merchant_operator import Tenant, connector, merchant_config, running_operator
from tests.support.merchants import MerchantsService
from tests.support.platform import eventually

COUNT = 1000
_BATCH = 100


@pytest.mark.timeout(900)
async def test_a_thousand_resources(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    webhook = {"name": "shop", "url": "https://shop.example/hook", "signingSecretRef": {"name": "signing"}}
    tenant.secret("signing", {"value": "whsec_" + "A" * 43 + "="})
    defaults = {
        "FLORIN_SWEEP_INTERVAL_S": "60",
        "FLORIN_PROPAGATION_INTERVAL_S": "1",
        "FLORIN_SECRETS_INTERVAL_S": "300",
    }
    with running_operator(tenant, merchants_service.url, tmp_path, **defaults) as operator:
        await operator.ready()
        tenant.apply(connector())
        await tenant.until("bank", "Ready=True", kind="connectors")
        began = time.monotonic()
        for first in range(0, COUNT, _BATCH):
            names = [f"shop{number}" for number in range(first, first + _BATCH)]
            batch = [merchant_config(name, webhooks=[webhook], apiKeySecretName=f"{name}-keys") for name in names]
            await asyncio.to_thread(tenant.apply, *batch)
        await eventually(lambda: asyncio.to_thread(all_ready, tenant), timeout_s=400, pause_s=3)
        steady_s = time.monotonic() - began
        asked = tenant.api_server.requests(tenant.user)
        assert operator.probe("live") == 200
        memory_mb = operator.memory_mb()
    mine = [entry for entry in asked if entry["stage"] == "ResponseComplete" and entry["verb"] not in ("watch", "list")]
    each = len(mine) / COUNT
    kinds: dict[str, int] = {}
    for entry in mine:
        name = f"{entry['verb']} {entry['objectRef']['resource'] if 'objectRef' in entry else entry['requestURI']}"
        kinds[name] = kinds.get(name, 0) + 1
    told = {"steady_s": round(steady_s), "memory_mb": round(memory_mb), "requests_each": round(each, 2), "kinds": kinds}
    logging.getLogger(__name__).warning("%s", json.dumps(told))
    assert steady_s < 300, told
    assert memory_mb < 300, told
    assert each <= 8, told


def all_ready(tenant: Tenant) -> bool:
    path = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'
    told = tenant.kubectl("get", "merchantconfigs", "-o", f"jsonpath={path}").split()
    return told.count("True") == COUNT
