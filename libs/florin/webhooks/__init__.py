"""Outgoing webhooks: Standard Webhooks signatures, and requests that cannot be turned against our own network."""

from florin.webhooks.addresses import AddressPolicy, ForbiddenAddress
from florin.webhooks.endpoint_url import InvalidEndpointUrl, UrlPolicy, check_endpoint_url
from florin.webhooks.sessions import open_session
from florin.webhooks.signatures import InvalidSigningSecret, Signer, check_secret, new_secret

__all__ = [
    "AddressPolicy",
    "ForbiddenAddress",
    "InvalidEndpointUrl",
    "InvalidSigningSecret",
    "Signer",
    "UrlPolicy",
    "check_endpoint_url",
    "check_secret",
    "new_secret",
    "open_session",
]
