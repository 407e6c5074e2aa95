"""A person who may plan by the chart's roles, and may do nothing else in the cluster."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.cluster.release.installation import RELEASE, Installation
from tests.support.kubectl_plugin import plugin_environment

_NAME = "planner"
_GROUP = "rbac.authorization.k8s.io"


class Planner:
    """An account of the installation's namespace, with kubectl and its plugin; without rights until it is bound."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self._installation = installation
        self._folder = folder
        installation.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _NAME}})
        kubeconfig = folder / "kubeconfig"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(json.dumps(self._config()))
        self._environment = plugin_environment(folder / "bin", kubeconfig)

    def _config(self) -> Any:
        """The cluster's kubeconfig, whoever made it, with the account's token in place of its user."""
        shown = self._installation.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
        config = json.loads(shown)
        token = self._installation.kubectl("create", "token", _NAME).strip()
        config["users"] = [{"name": config["users"][0]["name"], "user": {"token": token}}]
        return config

    def bind(self) -> None:
        """To the two roles, as the guide's planners.yaml does; all is in one namespace here."""
        for role in ("florin-plan-user", f"{RELEASE}-operator-plan"):
            self._installation.apply(
                {
                    "apiVersion": f"{_GROUP}/v1",
                    "kind": "RoleBinding",
                    "metadata": {"name": f"{_NAME}-{role}"},
                    "roleRef": {"apiGroup": _GROUP, "kind": "Role", "name": role},
                    "subjects": [{"kind": "ServiceAccount", "name": _NAME, "namespace": self._installation.namespace}],
                }
            )

    def plans(self, manifest: dict[str, Any], *options: str) -> subprocess.CompletedProcess[str]:
        """`kubectl merchant plan -f FILE` on a manifest."""
        file = self._folder / "shop.json"
        file.write_text(json.dumps(manifest))
        return subprocess.run(
            ["kubectl", "merchant", "plan", "-f", str(file), f"--namespace={self._installation.namespace}", *options],
            executable=str(self._folder / "bin" / "kubectl"),
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
