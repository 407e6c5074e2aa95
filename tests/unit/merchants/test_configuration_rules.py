from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.merchants import config, connector

from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config import STANDARD_RETRIES, MerchantConfig
from florin.contracts.merchant_config_rules import (
    LOOPBACK_HOSTS,
    diff,
    spec_hash,
    unknown_fields,
    validate,
    validate_connector,
)


def spec(**fields: Any) -> MerchantConfig:
    return msgspec.convert(config("acme", **fields), MerchantConfig)


def rule(**fields: Any) -> dict[str, Any]:
    return {"routing": [{"name": "r", "targets": [{"connector": "main"}], **fields}]}


def hook(**fields: Any) -> dict[str, Any]:
    return {"webhooks": [{"name": "w", "url": "https://shop.example/hook", **fields}]}


def two(connector: str, weights: tuple[int, int]) -> list[dict[str, Any]]:
    return [{"connector": "main", "weight": weights[0]}, {"connector": connector, "weight": weights[1]}]


INVALID: list[tuple[dict[str, Any], str, str]] = [
    ({"currencies": ["EUR", "EUR"]}, "currencies[1]", "repeated"),
    ({"currencies": ["EUR", "ABC"]}, "currencies[1]", "unknown_currency"),
    ({"defaultCurrency": "USD"}, "defaultCurrency", "not_in_currencies"),
    ({"displayName": "tab\there"}, "displayName", "control_character"),
    ({"merchantId": "acme\n"}, "merchantId", "control_character"),
    ({"paymentMethods": [{"type": "card"}, {"type": "card"}]}, "paymentMethods[1].type", "repeated"),
    (
        {"connectors": [{"name": "main", "connectorRef": {"name": "a"}}] * 2},
        "connectors[1].name",
        "repeated",
    ),
    (rule(targets=[{"connector": "gone"}]), "routing[0].targets[0].connector", "unknown_connector"),
    (rule(targets=[{"connector": "main", "weight": 99}]), "routing[0].targets", "weights"),
    (rule(targets=two("main", (50, 50))), "routing[0].targets[1].connector", "repeated"),
    (rule(currencies=["USD"]), "routing[0].currencies[0]", "not_in_currencies"),
    (rule(currencies=["EUR", "EUR"]), "routing[0].currencies[1]", "repeated"),
    (rule(schemes=["visa", "visa"]), "routing[0].schemes[1]", "repeated"),
    (rule(binPrefixes=["4242", "4242"]), "routing[0].binPrefixes[1]", "repeated"),
    ({"paymentMethods": [], **rule(paymentMethods=["card"])}, "routing[0].paymentMethods[0]", "not_in_payment_methods"),
    (rule(amount={"fromMinor": 1}), "routing[0].amount", "needs_one_currency"),
    (rule(amount={"fromMinor": 1}, currencies=["EUR", "JPY"]), "routing[0].amount", "needs_one_currency"),
    (rule(amount={"fromMinor": 9, "toMinor": 8}, currencies=["EUR"]), "routing[0].amount.toMinor", "order"),
    ({"routing": [*rule()["routing"], *rule()["routing"]]}, "routing[1].name", "repeated"),
    (hook(url="http://shop.example/"), "webhooks[0].url", "https"),
    (hook(url="http://127.0.0.1/"), "webhooks[0].url", "https"),
    (hook(url="https://me:secret@shop.example/"), "webhooks[0].url", "url_credentials"),
    (hook(url="https:///path"), "webhooks[0].url", "url"),
    (hook(url="https://[::1/"), "webhooks[0].url", "url"),
    (hook(url="https://shop.example:99999/"), "webhooks[0].url", "url"),
    (hook(events=["payment.*", "payment.*"]), "webhooks[0].events[1]", "repeated"),
    ({"webhooks": hook()["webhooks"] * 2}, "webhooks[1].name", "repeated"),
    (
        {"retryPolicy": {"initialBackoffSeconds": 10, "maxBackoffSeconds": 5}},
        "retryPolicy.initialBackoffSeconds",
        "order",
    ),
    (
        hook(retryPolicy={"scheduleSeconds": [2_592_000, 1]}),
        "webhooks[0].retryPolicy.scheduleSeconds",
        "too_long",
    ),
    ({"limits": [{"currency": "USD"}]}, "limits[0].currency", "not_in_currencies"),
    ({"limits": [{"currency": "EUR"}, {"currency": "EUR"}]}, "limits[1].currency", "repeated"),
    (
        {"limits": [{"currency": "EUR", "perTransactionMinor": 11, "dailyMinor": 10}]},
        "limits[0].perTransactionMinor",
        "order",
    ),
    ({"legacy": {"protocol": "payabl", "mode": "Shadow"}}, "legacy.upstream", "required"),
    ({"legacy": {"protocol": "payabl", "upstream": "http://old.example"}}, "legacy.upstream", "https"),
    ({"legacy": {"protocol": "payabl", "upstream": "https://me:pw@old.example"}}, "legacy.upstream", "url_credentials"),
]


@pytest.mark.parametrize(("fields", "path", "code"), INVALID)
def test_each_rule_names_its_field(fields: dict[str, Any], path: str, code: str):
    found = [(violation.path, violation.code) for violation in validate(spec(**fields))]
    assert found == [(path, code)]


def test_a_good_configuration_breaks_no_rule():
    full = spec(
        connectors=[{"name": n, "connectorRef": {"name": n}} for n in ("main", "other")],
        routing=[
            {
                "name": "big",
                "priority": 1,
                "currencies": ["EUR"],
                "amount": {"fromMinor": 100_000},
                "schemes": ["visa"],
                "binPrefixes": ["42"],
                "targets": two("other", (30, 70)),
            },
            {"name": "all", "targets": [{"connector": "main"}]},
        ],
        webhooks=[{"name": "w", "url": "https://shop.example/h", "ordering": "payment", "events": ["refund.*"]}],
        limits=[{"currency": "EUR", "perTransactionMinor": 10, "dailyMinor": 10}],
    )
    assert validate(full, previous=full) == []
    assert full.retry_policy == STANDARD_RETRIES


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"merchantId": "Acme"}, "merchantId"),
        ({"merchantId": "a" * 65}, "merchantId"),
        ({"displayName": ""}, "displayName"),
        ({"currencies": ["eur"]}, "currencies[...]"),
        ({"currencies": ["EUR"] * 51}, "currencies"),
        ({"reconcilePolicy": "Ignore"}, "reconcilePolicy"),
        ({"connectors": [{"name": "main"}]}, "connectors[0]"),
        (rule(targets=[]), "routing[0].targets"),
        (rule(targets=[{"connector": "main", "weight": 101}]), "routing[0].targets[0].weight"),
        (rule(targets=[{"connector": "main"}] * 9), "routing[0].targets"),
        (rule(priority=-1), "routing[0].priority"),
        (rule(schemes=["shells"]), "routing[0].schemes[0]"),
        (rule(binPrefixes=["123456789"]), "routing[0].binPrefixes[0]"),
        (hook(url="ftp://shop.example"), "webhooks[0].url"),
        (hook(events=[]), "webhooks[0].events"),
        (hook(events=["payment.*.x"]), "webhooks[0].events[0]"),
        (hook(ordering="strict"), "webhooks[0].ordering"),
        ({"limits": [{"currency": "EUR", "dailyMinor": -1}]}, "limits[0].dailyMinor"),
        ({"limits": [{"currency": "EUR", "dailyMinor": 1.5}]}, "limits[0].dailyMinor"),
        ({"legacy": {"protocol": "payabl", "newPercent": 101}}, "legacy.newPercent"),
    ],
)
def test_each_bound_names_its_field(fields: dict[str, Any], path: str):
    document = msgspec.json.encode(config("acme", **fields))
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.json.decode(document, type=MerchantConfig)
    wanted = "$." + path.replace("[0]", "[...]")
    assert wanted in str(refusal.value).replace("[0]", "[...]")


def test_transitions():
    def legacy(mode: str) -> MerchantConfig:
        return spec(legacy={"protocol": "payabl", "mode": mode, "upstream": "https://old.example"})

    assert [found.path for found in validate(legacy("New"), previous=legacy("Legacy"))] == ["legacy.mode"]
    assert [found.path for found in validate(legacy("New"), previous=spec())] == ["legacy.mode"]  # taken out in between
    assert validate(legacy("New")) == validate(legacy("Shadow"), previous=spec()) == []
    for before, after in (("Legacy", "Shadow"), ("Shadow", "New"), ("New", "Shadow"), ("New", "Legacy")):
        assert validate(legacy(after), previous=legacy(before)) == []
    renamed = msgspec.convert(config("other"), MerchantConfig)
    assert [found.path for found in validate(renamed, previous=spec())] == ["merchantId"]


def test_loopback_only_with_the_flag_and_nothing_else_by_it():
    assert validate(spec(**hook(url="http://localhost:9000/h")), plain_hosts=LOOPBACK_HOSTS) == []
    for url in ("http://localhost.example/", "http://10.0.0.1/", "http://127.0.0.1.nip.io/"):
        assert [found.code for found in validate(spec(**hook(url=url)), plain_hosts=LOOPBACK_HOSTS)] == ["https"]


def test_trusted_hosts_are_spoken_to_by_http_and_no_others():
    trusted = frozenset({"receiver.shop.svc"})
    assert validate(spec(**hook(url="http://receiver.shop.svc:8080/h")), plain_hosts=trusted) == []
    for url in ("http://shop.svc/", "http://x.receiver.shop.svc/", "http://receiver.shop.svc.evil.example/"):
        assert [found.code for found in validate(spec(**hook(url=url)), plain_hosts=trusted)] == ["https"]


def test_connectors():
    good = msgspec.convert(connector(baseUrl="https://acquirer.example"), ConnectorSpec)
    assert validate_connector(good) == []
    plain = msgspec.convert(connector(), ConnectorSpec)
    assert [found.path for found in validate_connector(plain)] == ["baseUrl"]
    assert validate_connector(plain, plain_hosts=LOOPBACK_HOSTS) == []


def test_unknown_fields_are_found_at_any_depth():
    document = config("acme", colour="red", **hook(speed=1), retryPolicy={"jitter": 2})
    found = [violation.path for violation in unknown_fields(document, msgspec.convert(document, MerchantConfig))]
    assert found == ["colour", "webhooks[0].speed", "retryPolicy.jitter"]


def test_a_difference_matches_named_things_by_name():
    connectors = [{"name": n, "connectorRef": {"name": n}} for n in ("a", "b")]
    old = spec(connectors=connectors, routing=[])
    new = spec(connectors=[connectors[1], {"name": "c", "connectorRef": {"name": "x"}}], routing=[], displayName="New")
    assert [(change.path, change.old, change.new) for change in diff(old, new)] == [
        ("displayName", "A shop", "New"),
        (
            "connectors[name=a]",
            {"name": "a", "connectorRef": {"name": "a"}, "merchantAccount": None},
            None,
        ),
        (
            "connectors[name=c]",
            None,
            {"name": "c", "connectorRef": {"name": "x"}, "merchantAccount": None},
        ),
    ]
    assert diff(old, old) == []
    assert [change.path for change in diff(None, old)][:2] == ["merchantId", "displayName"]


names = st.sampled_from(["a", "b", "c"])
documents = st.fixed_dictionaries(
    {
        "displayName": names,
        "webhooks": st.lists(
            st.fixed_dictionaries({"name": names, "url": st.just("https://x.example")}),
            unique_by=lambda webhook: webhook["name"],
            max_size=3,
        ),
    }
)


@given(documents, documents)
def test_no_difference_means_the_same_content(first: dict[str, Any], second: dict[str, Any]):
    one, two = spec(**first), spec(**second)
    assert (diff(one, two) == []) is (one == two)
    assert (spec_hash(one) == spec_hash(two)) is (one == two)


def test_the_schema_can_be_made_from_the_types():
    schema = msgspec.json.schema(MerchantConfig)
    definitions = schema["$defs"]
    for name, definition in definitions.items():
        for field, found in definition.get("properties", {}).items():
            described = "description" in found or "$ref" in found or "anyOf" in found
            assert described, (name, field)
            for option in (found, *found.get("anyOf", ())):
                if option.get("type") == "array":
                    assert "maxItems" in option, (name, field)
