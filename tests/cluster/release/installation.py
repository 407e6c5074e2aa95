"""Florin on a cluster: installed by Helm as people do, looked at by kubectl, used by a program in a pod of its own."""

import json
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from tests.support.cluster import Cluster

from devtools.charts.rendering import CHARTS
from devtools.cluster.tools import program

RELEASE = "florin"
PAYMENTS = "http://florin-payments:8080"
MERCHANTS = "http://florin-merchants:8081"
SIMULATOR = "http://florin-simulator:8083"
BUYER = "buyer"
SERVICES = ("payments", "merchants", "notifications")
_DEFINITIONS = "florin-crds"
_PROGRAM = Path(__file__).with_name("buyer.py")
_TIMEOUT_S = 600


class Installation:
    """One release in a namespace of its own, which admits restricted pods only."""

    def __init__(self, cluster: Cluster, values: dict[str, Any], folder: Path) -> None:
        self.cluster = cluster
        self.namespace = f"florin-{secrets.token_hex(3)}"
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        named = {"name": self.namespace, "labels": labels}
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": named})
        self.values = values
        self._folder = folder

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.cluster.kubectl(f"--namespace={self.namespace}", *arguments, stdin=stdin)

    def get(self, *arguments: str) -> Any:
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def helm(self, *arguments: str) -> str:
        """What Helm says; an AssertionError with its words, and the state of the pods, where it fails."""
        argv = [str(program("helm")), f"--kubeconfig={self.cluster.kubeconfig}", f"--namespace={self.namespace}"]
        done = subprocess.run([*argv, *arguments], capture_output=True, text=True, timeout=_TIMEOUT_S + 60, check=False)
        if done.returncode != 0:
            raise AssertionError(f"helm {' '.join(arguments)}:\n{done.stdout}{done.stderr}\n{self.state()}")
        return done.stdout

    def install_definitions(self) -> None:
        """In a namespace that stays: they belong to the cluster."""
        chart = str(CHARTS / _DEFINITIONS)
        self.helm("upgrade", "--install", _DEFINITIONS, chart, "--namespace=default", "--take-ownership")

    def install(self, *settings: str, first: Sequence[Path] = ()) -> None:
        """Install, or upgrade, with the files of values, the values and the settings, the latter ones winning.

        Done when every pod is ready and every migration is through.
        """
        chosen = [f"--set={setting}" for setting in settings]
        files = [f"--values={file}" for file in first]
        values = self._folder / "values.yaml"
        values.write_text(yaml.safe_dump(self.values))
        self.helm(
            "upgrade", "--install", RELEASE, str(CHARTS / "florin"), *files, f"--values={values}", *chosen,
            "--wait", "--wait-for-jobs", f"--timeout={_TIMEOUT_S}s",
        )  # fmt: skip

    def end(self) -> None:
        """Forget it all, whatever state it is in."""
        resources, here = "merchantconfigs,connectors", f"--namespace={self.namespace}"
        self.cluster.try_kubectl("delete", resources, "--all", here, "--timeout=30s")
        for held in self.cluster.try_kubectl("get", resources, here, "--output=name").stdout.split():
            # There is no operator any more that would let it go.
            self.kubectl("patch", held, "--type=merge", '--patch={"metadata":{"finalizers":null}}')
        self.cluster.kubectl("delete", "namespace", self.namespace, "--timeout=110s")

    def pod_names(self, *components: str) -> set[str]:
        """Of all of them."""
        return {pod["metadata"]["name"] for component in components for pod in self.pods(component)}

    def pods(self, component: str) -> list[Any]:
        """Pods that are not being ended."""
        selector = f"app.kubernetes.io/instance={RELEASE},app.kubernetes.io/component={component}"
        pods = self.get("pods", f"--selector={selector}")["items"]
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def kill(self, component: str) -> str:
        """End one pod as a lost node does: no warning, no grace."""
        name = str(self.pods(component)[0]["metadata"]["name"])
        self.kubectl("delete", "pod", name, "--grace-period=0", "--force")
        return name

    def end_process(self, component: str) -> None:
        """Ask a pod's process to end; its pod, and what it keeps, stay. Returns when it runs again."""

        def starts() -> int:
            (pod,) = self.pods(component)
            (status,) = pod["status"]["containerStatuses"]
            return int(status["restartCount"])

        before = starts()
        self.kubectl("exec", f"deployment/{RELEASE}-{component}", "--", "sh", "-c", "kill 1")
        self.eventually(lambda: starts() > before, f"{component} is started again")

    def wait_until_ready(self, *components: str) -> None:
        for component in components:
            self.kubectl("rollout", "status", f"deployment/{RELEASE}-{component}", "--timeout=300s")

    def keep_secret(self, name: str, **entries: str) -> None:
        """Make or replace a Secret; in names of entries, ``_`` stands for ``-``."""
        data = {key.replace("_", "-"): value for key, value in entries.items()}
        self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data})

    def secret(self, name: str, key: str) -> str:
        """The value of one entry."""
        return self.kubectl("get", "secret", name, f'-o=go-template={{{{index .data "{key}" | base64decode}}}}')

    def apply(self, *manifests: dict[str, Any]) -> None:
        """Apply manifests in this namespace."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(listed))

    def configure(self, manifest: dict[str, Any]) -> None:
        """Apply a MerchantConfig, and wait until every replica works with it."""
        self.apply(manifest)
        name = f"merchantconfig/{manifest['metadata']['name']}"
        generation = self.get(name)["metadata"]["generation"]
        self.kubectl("wait", f"--for=jsonpath={{.status.observedGeneration}}={generation}", name, "--timeout=60s")
        self.kubectl("wait", "--for=condition=Ready", name, "--timeout=120s")

    def receive_webhooks(self, receiver: str, signing_secret: str) -> None:
        """Have the simulator take webhooks, and verify them with a secret."""
        token = self.secret(f"{RELEASE}-try-out", "simulator-control-token")
        wanted = {"secrets": [signing_secret]}
        assert self.call("PUT", f"{SIMULATOR}/control/v1/receivers/{receiver}", token, wanted)[0] < 300

    def received(self, receiver: str, event: str, payment_id: str) -> Any:
        """The webhook that told of a payment; waited for."""

        def find() -> Any:
            _, answer = self.call("GET", f"{SIMULATOR}/receiver/{receiver}?limit=10000")
            for webhook in answer["received"]:
                body = json.loads(webhook["body"])
                if body["type"] == event and body["data"]["id"] == payment_id:
                    return webhook
            return None

        return self.eventually(find, f"{event} of {payment_id} is received")

    def sql(self, statements: str) -> list[list[str]]:
        """Rows that the database's administrator gets."""
        client = ["mariadb", "--socket=/run/florin/mariadb.sock", "--user=root", "--batch", "--skip-column-names"]
        told = self.kubectl("exec", f"{RELEASE}-mariadb-0", "--", *client, f"--execute={statements}")
        return [line.split("\t") for line in told.splitlines()]

    def columns(self, table: str) -> list[str]:
        """A table's columns."""
        return [row[0] for row in self.sql(f"SHOW COLUMNS FROM {table}")]

    def reaches(self, host: str, port: int) -> bool:
        """Whether the buyer's pod can open a connection."""
        program_text = f"import socket; socket.create_connection(('{host}', {port}), timeout=5)"
        done = self.cluster.try_kubectl(
            f"--namespace={self.namespace}", "exec", BUYER, "--", "python", "-c", program_text
        )
        return done.returncode == 0

    def eventually(self, check: Callable[[], Any], what: str, *, timeout_s: float = 60.0) -> Any:
        """What ``check`` returns once it is true."""
        deadline = time.monotonic() + timeout_s
        while not (value := check()):
            assert time.monotonic() < deadline, f"not so in {timeout_s:g} s: {what}\n{self.state()}"
            time.sleep(0.5)
        return value

    def state(self) -> str:
        """What a person would look at."""
        pods = self.kubectl("get", "pods,jobs", "-o", "wide")
        events = self.kubectl("get", "events", "--sort-by=.lastTimestamp").splitlines()[-25:]
        return "\n".join([pods, *events])

    def call(self, method: str, url: str, token: str = "", body: Any = None) -> tuple[int, Any]:
        """One request from the buyer's pod."""
        asked = {"method": method, "url": url, "token": token, "body": body}
        answer = json.loads(self._ask_buyer("call", asked))
        return answer["status"], answer["body"]

    @contextmanager
    def buying(self, key: str, *, at_once: int) -> Iterator["Purchase"]:
        """Payments without a pause, in the background, for as long as the block lasts."""
        log = self._folder / f"purchase-{time.monotonic_ns()}.jsonl"
        argv = self._buyer("buy", {"payments": PAYMENTS, "key": key, "at_once": at_once})
        with log.open("w") as output:
            process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.PIPE, text=True)
        try:
            yield Purchase(log)
        finally:
            _, errors = process.communicate(timeout=150)  # closes its standard input, and so it ends
        assert process.returncode == 0, errors

    def judge(self, purchase: "Purchase", key: str, receiver: str) -> Any:
        """What became of a purchase's payments."""
        asked = {
            "payments": PAYMENTS,
            "simulator": SIMULATOR,
            "key": key,
            "receiver": receiver,
            "control_token": self.secret(f"{RELEASE}-try-out", "simulator-control-token"),
            "admin_token": self.secret(f"{RELEASE}-try-out", "admin-token"),
        }
        return json.loads(self._ask_buyer("judge", asked, purchase.log.read_text()))

    def _ask_buyer(self, verb: str, asked: dict[str, Any], stdin: str = "") -> str:
        done = subprocess.run(
            self._buyer(verb, asked), input=stdin, capture_output=True, text=True, timeout=400, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _buyer(self, verb: str, asked: dict[str, Any]) -> list[str]:
        kubectl = [str(program("kubectl")), f"--kubeconfig={self.cluster.kubeconfig}"]
        within = ["exec", f"--namespace={self.namespace}", "-i", BUYER, "--"]
        return [*kubectl, *within, "python", "/buyer/buyer.py", verb, json.dumps(asked)]


class Purchase:
    """Payments that a buyer makes, a line for each that was answered."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def lines(self) -> list[Any]:
        text = self.log.read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def taken(self) -> int:
        """How many were answered so, and not refused while an acquirer was away."""
        return sum(line.get("status") in (201, 202) for line in self.lines())

    def wait_for(self, more: int) -> None:
        """Return when so many more payments are taken."""
        wanted, deadline = self.taken() + more, time.monotonic() + 120
        while self.taken() < wanted:
            assert time.monotonic() < deadline, f"no payments come through: {self.lines()[-3:]}"
            time.sleep(0.2)  # a process in a pod tells nobody but its output


def small(cluster: Cluster, *names: str) -> dict[str, Any]:
    """Values of components for a small node: the cluster's images, little CPU asked for."""
    values: dict[str, Any] = {}
    for name in names:
        repository, _, tag = cluster.images[name].rpartition(":")
        resources = {"requests": {"cpu": "20m", "memory": "96Mi"}, "limits": {"memory": "512Mi"}}
        values[name] = {"image": {"repository": repository, "tag": tag}, "resources": resources}
    return values


def buyer(image: str) -> list[dict[str, Any]]:
    """A pod with Python and aiohttp, as restricted as ours, and its program."""
    container = {
        "name": "buyer",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "infinity"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "volumeMounts": [{"name": "program", "mountPath": "/buyer"}],
    }
    spec = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "program", "configMap": {"name": BUYER}}],
    }
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": BUYER},
            "data": {"buyer.py": _PROGRAM.read_text()},
        },
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": BUYER, "labels": {"app": BUYER}}, "spec": spec},
    ]
