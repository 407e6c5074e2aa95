from pathlib import Path

import pytest
from tests.support.florin_command import Florin, operator_of
from tests.support.platform import Platform, Shop


@pytest.fixture
def florin(platform: Platform, shop: Shop, tmp_path: Path) -> Florin:
    return operator_of(platform, tmp_path, shop.merchant_id)
