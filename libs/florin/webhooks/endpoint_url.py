"""What a merchant may register as a webhook endpoint.

The URL is parsed by the parser that the HTTP client uses (yarl), so that the host checked here is the host connected
to. A name is judged by where it leads, at each connection: see `florin.webhooks.sessions`.
"""

import re
from ipaddress import ip_address

from msgspec import Struct
from yarl import URL

from florin.errors import InvalidRequest
from florin.webhooks.addresses import AddressPolicy

MAX_URL_LENGTH = 2048
_PRINTABLE = re.compile(r"[\x21-\x7e\u00a1-\U0010ffff]+")
_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_INNER_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "onion")


class InvalidEndpointUrl(InvalidRequest):
    """A URL that no webhook is sent to."""

    code = "invalid_endpoint_url"


class UrlPolicy(Struct, frozen=True):
    """Ports for https, and whether plain http to loopback is allowed (in development)."""

    ports: tuple[int, ...] = (443, 8443)
    addresses: AddressPolicy = AddressPolicy()


def check_endpoint_url(text: str, policy: UrlPolicy) -> URL:
    """The URL in its normal form. Raises InvalidEndpointUrl with a sentence; opens no connection, resolves no name."""
    if not _PRINTABLE.fullmatch(text):
        raise _invalid("A webhook URL holds no spaces and no control characters.")
    try:
        url = URL(text)
        host, port = url.raw_host, url.port
    except ValueError:
        raise _invalid("This is not a URL.") from None
    if len(str(url)) > MAX_URL_LENGTH:  # in its normal form, which is what is stored: escapes make it longer
        raise _invalid(f"A webhook URL has at most {MAX_URL_LENGTH} characters.")
    if url.scheme not in ("https", "http") or not host:
        raise _invalid("A webhook URL begins with https:// and names a host.")
    if url.raw_user is not None or url.raw_password is not None:
        raise _invalid("A webhook URL holds no user name and no password; the signature tells the sender.")
    if "#" in text:
        raise _invalid("A webhook URL has no fragment: it would never be sent.")
    if host in policy.addresses.trusted_hosts or (policy.addresses.allow_loopback and _is_loopback(host)):
        return url
    if url.scheme != "https":
        raise _invalid("A webhook URL begins with https://.")
    if port not in policy.ports:
        raise _invalid(f"Webhooks are sent to the ports {', '.join(map(str, policy.ports))} only.")
    _check_host(host, policy.addresses)
    return url


def _invalid(sentence: str) -> InvalidEndpointUrl:
    return InvalidEndpointUrl(sentence, param="url")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check_host(host: str, policy: AddressPolicy) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        pass
    else:
        if not policy.allows(address):
            raise _invalid("Webhooks are sent to public addresses only.")
        return
    # Octal, hexadecimal, short and whole-number IPv4 all end in a label that is no top-level domain.
    name = host.rstrip(".")
    if not _NAME.fullmatch(name):
        raise _invalid("The host of a webhook URL is a full domain name or a public address in its plain notation.")
    if name.rpartition(".")[2] in _INNER_NAMES:
        raise _invalid("The host of a webhook URL is a public name.")
