from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config import (
    AmountRange,
    ConnectorBinding,
    MerchantConfig,
    PaymentMethodType,
    Reference,
    RoutingRule,
    RoutingTarget,
    Scheme,
)
from payments.domain.payment import Card
from payments.domain.routing import choose_routes

SPECS = {
    name: ConnectorSpec(name=name, adapter="simulator", base_url="http://acquirer", livemode=name.endswith("-live"))
    for name in ("alpha", "beta", "gamma", "alpha-live")
}
VISA = Card(token="tok_visa", scheme="visa", bin="424242")


def targets(*names: str, weight: int = 100) -> tuple[RoutingTarget, ...]:
    return tuple(RoutingTarget(name, weight) for name in names)


def config(*rules: RoutingRule, connectors: tuple[str, ...] = tuple(SPECS)) -> MerchantConfig:
    bindings = tuple(ConnectorBinding(name, Reference(name), f"mid-{name}") for name in connectors)
    return MerchantConfig("shop", "Shop", ("EUR",), "EUR", connectors=bindings, routing=rules)


def choose(merchant: MerchantConfig, **more: Any) -> list[str]:
    request = {"amount_minor": 1000, "currency": "EUR", "card": VISA, "livemode": False, "dice": 0.0, **more}
    return [route.connector for route in choose_routes(merchant, SPECS, **request)]


def test_without_rules_connectors_are_tried_in_their_order() -> None:
    assert choose(config(connectors=("beta", "alpha"))) == ["beta", "alpha"]


def test_without_a_rule_that_matches_there_is_no_route() -> None:
    assert choose(config(RoutingRule("usd", targets("alpha"), currencies=("USD",)))) == []


def test_modes_never_mix() -> None:
    assert choose(config(), livemode=False) == ["alpha", "beta", "gamma"]
    assert choose(config(), livemode=True) == ["alpha-live"]


def test_connector_without_specification_is_left_out() -> None:
    assert choose(config(connectors=("unheard-of", "beta"))) == ["beta"]


def test_target_that_is_not_bound_is_left_out() -> None:
    assert choose(config(RoutingRule("all", targets("alpha", "beta")), connectors=("beta",))) == ["beta"]


def test_route_carries_the_merchants_account() -> None:
    (route,) = choose_routes(
        config(connectors=("beta",)), SPECS, amount_minor=1, currency="EUR", card=VISA, livemode=False, dice=0.5
    )
    assert route.mid == "mid-beta"
    assert route.timeout_s > SPECS["beta"].timeouts.total_seconds


def test_lowest_priority_number_decides_then_the_earlier_rule() -> None:
    late = RoutingRule("late", targets("alpha"), priority=20)
    early = RoutingRule("early", targets("beta"), priority=10)
    as_early = RoutingRule("as-early", targets("gamma"), priority=10)
    assert choose(config(late, early, as_early)) == ["beta"]


@pytest.mark.parametrize(
    ("criterion", "matching", "other"),
    [
        ({"currencies": ("EUR", "USD")}, {"currency": "USD"}, {"currency": "GBP"}),
        ({"schemes": (Scheme.VISA,)}, {"card": VISA}, {"card": Card(token="t", scheme="amex", bin="378282")}),
        ({"bin_prefixes": ("51", "4242")}, {"card": VISA}, {"card": Card(token="t", scheme="visa", bin="400000")}),
        ({"bin_prefixes": ("4242",)}, {"card": VISA}, {"card": Card(token="t", scheme="visa")}),
        ({"amount": AmountRange(100, 500)}, {"amount_minor": 100}, {"amount_minor": 99}),
        ({"amount": AmountRange(100, 500)}, {"amount_minor": 500}, {"amount_minor": 501}),
        ({"amount": AmountRange(100)}, {"amount_minor": 10**12}, {"amount_minor": 99}),
        ({"payment_methods": (PaymentMethodType.CARD,)}, {}, None),
    ],
)
def test_rule_matches_by_what_it_names(
    criterion: dict[str, Any], matching: dict[str, Any], other: dict[str, Any] | None
) -> None:
    special = RoutingRule("special", targets("beta"), priority=1, **criterion)
    merchant = config(special, RoutingRule("rest", targets("gamma"), priority=2))
    assert choose(merchant, **matching) == ["beta"]
    if other is not None:
        assert choose(merchant, **other) == ["gamma"]


WEIGHTS = st.lists(st.integers(0, 100), min_size=1, max_size=3)


@given(weights=WEIGHTS, dice=st.floats(0, 1, exclude_max=True))
def test_every_target_is_tried_once_and_weightless_ones_last(weights: list[int], dice: float) -> None:
    names = ["alpha", "beta", "gamma"][: len(weights)]
    rule = RoutingRule("split", tuple(map(RoutingTarget, names, weights)))
    chosen = choose(config(rule), dice=dice)
    assert sorted(chosen) == names
    first = weights[names.index(chosen[0])]
    assert first > 0 or not any(weights)
    assert chosen[1:] == [name for name in names if name != chosen[0]]


@given(weights=WEIGHTS.filter(any))
def test_shares_follow_the_weights(weights: list[int]) -> None:
    names = ["alpha", "beta", "gamma"][: len(weights)]
    merchant = config(RoutingRule("split", tuple(map(RoutingTarget, names, weights))))
    total = sum(weights)
    throws = Counter(choose(merchant, dice=(n + 0.5) / total)[0] for n in range(total))
    assert throws == {name: weight for name, weight in zip(names, weights, strict=True) if weight}
