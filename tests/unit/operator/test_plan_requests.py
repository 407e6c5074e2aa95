"""Whom a plan is about is named from outside, and becomes a part of a path at the API server."""

from typing import Any

import msgspec
import pytest

from merchant_operator.plan_endpoint import PlanRequest


def request(**named: Any) -> PlanRequest:
    document = {"token": "t", "namespace": "shops", "name": "acme", "spec": {}} | named
    return msgspec.json.decode(msgspec.json.encode(document), type=PlanRequest)


@pytest.mark.parametrize("field", ["namespace", "name"])
@pytest.mark.parametrize(
    "value", ["", ".", "..", "../../b/merchantconfigs/acme", "a/b", "a%2Fb", "a\n", "A", "a" * 254]
)
def test_what_is_no_name_of_kubernetes_is_refused_by_field(field: str, value: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=f"^{field} must be"):
        request(**{field: value})


def test_names_of_kubernetes_pass() -> None:
    assert request(name="acme-2.shop").name == "acme-2.shop"
