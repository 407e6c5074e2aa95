"""Every pod that a chart makes: how little it may, what it is told, and how it ends."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.integration.charts.conftest import Release

from devtools.charts.rendering import LIBRARY, render
from florin.service import MigrationSettings
from florin.settings import load, variable_of
from merchant_operator.settings import OperatorSettings
from merchants.settings import MerchantsSettings
from notifications.settings import NotificationsSettings
from payments.settings import PaymentsSettings
from simulator.settings import SimulatorSettings

SETTINGS = {
    "payments": PaymentsSettings,
    "merchants": MerchantsSettings,
    "notifications": NotificationsSettings,
    "simulator": SimulatorSettings,
    "operator": OperatorSettings,
}


def test_pods_are_restricted(release: Release) -> None:
    """As https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted has it, and stricter."""
    for name, pod in release.pods():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        kinds = {kind for volume in spec.get("volumes", []) for kind in volume if kind != "name"}
        assert kinds <= {"configMap", "emptyDir", "projected", "secret", "persistentVolumeClaim"}, name
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
            assert container["resources"]["limits"].keys() == {"memory"}, name
            assert not container["image"].endswith(":latest"), name


def test_only_the_operator_has_a_token_for_the_api_server(release: Release) -> None:
    holders = {name for name, pod in release.pods() if pod["spec"].get("automountServiceAccountToken") is not False}
    assert holders == {"Deployment/florin-operator"}
    for account in release.of_kind("ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


def test_a_pod_serves_on_while_it_is_forgotten_and_is_killed_only_after_all_it_may_take(release: Release) -> None:
    for name in ("payments", "merchants", "notifications"):
        pod = release.named("Deployment", f"florin-{name}")["spec"]["template"]["spec"]
        drain = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        settings = SETTINGS[name]
        stop = settings.__struct_defaults__[settings.__struct_fields__.index("stop_timeout_s") - _required(settings)]
        # Requests, then what is on its way to acquirers and receivers (_DRAIN_S of payments and of notifications).
        assert drain + stop + 20 < pod["terminationGracePeriodSeconds"], name


def _required(settings: Any) -> int:
    return len(settings.__struct_fields__) - len(settings.__struct_defaults__)


def test_the_three_probes_ask_different_things(release: Release) -> None:
    for deployment in release.of_kind("Deployment"):
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        if container["name"] in SETTINGS:
            assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"  # without the database
            assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
            startup = container["startupProbe"]
            assert startup["failureThreshold"] * startup["periodSeconds"] >= 120


def test_the_settings_that_pods_are_given_are_their_programs_own(release: Release) -> None:
    """None is missing, and none is there without a use: a Secret that nobody reads is one more to lose."""
    for name, pod in release.pods():
        container = pod["spec"]["containers"][0]
        settings = MigrationSettings if container["name"] == "migrate" else SETTINGS.get(container["name"])
        if settings is None:
            continue
        environ = {each["name"]: each.get("value") or "x" * 40 for each in container["env"]}
        assert load(settings, environ), name
        given = {variable for variable in environ if variable.startswith("FLORIN_")}
        known = {variable_of(field) for field in settings.__struct_fields__}
        assert given <= known, (name, given - known)


def test_a_migration_holds_the_way_into_the_database_and_nothing_else(release: Release) -> None:
    migrations = [(name, pod["spec"]) for name, pod in release.pods() if name.startswith("Job/")]
    assert migrations
    for name, spec in migrations:
        held = re.findall(r"'(?:name|secretName)': '([^']+)'", str([v for v in spec["volumes"] if v["name"] != "tmp"]))
        assert set(held) <= {"tls-database", "database-ca", "database-client"}, name
        secrets = [each["name"] for each in spec["containers"][0]["env"] if "valueFrom" in each]
        assert secrets == ["FLORIN_DATABASE_PASSWORD"], name


def test_files_that_settings_name_are_mounted(release: Release) -> None:
    for name, pod in release.pods():
        for container in pod["spec"]["containers"]:
            mounts = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
            for variable in container.get("env", []):
                if variable["name"].endswith(("_FILE", "_BOOK")):
                    assert any(variable["value"].startswith(f"{mount}/") for mount in mounts), (name, variable)


def test_addresses_that_settings_name_are_services_of_the_release(release: Release, long_named: Release) -> None:
    for each in (release, long_named):
        addresses_are_services(each)


def addresses_are_services(release: Release) -> None:
    hosts = {
        f"{service['metadata']['name']}{suffix}": port["port"]
        for service in release.of_kind("Service")
        for port in service["spec"]["ports"]
        for suffix in ("", ".florin.svc")
    }
    asked = [
        urlsplit(each["value"]).netloc.rpartition("@")[2]
        for _, pod in release.pods()
        for container in pod["spec"]["containers"]
        for each in container.get("env", [])
        if each["name"].endswith("_URL")
    ]
    asked = [address for address in asked if ".databases.svc:" not in address]  # there before the release
    assert asked
    for address in asked:
        host, _, port = address.partition(":")
        assert hosts[host] == int(port)


def test_a_service_by_itself_finds_the_others_where_it_is_told() -> None:
    elsewhere = {"merchants": "https://merchants.example.com", "notifications": "http://notifications.shared:8082"}
    urls = [f"global.florin.urls.{service}={url}" for service, url in elsewhere.items()]
    release = Release(render(LIBRARY.parent / "florin-payments", settings=["global.florin.tryOut=true", *urls]))
    environ = release.named("Deployment", "florin-payments")["spec"]["template"]["spec"]["containers"][0]["env"]
    given = {each["name"]: each.get("value") for each in environ}
    for service, url in elsewhere.items():
        assert given[f"FLORIN_{service.upper()}_URL"] == url
    egress = release.named("NetworkPolicy", "florin-payments")["spec"]["egress"]
    assert {"ports": [{"port": 443}]} in egress
    assert {"ports": [{"port": 8082}]} in egress
    # `helm test` asks the release's own.
    (container,) = release.named("Pod", "florin-payments-test")["spec"]["containers"]
    assert container["command"][-1] == "http://florin-payments.florin.svc:8080/health/ready"


def test_no_pod_is_left_out_where_images_and_nodes_are_named(try_out: Callable[..., Release]) -> None:
    charts = ("payments", "merchants", "notifications", "operator", "simulator", "tryOut")
    settings = ["global.florin.image.pullSecrets={registry}", *(f"{chart}.nodeSelector.disk=fast" for chart in charts)]
    for name, pod in try_out(*settings).pods():
        assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}], name
        assert pod["spec"]["nodeSelector"] == {"disk": "fast"}, name


def test_secrets_for_trying_out_hold_what_is_asked_of_them(try_out: Callable[..., Release]) -> None:
    release = try_out()
    secret = release.named("Secret", "florin-try-out")
    references = [
        each["valueFrom"]["secretKeyRef"]
        for _, pod in release.pods()
        for container in pod["spec"]["containers"]
        for each in container.get("env", [])
        if "valueFrom" in each
    ]
    references += [
        {"name": volume["secret"]["secretName"], "key": item["key"]}
        for _, pod in release.pods()
        for volume in pod["spec"].get("volumes", [])
        for item in volume.get("secret", {}).get("items", [])
    ]
    assert len(references) > 20
    for reference in references:
        assert reference["name"] == "florin-try-out"
        assert reference["key"] in secret["data"]


def test_a_digest_wins_over_a_tag(try_out: Callable[..., Release]) -> None:
    digest = f"sha256:{'1' * 64}"
    settings = [f"merchants.image.digest={digest}", "global.florin.image.registry=r.example:5000"]
    release = try_out(*settings, "global.florin.image.tag=v7")
    images = {
        pod["spec"]["containers"][0]["name"]: pod["spec"]["containers"][0]["image"]
        for name, pod in release.pods()
        if name.startswith("Deployment")
    }
    assert images["merchants"] == f"r.example:5000/florin/merchants@{digest}"
    assert images["payments"] == "r.example:5000/florin/payments:v7"


@pytest.mark.parametrize("service", ["payments", "merchants", "notifications"])
def test_migrations_run_beside_the_release_and_anew_when_what_they_run_changes(
    service: str, try_out: Callable[..., Release]
) -> None:
    def job(*settings: str) -> dict[str, Any]:
        (found,) = [
            job for job in try_out(*settings).of_kind("Job") if job["metadata"]["name"].startswith(f"florin-{service}-")
        ]
        return found

    first = job()
    # A hook would have to end before what it needs is there.
    assert not any(key.startswith("helm.sh/hook") for key in first["metadata"].get("annotations", {}))
    assert first["spec"]["activeDeadlineSeconds"]
    assert job()["metadata"]["name"] == first["metadata"]["name"]
    assert job("global.florin.image.tag=v2")["metadata"]["name"] != first["metadata"]["name"]
    # The rest of a release may change while a large table does: it is the same Job, which goes on.
    for elsewhere in (f"{service}.replicas=5", f"{service}.env.FLORIN_ACCESS_LOG_RATIO=0.5", "operator.cluster=x"):
        assert job(elsewhere) == first
    assert not [file for file in LIBRARY.rglob("*.tpl") if ".Release.Revision" in file.read_text()]
    # It may be made to take longer, too, under its name: these are what can be changed of a Job.
    longer = job(f"{service}.migrations.deadlineSeconds=90000")
    assert longer["metadata"]["name"] == first["metadata"]["name"]
    assert longer["spec"]["template"] == first["spec"]["template"]
    # Its attempts do not end it, which waits for hours behind another one: the deadline does.
    assert longer["spec"]["backoffLimit"] >= longer["spec"]["activeDeadlineSeconds"] == 90000
    at_start = try_out(f"{service}.migrations.mode=start")
    assert not [job for job in at_start.of_kind("Job") if job["metadata"]["name"].startswith(f"florin-{service}-")]
