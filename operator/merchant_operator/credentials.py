"""Secrets that a resource names: read by name in its own namespace, handed on to merchants, kept nowhere else."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from florin.contracts.api_keys import hash_of, is_well_formed, new_key
from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config import MerchantConfig
from florin.webhooks import InvalidSigningSecret, check_secret
from merchant_operator.kubernetes import Kubernetes
from merchant_operator.names import GROUP, LIVE_KEY_ENTRY, SIGNING_SECRET_ENTRY, TEST_KEY_ENTRY
from merchant_operator.problems import Problem, Reason

_LONGEST = 16_384


class SecretValue(Struct, frozen=True):
    """What a Secret holds, as merchants takes it. ``version`` is its resourceVersion."""

    name: str
    value: str
    version: str

    def __repr__(self) -> str:
        return f"SecretValue({self.name}, ***, {self.version})"

    def handed(self) -> dict[str, Any]:
        """The member of a request."""
        return {"name": self.name, "value": self.value, "version": fence_of(self.version)}


class KeySecret(Struct, frozen=True):
    """The Secret with a merchant's API keys: what merchants may know of them."""

    name: str
    version: str
    keys: tuple[dict[str, Any], ...]


class Credentials(Struct, frozen=True, kw_only=True):
    """Everything that a resource names, and what is wrong with it. ``key_secret`` is None where it must be made.

    ``read``: whether anything was read at all; it is not each time.
    """

    read: bool = True
    secrets: tuple[SecretValue, ...] = ()
    key_secret: KeySecret | None = None
    problems: tuple[Problem, ...] = ()

    def versions(self) -> dict[str, str]:
        """Each Secret's version by its name."""
        found = {secret.name: secret.version for secret in self.secrets}
        return found | ({self.key_secret.name: self.key_secret.version} if self.key_secret else {})


async def of_connector(kubernetes: Kubernetes, namespace: str, spec: ConnectorSpec) -> Credentials:
    """A connector's credentials: all entries of its Secret, as a JSON object."""
    if spec.secret_ref is None:
        return Credentials()
    found = await _read(kubernetes, namespace, spec.secret_ref.name, "spec.secretRef")
    if isinstance(found, Problem):
        return Credentials(problems=(found,))
    entries, version = found
    value = msgspec.json.encode(entries, order="deterministic").decode()
    return _checked([(SecretValue(spec.secret_ref.name, value, version), "spec.secretRef")], [])


async def of_merchant_config(kubernetes: Kubernetes, namespace: str, spec: MerchantConfig) -> Credentials:
    """Signing secrets, the old gateway's credentials and the API keys that a MerchantConfig names."""
    values: dict[str, tuple[SecretValue, str]] = {}
    problems: list[Problem] = []
    wanted = [
        (webhook.signing_secret_ref.name, f"spec.webhooks[{at}].signingSecretRef")
        for at, webhook in enumerate(spec.webhooks)
        if webhook.signing_secret_ref is not None
    ]
    if spec.legacy is not None and spec.legacy.credentials_ref is not None:
        wanted.append((spec.legacy.credentials_ref.name, "spec.legacy.credentialsRef"))
    for name, field in wanted:
        if name in values:
            continue
        found = await _read(kubernetes, namespace, name, field)
        if isinstance(found, Problem):
            problems.append(found)
            continue
        entries, version = found
        single = next(iter(entries.values())) if len(entries) == 1 else entries.get(SIGNING_SECRET_ENTRY, "")
        if "signingSecretRef" in field and not _signs(single):
            problems.append(_invalid(field, name, "must hold one value, whsec_ and 24 to 64 bytes in base64"))
            continue
        value = single if "signingSecretRef" in field else msgspec.json.encode(entries, order="deterministic").decode()
        values[name] = (SecretValue(name, value, version), field)
    key_secret: KeySecret | None = None
    if spec.api_key_secret_name is not None:
        found_keys = await _read_keys(kubernetes, namespace, spec)
        if isinstance(found_keys, Problem):
            problems.append(found_keys)
        else:
            key_secret = found_keys
    checked = _checked(list(values.values()), problems)
    return replace(checked, key_secret=key_secret)


def new_key_secret(namespace: str, spec: MerchantConfig) -> dict[str, Any]:
    """A Secret with fresh keys. It is written before merchants hears of their hashes: a key that is known is kept."""
    name = spec.api_key_secret_name
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "florin-operator"},
            "annotations": {f"{GROUP}/merchant-id": spec.merchant_id},
        },
        "type": "Opaque",
        "stringData": {
            TEST_KEY_ENTRY: new_key(livemode=False).reveal(),
            LIVE_KEY_ENTRY: new_key(livemode=True).reveal(),
        },
    }


def fence_of(version: str) -> int:
    """A resourceVersion as the number that it is on every API server there is; one that is none fences nothing."""
    return int(version) if version.isascii() and version.isdecimal() else 0


async def _read_keys(kubernetes: Kubernetes, namespace: str, spec: MerchantConfig) -> KeySecret | Problem | None:
    secret = await kubernetes.read_secret(namespace, spec.api_key_secret_name or "")
    return None if secret is None else keys_of(secret, spec)


def keys_of(secret: Mapping[str, Any], spec: MerchantConfig) -> KeySecret | Problem:
    """What merchants may know of the keys in a Secret."""
    name, field = spec.api_key_secret_name or "", "spec.apiKeySecretName"
    marked = secret["metadata"].get("annotations", {}).get(f"{GROUP}/merchant-id")
    if marked != spec.merchant_id:
        return _invalid(field, name, f"was not made for this merchant (annotation {GROUP}/merchant-id)")
    entries = _decode(secret)
    keys = []
    for entry, mode in ((TEST_KEY_ENTRY, "test"), (LIVE_KEY_ENTRY, "live")):
        key = entries.get(entry)
        if key is None:
            continue
        if not is_well_formed(key) or not key.startswith(f"sk_{mode}_"):
            return _invalid(field, name, f"holds no API key of the mode {mode} in {entry}; delete it for new keys")
        keys.append({"hash": hash_of(key), "hint": f"{key[:8]}...{key[-4:]}", "livemode": mode == "live"})
    if not keys:
        return _invalid(field, name, f"has neither {TEST_KEY_ENTRY} nor {LIVE_KEY_ENTRY}; delete it for new keys")
    return KeySecret(name, secret["metadata"]["resourceVersion"], tuple(keys))


async def _read(kubernetes: Kubernetes, namespace: str, name: str, field: str) -> tuple[dict[str, str], str] | Problem:
    secret = await kubernetes.read_secret(namespace, name)
    if secret is None:
        message = f"{field}: there is no Secret {name!r} in the namespace {namespace!r}."
        return Problem(Reason.SECRET_MISSING, message)
    entries = _decode(secret)
    if not entries:
        return _invalid(field, name, "has no entries that are text")
    return entries, secret["metadata"]["resourceVersion"]


def _decode(secret: Mapping[str, Any]) -> dict[str, str]:
    entries = {}
    for name, value in (secret.get("data") or {}).items():
        try:
            entries[name] = base64.b64decode(value).decode().rstrip("\r\n")
        except (binascii.Error, UnicodeDecodeError):
            continue  # nothing that merchants takes; what is needed and missing is told by name
    return entries


def _signs(text: str) -> bool:
    try:
        check_secret(text)
    except InvalidSigningSecret:
        return False
    return True


def _checked(values: list[tuple[SecretValue, str]], problems: list[Problem]) -> Credentials:
    good = []
    for value, field in values:
        if 0 < len(value.value) <= _LONGEST:
            good.append(value)
        else:
            problems.append(_invalid(field, value.name, f"is empty or longer than {_LONGEST} characters"))
    return Credentials(secrets=tuple(good), problems=tuple(problems))


def _invalid(field: str, name: str, what: str) -> Problem:
    return Problem(Reason.SECRET_INVALID, f"{field}: the Secret {name!r} {what}.")
