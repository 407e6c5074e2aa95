"""The two definitions as documents."""

from typing import Any

from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config import MerchantConfig
from merchant_operator.crds.schema import Schema, structural_schema
from merchant_operator.names import CONNECTOR, GROUP, MERCHANT_CONFIG, PLURALS, VERSION
from merchant_operator.status import (
    CONNECTOR_CONDITIONS,
    MERCHANT_CONFIG_CONDITIONS,
    ConditionType,
    MerchantConfigStatus,
    Status,
)

_NAME_RULE = {
    "rule": "self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 63",
    "message": "metadata.name: must be 1 to 63 lower-case letters, digits and hyphens",
}


def _merchant_config() -> dict[str, Any]:
    columns = [
        _column("Merchant", ".spec.merchantId", "The merchant's id."),
        _column("Mode", ".spec.reconcilePolicy", "What the operator does about differences."),
        _condition_column(ConditionType.READY),
        _condition_column(ConditionType.SYNCED),
        _condition_column(ConditionType.DRIFTED, name="Drift"),
        _age(),
        _wide(
            _column("Generation", ".status.appliedGeneration", "The generation that merchants has taken.", "integer")
        ),
        _wide(_column("Version", ".status.configVersion", "The version's number at merchants.", "integer")),
        _wide(_condition_column(ConditionType.READY, name="Reason", part="reason")),
        _wide(_condition_column(ConditionType.READY, name="Message", part="message")),
    ]
    description = (
        "The configuration of one merchant of Florin. The operator puts it to merchants and says in the status how far "
        "it has come."
    )
    spec = structural_schema(MerchantConfig)
    status = _status(structural_schema(MerchantConfigStatus), MERCHANT_CONFIG_CONDITIONS)
    return _definition(MERCHANT_CONFIG, "mc", description, spec, status, columns)


def _connector() -> dict[str, Any]:
    columns = [
        _column("Adapter", ".spec.adapter", "The program that speaks to the acquirer."),
        _column("Live", ".spec.livemode", "Whether it moves real money.", "boolean"),
        _condition_column(ConditionType.READY),
        _condition_column(ConditionType.SYNCED),
        _condition_column(ConditionType.DRIFTED, name="Drift"),
        _age(),
        _wide(_column("Address", ".spec.baseUrl", "The acquirer's address.")),
        _wide(_condition_column(ConditionType.READY, name="Reason", part="reason")),
        _wide(_condition_column(ConditionType.READY, name="Message", part="message")),
    ]
    description = "An acquirer's endpoint. MerchantConfigs of the same namespace refer to it by its name."
    spec = structural_schema(ConnectorSpec)
    del spec["properties"]["name"]  # it is the resource's own
    spec["required"].remove("name")
    status = _status(structural_schema(Status), CONNECTOR_CONDITIONS)
    return _definition(CONNECTOR, "conn", description, spec, status, columns, rules=[_NAME_RULE])


def _definition(
    kind: str,
    short_name: str,
    description: str,
    spec: Schema,
    status: Schema,
    columns: list[dict[str, Any]],
    rules: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    plural = PLURALS[kind]
    schema: Schema = {
        "description": description,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": f"{GROUP}/{VERSION}."},
            "kind": {"type": "string", "description": f"{kind}."},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": status,
        },
    }
    if rules:
        schema["x-kubernetes-validations"] = rules
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{GROUP}",
            # Without its definition every resource of the kind is deleted; so Helm never deletes it.
            "annotations": {"helm.sh/resource-policy": "keep"},
            "labels": {"app.kubernetes.io/name": "florin", "app.kubernetes.io/part-of": "florin"},
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "shortNames": [short_name],
                "categories": ["florin"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": columns,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def _status(schema: Schema, kinds: tuple[ConditionType, ...]) -> Schema:
    """Every condition is Unknown from the first moment on, also while there is no operator."""
    schema["default"] = {
        "conditions": [
            {
                "type": str(kind),
                "status": "Unknown",
                "reason": "Pending",
                "message": "The operator has not seen this yet.",
                "lastTransitionTime": "1970-01-01T00:00:00Z",
            }
            for kind in kinds
        ]
    }
    return schema


def _column(name: str, path: str, description: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "type": kind, "description": description, "jsonPath": path}


def _condition_column(condition: ConditionType, *, name: str = "", part: str = "status") -> dict[str, Any]:
    path = f'.status.conditions[?(@.type=="{condition}")].{part}'
    return _column(name or str(condition), path, f"The {part} of the condition {condition}.")


def _age() -> dict[str, Any]:
    return _column("Age", ".metadata.creationTimestamp", "Time since it was made.", "date")


def _wide(column: dict[str, Any]) -> dict[str, Any]:
    return column | {"priority": 1}


DEFINITIONS: dict[str, dict[str, Any]] = {MERCHANT_CONFIG: _merchant_config(), CONNECTOR: _connector()}
"""By kind."""
