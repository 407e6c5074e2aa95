"""What the operator is told is refused where it could not work with it."""

import pytest

from florin.settings import Secret
from merchant_operator.settings import OperatorSettings


def settings(cluster: str) -> OperatorSettings:
    token = Secret("x" * 24)
    return OperatorSettings(merchants_url="http://m", admin_token=token, namespaces=("shops",), cluster=cluster)


@pytest.mark.parametrize("cluster", ["default", "prod-1.eu_west", "c" * 64])
def test_a_cluster_has_a_plain_name(cluster: str) -> None:
    assert settings(cluster).cluster == cluster


@pytest.mark.parametrize("cluster", ["", "arn:aws:eks:eu:1:cluster/prod", "a@b", "c" * 65])
def test_a_name_that_owners_could_not_be_read_by_is_refused(cluster: str) -> None:
    with pytest.raises(ValueError, match="FLORIN_CLUSTER"):
        settings(cluster)
