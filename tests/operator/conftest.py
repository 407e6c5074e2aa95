"""A real API server with our definitions, a real merchants service, and the operator as a process between them."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.kubernetes import ApiServer
from tests.support.merchant_operator import Operator, Tenant, install_definitions, running_operator
from tests.support.merchants import MerchantsService
from tests.support.merchants_fixtures import merchants_service
from tests.support.replicas import Replicas, living_replicas

__all__ = ["merchants_service"]


@pytest.fixture(scope="session")
def kubernetes(api_server: ApiServer) -> ApiServer:
    """The API server, with MerchantConfig and Connector."""
    install_definitions(api_server)
    return api_server


@pytest.fixture
def tenant(kubernetes: ApiServer) -> Tenant:
    """A namespace with the operator's account."""
    return Tenant(kubernetes, f"shops-{secrets.token_hex(4)}")


@pytest.fixture
async def replicas(merchants_service: MerchantsService) -> AsyncIterator[Replicas]:
    """A replica of payments and one of notifications that follow merchants' changes."""
    async with living_replicas(merchants_service) as replicas:
        yield replicas


@pytest.fixture
async def operator(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Replicas, tmp_path: Path
) -> AsyncIterator[Operator]:
    """The operator, serving the tenant."""
    with running_operator(tenant, merchants_service.url, tmp_path) as operator:
        yield await operator.ready()
