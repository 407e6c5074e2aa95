"""What the pages show is taken by a real API server, and the guide does what it says."""

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.kubectl_plugin import Person, planner_rules, publish
from tests.support.kubernetes import ApiServer
from tests.support.merchant_operator import ROOT, Tenant, running_operator
from tests.support.merchants import MerchantsService

from merchant_operator.names import API_VERSION

GUIDE = ROOT / "docs" / "guides" / "configure-merchants-with-kubectl.md"
_BLOCK = re.compile(r"^```(sh|yaml)\n(.*?)^```$", re.M | re.S)


def manifests() -> list[Any]:
    """Every manifest of ours on any page, with where it stands."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("charts/**/*.md"), *ROOT.glob("operator/*.md")]
    found = []
    for page in sorted(pages):
        for language, block in _BLOCK.findall(page.read_text()):
            if language == "yaml" and f"apiVersion: {API_VERSION}" in block:
                for number, document in enumerate(yaml.safe_load_all(block)):
                    if document["apiVersion"] == API_VERSION:
                        name = f"{page.relative_to(ROOT)}-{number}-{document['kind']}"
                        found.append(pytest.param(document, id=name))
    return found


@pytest.mark.parametrize("manifest", manifests())
def test_each_manifest_is_taken(kubernetes: ApiServer, manifest: Any) -> None:
    namespace = manifest["metadata"].setdefault("namespace", "default")
    created = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    kubernetes.apply(created)
    kubernetes.apply(manifest)
    kubernetes.kubectl("delete", manifest["kind"], manifest["metadata"]["name"], "-n", namespace)


@pytest.mark.timeout(180)
async def test_the_guide(
    kubernetes: ApiServer, tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    florin = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "florin"}}
    kubernetes.apply(florin)
    lines = []
    for language, block in _BLOCK.findall(GUIDE.read_text()):
        if language == "yaml":
            name = block.partition("\n")[0].removeprefix("# ")
            (tmp_path / name).write_text(block)
        else:
            lines.append(block)
    extra = {"FLORIN_HOST": "0.0.0.0"}
    with running_operator(tenant, merchants_service.url, tmp_path, **extra) as operator:
        await operator.ready()
        publish(operator)
        follower = Person(tenant, tmp_path, "follower", planner_rules())
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-eux",
            "-o",
            "pipefail",
            "-c",
            "\n".join(lines),
            cwd=tmp_path,
            env={**os.environ, **follower.environment, "KUBECONFIG": str(administrators(tenant, tmp_path))},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, (out.decode(), err.decode())
    assert "would be accepted" in err.decode()
    assert re.search(r"^sk_test_\w+", out.decode(), re.M)
    assert (await merchants_service.get("/admin/v1/merchants/acme"))["display_name"] == "Acme Shoes Ltd"


def administrators(tenant: Tenant, folder: Path) -> Path:
    """The kubeconfig of who may do anything, in the tenant's namespace."""
    path = folder / "kubeconfig"
    path.write_text(tenant.api_server.kubeconfig.read_text())
    options = (f"--kubeconfig={path}", "--current", f"--namespace={tenant.namespace}")
    tenant.api_server.kubectl("config", "set-context", *options)
    return path
