"""What is wrong is refused by the API server itself, naming the field; and by merchants, where it comes another way."""

import json
import secrets
from typing import Any

import pytest
from tests.support.invalid_manifests import CONNECTORS, MERCHANT_CONFIGS, Invalid
from tests.support.kubernetes import ApiServer, KubectlError
from tests.support.merchant_operator import connector, merchant_config
from tests.support.merchants import MerchantsService
from tests.support.merchants import connector as stored_connector

from merchant_operator.names import API_VERSION, PLURALS


@pytest.fixture(scope="session")
def namespace(kubernetes: ApiServer) -> str:
    name = f"invalid-{secrets.token_hex(4)}"
    kubernetes.kubectl("create", "namespace", name)
    return name


def changed(spec: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (spec | fields).items() if value is not None}


def refuse(kubernetes: ApiServer, namespace: str, manifest: dict[str, Any], invalid: Invalid) -> str:
    manifest["metadata"] = {"name": f"m-{secrets.token_hex(4)}", "namespace": namespace}
    wrong = {**manifest, "spec": changed(manifest["spec"], invalid.spec)}
    if invalid.update_of is not None:
        kubernetes.apply({**manifest, "spec": changed(manifest["spec"], invalid.update_of)})
        with pytest.raises(KubectlError) as refused:
            kubernetes.apply(wrong)
    else:  # past kubectl's own checks, with those that it asks the API server for
        path = f"/apis/{API_VERSION}/namespaces/{namespace}/{PLURALS[manifest['kind']]}?fieldValidation=Strict"
        with pytest.raises(KubectlError) as refused:
            kubernetes.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(wrong))
    return str(refused.value)


def test_there_are_enough_of_them() -> None:
    assert len(MERCHANT_CONFIGS) + len(CONNECTORS) >= 40


@pytest.mark.parametrize("invalid", MERCHANT_CONFIGS, ids=lambda invalid: invalid.name)
def test_the_api_server_refuses_a_merchant_config(kubernetes: ApiServer, namespace: str, invalid: Invalid) -> None:
    message = refuse(kubernetes, namespace, merchant_config(), invalid)
    assert invalid.field.removeprefix("spec") in message, message


@pytest.mark.parametrize("invalid", CONNECTORS, ids=lambda invalid: invalid.name)
def test_the_api_server_refuses_a_connector(kubernetes: ApiServer, namespace: str, invalid: Invalid) -> None:
    message = refuse(kubernetes, namespace, connector(), invalid)
    assert invalid.field.removeprefix("spec") in message, message


def test_a_connector_s_name_fits_merchants(kubernetes: ApiServer, namespace: str) -> None:
    manifest = connector("bank.example")
    manifest["metadata"]["namespace"] = namespace
    with pytest.raises(KubectlError, match="lower-case letters, digits and hyphens"):
        kubernetes.apply(manifest)


async def test_merchants_refuses_the_same(merchants_service: MerchantsService) -> None:
    wrong = []
    (await merchants_service.put("/admin/v1/connectors/bank", stored_connector("bank"))).ok()
    for number, invalid in enumerate(MERCHANT_CONFIGS):
        merchant = f"m{number}"
        spec = merchant_config(merchant)["spec"]
        path = f"/admin/v1/merchants/{merchant}/config"
        owner = {"uid": f"u{number}", "generation": 1}
        if invalid.update_of is not None:
            body = {"spec": changed(spec, invalid.update_of), "owner": owner}
            (await merchants_service.put(path, body)).ok()
        answer = await merchants_service.put(
            path, {"spec": changed(spec, invalid.spec), "owner": owner | {"generation": 2}}
        )
        if answer.status != 400 or (invalid.param or invalid.field) not in str(answer.body):
            wrong.append((invalid.name, answer.status, answer.body))
    for number, invalid in enumerate(CONNECTORS):
        spec = {"name": f"c{number}", **connector()["spec"]}
        path = f"/admin/v1/connectors/c{number}"
        if invalid.update_of is not None:
            (await merchants_service.put(path, changed(spec, invalid.update_of))).ok()
        answer = await merchants_service.put(path, changed(spec, invalid.spec))
        if answer.status not in (400, 409) or (invalid.param or invalid.field.removeprefix("spec.")) not in str(
            answer.body
        ):
            wrong.append((invalid.name, answer.status, answer.body))
    assert wrong == []
