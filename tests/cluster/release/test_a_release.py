"""One release on a real cluster, from its installation to its end.

The tests run in their order: each leaves the release whole, and the last one takes it away.
"""

import base64
import json
import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.release.guide import run, shown
from tests.cluster.release.installation import MERCHANTS, PAYMENTS, RELEASE, SERVICES, Installation
from tests.cluster.release.next_release import COLUMN, load_next_payments
from tests.cluster.release.planner import Planner
from tests.cluster.release.shop import MERCHANT, merchant_config
from tests.support.cluster import Cluster

from devtools.ports import any_free_port

pytestmark = pytest.mark.timeout(900)
AT_ONCE = 4


def pay(installation: Installation, key: str, amount_minor: int = 1234) -> tuple[int, Any]:
    card = {"type": "card", "token": "tok_visa"}
    body = {"amount_minor": amount_minor, "currency": "EUR", "payment_method": card, "confirm": True}
    return installation.call("POST", f"{PAYMENTS}/v1/payments", key, body)


def refused(answer: tuple[int, Any]) -> str:
    """The code that a problem is told by."""
    status, problem = answer
    assert status >= 400, problem
    return str(problem["code"])


def test_every_pod_is_ready_and_every_schema_was_brought_up_by_its_job(installation: Installation) -> None:
    for component in (*SERVICES, "simulator", "operator", "mariadb", "redis"):
        pods = installation.pods(component)
        assert pods, component
        for pod in pods:
            (status,) = pod["status"]["containerStatuses"]
            assert status["ready"], pod["metadata"]["name"]
    jobs = installation.get("jobs")["items"]
    migrated = {job["metadata"]["labels"]["app.kubernetes.io/name"] for job in jobs}
    assert migrated == {f"{name}-migrate" for name in SERVICES}
    assert all(job["status"]["succeeded"] == 1 for job in jobs)


def test_helm_tests_pass(installation: Installation) -> None:
    told = installation.helm("test", RELEASE, "--timeout=120s")
    assert told.count("Succeeded") == len(SERVICES) + 2  # the simulator and the operator


def test_the_first_shop_of_the_guide_takes_a_payment(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(shown("yaml", "first-shop"))
    told = run(shown("sh", "first-shop").replace("18080", str(any_free_port())), installation, tmp_path)
    assert json.loads(told[told.index("{") :])["status"] == "succeeded"


def test_a_merchant_made_by_kubectl_takes_a_payment_and_hears_of_it_in_another_pod(
    installation: Installation, api_key: str
) -> None:
    status, payment = pay(installation, api_key)
    assert (status, payment["status"]) == (201, "succeeded")
    webhook = installation.received(MERCHANT, "payment.captured", payment["id"])
    assert webhook["verified"]


def test_a_change_of_the_configuration_holds_for_the_next_payment(installation: Installation, api_key: str) -> None:
    installation.configure(merchant_config(limits=[{"currency": "EUR", "perTransactionMinor": 100}]))
    assert refused(pay(installation, api_key, 101)) == "amount_limit_exceeded"
    assert pay(installation, api_key, 100)[0] == 201
    installation.configure(merchant_config())
    assert pay(installation, api_key, 101)[0] == 201


@pytest.mark.usefixtures("api_key")
def test_a_plan_shows_the_fields_that_differ_to_who_is_bound_to_the_charts_roles(
    installation: Installation, tmp_path: Path
) -> None:
    """By the Service, the account and the roles of the chart, through the API server's proxy to the operator's pod."""
    planner = Planner(installation, tmp_path)
    changed = merchant_config(displayName="Another shop")
    before = installation.get("merchantconfig/shop")
    refused = planner.plans(changed)
    assert refused.returncode == 4, refused
    assert "forbidden" in refused.stderr
    planner.bind()
    # The API server learns of rights by a watch of its own.
    installation.eventually(lambda: planner.plans(changed).returncode == 0, "the account may plan")
    (plan,) = json.loads(planner.plans(changed, "-o", "json").stdout)["data"]
    assert plan["accepted"]
    assert [change["path"] for change in plan["planned"]["changes"]] == ["displayName"]
    told = planner.plans(changed)
    assert '~ displayName: "A shop" → "Another shop"' in told.stdout
    assert "1 field changes, and would be accepted." in told.stderr
    assert installation.get("merchantconfig/shop")["spec"] == before["spec"]


def test_a_hand_edit_is_put_back_when_its_time_is_over(installation: Installation, api_key: str) -> None:
    token = installation.secret("florin-try-out", "admin-token")
    config = f"{MERCHANTS}/admin/v1/merchants/{MERCHANT}/config"
    stored = installation.call("GET", config, token)[1]["spec"]
    edited = stored | {"displayName": "By hand"}
    assert installation.call("PUT", config, token, {"spec": edited})[0] == 409
    glass = {"reason": "the night", "ttl_seconds": 60}
    assert installation.call("PUT", config, token, {"spec": edited, "break_glass": glass})[0] == 200
    installation.kubectl("wait", "--for=condition=Drifted=True", "merchantconfig/shop", "--timeout=60s")
    installation.kubectl("wait", "--for=condition=Drifted=False", "merchantconfig/shop", "--timeout=120s")
    assert installation.call("GET", config, token)[1]["spec"]["displayName"] == "A shop"


def test_what_no_policy_names_is_closed(installation: Installation, cluster: Cluster) -> None:
    cluster.require("network-policies")
    for server, port in (("mariadb", 3306), ("redis", 6379), ("notifications", 8082)):
        assert not installation.reaches(f"{RELEASE}-{server}", port), server
    assert installation.reaches("florin-payments", 8080)


def test_an_autoscaler_reads_how_busy_pods_are(installation: Installation, cluster: Cluster) -> None:
    cluster.require("metrics")
    installation.install("payments.autoscaling.enabled=true")
    installation.kubectl("wait", "--for=condition=ScalingActive", f"hpa/{RELEASE}-payments", "--timeout=180s")
    installation.install()


def test_migrations_have_an_account_that_services_lack(installation: Installation, api_key: str) -> None:
    """With the rights that the guide gives to both; the tests below keep to them."""
    passwords = {f"{service}_migration_password": secrets.token_hex(16) for service in SERVICES}
    installation.keep_secret("migrations", **passwords)
    for service in SERVICES:
        installation.sql(rights_of_the_guide(service, passwords[f"{service}_migration_password"]))
        account = {"user": f"florin_{service}_migrate", "existingSecret": "migrations"}
        installation.values[service]["migrations"] = account
    installation.install()
    assert pay(installation, api_key)[0] == 201


def rights_of_the_guide(service: str, password: str) -> str:
    given = [line for line in shown("sql", "CREATE").splitlines() if "_migrate@" in line or line.startswith("GRANT")]
    assert len(given) == 3
    statements = "\n".join(["REVOKE ALL PRIVILEGES ON florin_payments.* FROM florin_payments@'%';", *given])
    return statements.replace("payments", service).replace("...", password).replace(" REQUIRE SSL", "")


def test_an_upgrade_leaves_migrations_alone_that_it_does_not_change(installation: Installation) -> None:
    def migrations() -> set[str]:
        return {job["metadata"]["uid"] for job in installation.get("jobs")["items"]}

    before = migrations()
    installation.install("payments.podAnnotations.release=another")
    assert migrations() == before
    installation.install()


def test_an_upgrade_and_its_rollback_lose_no_answer_and_no_event(
    installation: Installation, api_key: str, cluster: Cluster
) -> None:
    image = cluster.images["payments"]
    repository, _, tag = load_next_payments(image).partition(":")
    everything = (*SERVICES, "operator")
    before = installation.pod_names(*everything)
    with installation.buying(api_key, at_once=AT_ONCE) as purchase:
        purchase.wait_for(20)
        everywhere = [f"{component}.podAnnotations.release=next" for component in everything]
        installation.install(f"payments.image.repository={repository}", f"payments.image.tag={tag}", *everywhere)
        assert COLUMN in installation.columns("florin_payments.payments")
        assert not before & installation.pod_names(*everything)
        purchase.wait_for(20)
        installation.helm("rollback", RELEASE, "--wait", "--wait-for-jobs", "--timeout=600s")
        images_now = {pod["spec"]["containers"][0]["image"] for pod in installation.pods("payments")}
        assert images_now == {image}
        assert COLUMN in installation.columns("florin_payments.payments")  # old code, newer schema
        purchase.wait_for(20)
    judge(installation, purchase, api_key)


@pytest.mark.parametrize("victim", [*SERVICES, "operator", "redis", "simulator"])
def test_the_loss_of_a_pod_loses_no_answer_and_no_event(installation: Installation, api_key: str, victim: str) -> None:
    with installation.buying(api_key, at_once=AT_ONCE) as purchase:
        purchase.wait_for(10)
        if victim == "simulator":  # an outside party with its book in its pod: the process ends, the pod stays
            installation.end_process(victim)
        else:
            installation.kill(victim)
        purchase.wait_for(20)
        installation.wait_until_ready(victim)
        purchase.wait_for(10)
    judge(installation, purchase, api_key)


def judge(installation: Installation, purchase: Any, key: str) -> None:
    verdict = installation.judge(purchase, key, MERCHANT)
    assert not verdict["wrong"], "\n".join(verdict["wrong"])
    assert verdict["captured"] >= 30


def test_a_new_key_encryption_key_takes_the_place_of_the_old_one(installation: Installation, api_key: str) -> None:
    """As the guide rotates it. The last upgrade changes a Secret and nothing else."""
    old = installation.secret(f"{RELEASE}-try-out", "merchants-keys")
    new = f"2 {base64.b64encode(secrets.token_bytes(32)).decode()}"
    installation.values["merchants"]["keyEncryption"] = {"existingSecret": "keys"}
    installation.keep_secret("keys", merchants_keys=f"{old}\n{new}\n")
    installation.install()
    told = installation.kubectl("exec", f"deployment/{RELEASE}-merchants", "--", "/app/pex", "rewrap-secrets")
    assert re.search(r"[1-9]\d* secrets are under the newest key now", told)
    before = installation.pod_names("merchants")
    installation.keep_secret("keys", merchants_keys=f"{new}\n")
    installation.install()
    assert not before & installation.pod_names("merchants")
    # A pod that starts fetches acquirers' credentials from merchants, which opens them.
    installation.kubectl("rollout", "restart", f"deployment/{RELEASE}-payments")
    installation.wait_until_ready("payments")
    installation.eventually(lambda: pay(installation, api_key)[0] == 201, "payments are taken")


def test_a_deleted_merchant_is_disabled(installation: Installation, api_key: str) -> None:
    assert pay(installation, api_key)[0] == 201
    installation.kubectl("delete", "merchantconfig/shop", "--timeout=60s")
    installation.eventually(lambda: pay(installation, api_key)[0] in (401, 403), "its key is refused")


def test_nothing_is_left_but_the_definitions(installation: Installation) -> None:
    installation.kubectl("delete", "connectors", "--all", "--timeout=60s")
    installation.helm("uninstall", RELEASE, "--cascade=foreground", "--wait", "--timeout=300s")
    kinds = "pods,jobs,deployments,statefulsets,services,secrets,serviceaccounts,roles,rolebindings,networkpolicies"
    left = installation.get(kinds, f"--selector=app.kubernetes.io/instance={RELEASE}")["items"]
    assert [f"{item['kind']}/{item['metadata']['name']}" for item in left] == []
    assert "florin.dev" in installation.kubectl("api-resources", "--api-group=florin.dev")
