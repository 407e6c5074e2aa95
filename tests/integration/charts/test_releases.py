"""What a release is beside its pods: networks, rights, scaling, ways in, and the values that it refuses."""

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
import yaml
from tests.integration.charts.conftest import Release

from devtools.charts.rendering import Refused, lint, render
from florin.streams.port import PARTITIONS
from merchant_operator import rbac
from merchant_operator.names import OPERATOR, PLAN_ACCOUNT

TRY_OUT = "global.florin.tryOut=true"
ROOT = Path(__file__).parents[3]
NAMES = {"port": 53, "protocol": "UDP"}
GUIDE = ROOT / "docs" / "guides" / "install-on-kubernetes.md"


def selects(policy: dict[str, Any], labels: dict[str, str]) -> bool:
    return policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()


def test_what_is_not_named_is_denied(release: Release) -> None:
    policies = release.of_kind("NetworkPolicy")
    for name, pod in release.pods():
        found = [policy for policy in policies if selects(policy, pod["metadata"]["labels"])]
        directions = {direction for policy in found for direction in policy["spec"]["policyTypes"]}
        assert directions == {"Ingress", "Egress"}, name
        own = [policy for policy in found if policy["metadata"]["name"] != "florin-default-deny"]
        assert own, f"{name} could reach nothing"
        for policy in found:
            for rule in policy["spec"].get("egress", []):
                assert rule, f"{name} may go anywhere"
                assert "to" in rule or "ports" in rule


def test_private_networks_are_closed_to_acquirers_and_webhooks(release: Release) -> None:
    for service in ("payments", "notifications"):
        rules = [rule for rule in egress(release, service) if NAMES not in rule.get("ports", [])]
        blocks = [peer["ipBlock"] for rule in rules for peer in rule.get("to", []) if "ipBlock" in peer]
        assert {block["cidr"] for block in blocks} == {"0.0.0.0/0", "::/0"}
        for block in blocks:
            assert "10.0.0.0/8" in block["except"] or "fc00::/7" in block["except"]


def egress(release: Release, component: str) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = release.named("NetworkPolicy", f"florin-{component}")["spec"]["egress"]
    return rules


@pytest.mark.parametrize("component", ["payments", "operator", "payments-migrate", "tests"])
def test_every_pod_may_look_up_names_and_go_where_all_may(component: str, try_out: Callable[..., Release]) -> None:
    mesh = "global.florin.networkPolicies.extraEgress[0].ports[0].port=15012"
    rules = egress(try_out(mesh), component)
    (names,) = [rule for rule in rules if NAMES in rule.get("ports", [])]
    # kube-dns by its label, NodeLocal DNSCache by its address, OpenShift's pods, which listen to a port of their own.
    assert {"port": 5353, "protocol": "UDP"} in names["ports"]
    assert {"ipBlock": {"cidr": "169.254.20.10/32"}} in names["to"]
    assert "openshift-dns" in str(names["to"])
    assert {"ports": [{"port": 15012}]} in rules


@pytest.mark.parametrize(
    ("url", "port"),
    [("http://merchants", 80), ("https://merchants.example.com/x", 443), ("http://[fd00::1]:8081", 8081)],
)
def test_an_address_elsewhere_opens_its_port(url: str, port: int, try_out: Callable[..., Release]) -> None:
    opened = {"ports": [{"port": port}]}
    assert opened in egress(try_out(f"operator.merchantsUrl={url}"), "operator")
    assert opened not in egress(try_out(), "operator")
    assert opened in egress(try_out(f"global.florin.traces.endpoint={url}"), "merchants")


def test_plans_come_in_from_where_the_api_server_is(try_out: Callable[..., Release]) -> None:
    peer = {"ipBlock": {"cidr": "10.0.0.0/28"}}
    release = try_out("operator.networkPolicy.apiServerFrom[0].ipBlock.cidr=10.0.0.0/28")
    for component, let_in in (("operator", True), ("merchants", False)):
        (rule,) = release.named("NetworkPolicy", f"florin-{component}")["spec"]["ingress"]
        assert (peer in rule["from"]) == let_in


def test_names_have_room_under_the_longest_name_of_a_release(long_named: Release) -> None:
    for manifest in long_named.manifests:
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        # Pods of a Job are labelled with its name, those of a StatefulSet with its name and a digest of ten characters.
        assert len(name) <= {"StatefulSet": 52}.get(kind, 63), f"{kind}/{name}"
        assert all(len(value) <= 63 for value in manifest["metadata"].get("labels", {}).values()), name
    named = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in long_named.manifests]
    assert len({*named}) == len(named)


def test_a_budget_only_above_one_replica_and_no_replicas_where_something_scales(release: Release) -> None:
    budgets = {budget["metadata"]["name"] for budget in release.of_kind("PodDisruptionBudget")}
    scaled = {
        scaler["spec"]["scaleTargetRef"]["name"]: scaler["spec"]
        for kind in ("HorizontalPodAutoscaler", "ScaledObject")
        for scaler in release.of_kind(kind)
    }
    for deployment in release.of_kind("Deployment"):
        name, replicas = deployment["metadata"]["name"], deployment["spec"].get("replicas")
        assert (replicas is None) == (name in scaled), name
        least = replicas or scaled[name].get("minReplicas") or scaled[name]["minReplicaCount"]
        assert (name in budgets) == (least > 1), name


def test_keda_is_told_all_that_redis_asks_of_notifications(release: Release, try_out: Callable[..., Release]) -> None:
    keda = release if release.of_kind("ScaledObject") else try_out("notifications.keda.enabled=true")
    environment = {
        each["name"]: each
        for each in keda.named("Deployment", "florin-notifications")["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    redis = urlsplit(environment["FLORIN_REDIS_URL"]["value"])
    triggers = keda.named("ScaledObject", "florin-notifications")["spec"]["triggers"]
    streams = [trigger for trigger in triggers if trigger["type"] == "redis-streams"]
    assert len(streams) == 2 * PARTITIONS
    for trigger in streams:
        told = trigger["metadata"]
        # It is in another namespace, where a short name would mean another host.
        assert told["address"] in (redis.netloc.rpartition("@")[2], f"{redis.hostname}.florin:{redis.port}")
        assert "." in told["address"]
        assert told["enableTLS"] == str(redis.scheme == "rediss").lower()
        assert told.get("username", "") == (redis.username or "")
        assert trigger["authenticationRef"] == {"name": "florin-notifications"}
    shown = {
        each["parameter"]: (each["name"], each["key"])
        for each in keda.named("TriggerAuthentication", "florin-notifications")["spec"]["secretTargetRef"]
    }
    password = environment["FLORIN_REDIS_PASSWORD"]["valueFrom"]["secretKeyRef"]
    expected = {"password": (password["name"], password["key"])}
    if redis.scheme == "rediss":
        expected |= {"ca": ("redis-ca", "ca.crt")}
        expected |= {"cert": ("redis-client", "tls.crt"), "key": ("redis-client", "tls.key")}
    assert shown == expected


def test_keda_comes_through_to_the_redis_for_trying_out_and_to_nothing_else(try_out: Callable[..., Release]) -> None:
    keda = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "keda"}}}
    for server, let_in in (("redis", True), ("mariadb", False)):
        (rule,) = try_out().named("NetworkPolicy", f"florin-{server}")["spec"]["ingress"]
        assert (keda in rule["from"]) == let_in


def test_outside_comes_what_merchants_and_acquirers_need_and_nothing_else(try_out: Callable[..., Release]) -> None:
    for service in ("payments", "notifications"):
        document = msgspec.json.decode((ROOT / f"docs/reference/openapi/{service}.json").read_bytes())
        for_them = {path for path in document["paths"] if path.startswith(("/v1/", "/callbacks/"))}
        release = try_out(f"{service}.ingress.enabled=true", f"{service}.ingress.host=x.example")
        (rule,) = release.named("Ingress", f"florin-{service}")["spec"]["rules"]
        let_in = [path["path"] for path in rule["http"]["paths"]]
        ways = [re.compile(rf"{re.escape(way)}(/|$)") for way in let_in]
        passes = {path for path in document["paths"] if any(way.match(path) for way in ways)}
        assert passes == for_them
        routed = try_out(f"{service}.httpRoute.enabled=true").named("HTTPRoute", f"florin-{service}")
        matches = routed["spec"]["rules"][0]["matches"]
        assert [match["path"]["value"] for match in matches] == let_in


def test_the_operators_rights_are_those_of_the_code(try_out: Callable[..., Release]) -> None:
    release = try_out("operator.namespaces={shops,more}")
    by_name = {
        (kind, role["metadata"].get("namespace"), role["metadata"]["name"]): role["rules"]
        for kind in ("Role", "ClusterRole")
        for role in release.of_kind(kind)
    }
    expected: dict[tuple[str, str | None, str], Any] = {
        ("ClusterRole", None, "florin-florin-operator"): rbac.CLUSTER_RULES,
        ("Role", None, "florin-operator-plan"): rbac.plan_proxy_rules("florin-operator"),
    }
    for namespace in ("shops", "more"):
        expected["Role", namespace, "florin-operator"] = rbac.NAMESPACE_RULES
        expected["Role", namespace, "florin-plan"] = rbac.PLAN_ACCOUNT_RULES
        expected["Role", namespace, "florin-plan-user"] = rbac.PLAN_USER_RULES
    assert by_name == expected
    for account in release.of_kind("ServiceAccount"):
        if account["metadata"]["name"] == PLAN_ACCOUNT:
            assert account["metadata"]["annotations"][OPERATOR] == "florin/florin-operator"
    # What the rules of `plan` and kubectl's plugin call it.
    assert [port["name"] for port in release.named("Service", "florin-operator")["spec"]["ports"]] == ["http"]
    for binding in release.of_kind("RoleBinding"):
        (subject,) = binding["subjects"]
        assert subject["name"] == binding["roleRef"]["name"]
    without = try_out("operator.plan.enabled=false")
    assert {role["metadata"]["name"] for role in without.of_kind("Role")} == {"florin-operator"}
    assert without.of_kind("ClusterRole") == []


def test_the_operator_is_missed_only_where_it_is_installed(try_out: Callable[..., Release]) -> None:
    def groups(*settings: str) -> set[str]:
        rules = try_out("monitoring.alerts=true", *settings).named("PrometheusRule", "florin-alerts")
        return {group["name"] for group in rules["spec"]["groups"]}

    assert groups() - groups("operator.enabled=false") == {"florin-operator"}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ([], "name a Secret that holds the tokens"),
        (["global.florin.tokens.existingSecret=t"], "Say where the database is: global.florin.database.host"),
        ([TRY_OUT, "payments.replica=2"], "'replica' not allowed"),
        ([TRY_OUT, "global.florin.database.hots=x"], "'hots' not allowed"),
        ([TRY_OUT, "payment.replicas=2"], "'payment' not allowed"),
        ([TRY_OUT, "payments.replicas=two"], "want integer"),
        ([TRY_OUT, "merchants.migrations.mode=hook"], "must be one of"),
        ([TRY_OUT, "payments.keda.minReplicas=0"], "minimum"),
        ([TRY_OUT, "payments.stopSeconds=10"], "minimum"),
        ([TRY_OUT, "payments.ingress.enabled=true"], "payments.ingress.host"),
        ([TRY_OUT, "payments.env.FLORIN_MERCHANTS_URL=http://x"], "payments.env: the chart sets FLORIN_MERCHANTS_URL"),
        ([TRY_OUT, "operator.env.FLORIN_CLUSTER=x"], "operator.env: the chart sets FLORIN_CLUSTER"),
        ([TRY_OUT, "simulator.env.FLORIN_PORT=1"], "simulator.env: the chart sets FLORIN_PORT"),
        ([TRY_OUT, "merchants.migrations.mode=start", "merchants.migrations.user=x"], "take the mode `job`"),
        ([TRY_OUT, "payments.keda.enabled=true", "payments.autoscaling.enabled=true"], "enable one"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(settings: list[str], sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        render(settings=settings)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("namespaces", "warned"), [([], True), (["shops", "florin"], True), (["shops"], False), (["shops", "more"], False)]
)
def test_notes_warn_of_an_operator_that_may_read_the_releases_own_secrets(
    namespaces: list[str], warned: bool, tmp_path: Path
) -> None:
    served = tmp_path / "served.yaml"
    served.write_text(yaml.safe_dump({"operator": {"namespaces": namespaces}}))
    told = notes(tmp_path, values=[ROOT / "charts/florin/ci/production.yaml", served])
    assert ("it may read every Secret in it" in told) == warned
    assert f"kubectl -n {[*namespaces, 'florin'][0]} apply" in told


def test_notes_for_trying_out_warn_of_that_and_say_what_plans_need(tmp_path: Path) -> None:
    told = notes(tmp_path, settings=[TRY_OUT])
    assert "THIS IS FOR TRYING OUT" in told
    assert "WARNING" not in told
    hint = "operator.networkPolicy.apiServerFrom"
    assert hint in told
    named = notes(tmp_path / "named", settings=[TRY_OUT, f"{hint}[0].ipBlock.cidr=10.0.0.0/28"])
    assert hint not in named


def notes(folder: Path, *, values: Sequence[Path] = (), settings: Sequence[str] = ()) -> str:
    """What Helm says after an installation, which it does not render without a cluster: here as a manifest's text."""
    chart = folder / "florin"
    shutil.copytree(ROOT / "charts/florin", chart)
    text = (chart / "templates/NOTES.txt").read_text()
    manifest = 'kind: Notes\nmetadata: {name: notes}\ntext: {{ include "notes" . | toJson }}\n'
    (chart / "templates/notes.yaml").write_text(f'{{{{ define "notes" }}}}{text}{{{{ end }}}}\n{manifest}')
    return str(Release(render(chart, values=values, settings=settings)).named("Notes", "notes")["text"])


def test_the_guide_takes_away_what_charts_keep_and_takes_it_last() -> None:
    guide = (ROOT / "docs/guides/uninstall.md").read_text()
    definitions = Release(render(ROOT / "charts/florin-crds")).of_kind("CustomResourceDefinition")
    kept = {
        each["metadata"]["name"]
        for each in definitions
        if each["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    }
    (deleted,) = re.findall(r"kubectl delete crd (.*)", guide)
    assert kept == set(deleted.split())
    steps = ["delete merchantconfigs --all", "helm uninstall florin ", "helm uninstall florin-crds", "delete crd"]
    assert sorted(steps, key=guide.index) == steps


def test_the_values_of_the_guide_are_good(tmp_path: Path) -> None:
    (shown,) = [block for block in re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL) if "global:" in block]
    values = tmp_path / "values.yaml"
    values.write_text(shown)
    lint(ROOT / "charts" / "florin", values=[values])
    release = Release(render(values=[values]))
    made_by_hand = set(re.findall(r"create secret generic ([a-z-]+)", GUIDE.read_text())) | {"pay-example-com"}
    made_by_hand |= {"database-ca", "redis-ca"}  # whoever runs the servers has these
    named = set(re.findall(r"secretKeyRef': {'name': '([a-z-]+)'", str(release.manifests)))
    assert named <= made_by_hand
    assert yaml.safe_load(shown)["monitoring"]["alerts"] is True
    # Where merchants' resources are, and Florin's own Secrets are not.
    assert {role["metadata"]["namespace"] for role in release.of_kind("Role") if "namespace" in role["metadata"]} == {
        "shops"
    }
