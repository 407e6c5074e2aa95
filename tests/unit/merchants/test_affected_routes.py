from typing import Any

import msgspec
from tests.support.merchants import config

from florin.contracts.affected_routes import RouteChange, affected_routes
from florin.contracts.merchant_config import MerchantConfig


def spec(*rules: dict[str, Any], account: str | None = None) -> MerchantConfig:
    binding = {"name": "main", "connectorRef": {"name": "bank"}, "merchantAccount": account}
    return msgspec.convert(config("acme", connectors=[binding], routing=list(rules)), MerchantConfig)


def rule(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "targets": [{"connector": "main"}], **fields}


def test_rules_that_stay_the_same_are_not_named() -> None:
    assert affected_routes(spec(rule("a"), rule("b")), spec(rule("a"), rule("b"))) == []


def test_each_way_to_touch_a_rule() -> None:
    old = spec(rule("same"), rule("gone"), rule("wider", schemes=["visa"]))
    new = spec(rule("same"), rule("wider"), rule("new"))
    assert [(change.rule, change.change) for change in affected_routes(old, new)] == [
        ("wider", "changed"),
        ("new", "added"),
        ("gone", "removed"),
    ]


def test_a_binding_that_leads_elsewhere_reroutes_each_rule_that_uses_it() -> None:
    assert affected_routes(spec(rule("a")), spec(rule("a"), account="M2")) == [
        RouteChange("a", "rerouted", "100% bank -> 100% bank (M2)")
    ]


def test_another_order_is_told() -> None:
    changed = affected_routes(spec(rule("a"), rule("b")), spec(rule("b"), rule("a")))
    assert [(change.rule, change.change) for change in changed] == [("b", "reordered"), ("a", "reordered")]
