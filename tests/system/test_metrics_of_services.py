"""What the running services tell Prometheus is what the page of metrics, and with it every alert, is made of."""

import re

import pytest
from tests.support.platform import Shop

from devtools.reference.described import SERVICES, description_of

_TYPE = re.compile(r"^# TYPE (florin_\w+) (\w+)$", re.M)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_running_service_tells_what_the_page_says(shop: Shop, service: str) -> None:
    told = (await shop.get("/metrics", service=service)).body.decode()
    families = {family for family in _TYPE.findall(told) if not family[0].endswith("_created")}
    assert families == {(metric.name, metric.type) for metric in description_of(service).metrics}
