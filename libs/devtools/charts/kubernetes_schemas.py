"""JSON schemas of every kind of resource, for kubeconform: of Kubernetes from its own OpenAPI document, of custom
resources from their definitions. Unknown fields are refused, as the API server's strict validation does.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from devtools.cache import made_once
from devtools.golang import LOCKS, module_sources
from devtools.places import CHECKOUT, cache_folder

TEMPLATE = "{{.ResourceKind}}{{.KindSuffix}}.json"
"""How kubeconform finds a kind's file in the folder: kind, group, version."""
_OWN = CHECKOUT / "charts" / "florin-crds" / "templates"
_KUBERNETES = ("k8s.io/kubernetes", LOCKS / "kubernetes", "api/openapi-spec/swagger.json")
_MONITORING = "example/prometheus-operator-crd/monitoring.coreos.com"
_DEFINITIONS = (
    ("github.com/prometheus-operator/prometheus-operator", f"{_MONITORING}_servicemonitors.yaml"),
    ("github.com/prometheus-operator/prometheus-operator", f"{_MONITORING}_prometheusrules.yaml"),
    ("github.com/kedacore/keda/v2", "config/crd/bases/keda.sh_scaledobjects.yaml"),
    ("github.com/kedacore/keda/v2", "config/crd/bases/keda.sh_triggerauthentications.yaml"),
    ("sigs.k8s.io/gateway-api", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"),
)
_KEPT = ("type", "enum", "required", "pattern", "minimum", "maximum")


def schemas_folder() -> Path:
    """The folder with a file for each kind; made first when it is not there."""
    made_of = hashlib.sha256(Path(__file__).read_bytes())
    for file in [LOCKS / "kubernetes" / "go.sum", LOCKS / "crds" / "go.sum", *sorted(_OWN.glob("*.yaml"))]:
        made_of.update(file.read_bytes())
    return made_once(
        cache_folder() / f"kubernetes-schemas-{made_of.hexdigest()[:16]}",
        _make,
        what="schemas of Kubernetes' resources",
    )


def _make(folder: Path) -> None:
    module, lock, path = _KUBERNETES
    definitions = msgspec.json.decode((module_sources(module, lock) / path).read_bytes())["definitions"]
    for schema in definitions.values():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            _write(folder, kind["kind"], kind["group"], kind["version"], _strict(schema, definitions))
    others = [module_sources(module, LOCKS / "crds") / path for module, path in _DEFINITIONS]
    for file in [*others, *_OWN.glob("*.yaml")]:
        for group, kind, version, schema in _versions(yaml.safe_load(file.read_text())["spec"]):
            _write(folder, kind, group, version, schema)


def _versions(spec: Any) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for version in spec["versions"]:
        schema = _strict(version["schema"]["openAPIV3Schema"], {})
        schema["properties"] |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {}}
        yield spec["group"], spec["names"]["kind"], version["name"], schema


def _write(folder: Path, kind: str, group: str, version: str, schema: dict[str, Any]) -> None:
    name = "-".join(part for part in (kind, group.partition(".")[0], version) if part).lower()
    (folder / f"{name}.json").write_bytes(msgspec.json.encode(schema))


def _strict(schema: Any, definitions: dict[str, Any], inside: frozenset[str] = frozenset()) -> Any:
    """A schema with what it refers to in its place, without texts, and closed where it lists its properties."""
    if reference := schema.get("$ref", ""):
        if reference in inside:  # the schema of schemas contains itself
            return {}
        return _strict(definitions[reference.rpartition("/")[2]], definitions, inside | {reference})
    if schema.get("format") == "int-or-string" or schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    kept = {name: schema[name] for name in _KEPT if name in schema}
    if "items" in schema:
        kept["items"] = _strict(schema["items"], definitions, inside)
    if isinstance(schema.get("additionalProperties"), dict):
        kept["additionalProperties"] = _strict(schema["additionalProperties"], definitions, inside)
    if properties := schema.get("properties"):
        kept["properties"] = {name: _strict(each, definitions, inside) for name, each in properties.items()}
        if "additionalProperties" not in kept and not schema.get("x-kubernetes-preserve-unknown-fields"):
            kept["additionalProperties"] = False
    return kept
