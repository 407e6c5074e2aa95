"""Which addresses a webhook may be sent to: the public internet, and nothing of ours.

The networks are those of IANA's special-purpose registries for IPv4 and IPv6. They are written out because the
standard library's ``is_global`` changed its mind between patch releases of Python 3.11.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from msgspec import Struct

_FORBIDDEN_IPV4 = [
    ip_network(cidr)
    for cidr in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and clusters' pods
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local: clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
]
_GLOBAL_UNICAST_IPV6 = ip_network("2000::/3")
_FORBIDDEN_IPV6 = [
    ip_network(cidr)
    for cidr in (
        "2001::/23",  # protocol assignments, with Teredo (2001::/32): a relay would carry us to the address inside
        "2001:db8::/32",
        "2002::/16",  # 6to4: the same
        "2620:4f:8000::/48",
        "3fff::/20",
    )
]
_LOOPBACK_IPV4 = ip_network("127.0.0.0/8")
_EMBEDDED_IPV4 = [ip_network(cidr) for cidr in ("::ffff:0:0/96", "::/96", "64:ff9b::/96")]  # mapped, compatible, NAT64
_LOOPBACK_IPV6 = IPv6Address("::1")


class ForbiddenAddress(OSError):
    """A connection to an address that the policy forbids; raised before there is a socket."""


class AddressPolicy(Struct, frozen=True):
    """``allow_loopback`` is for development only: it lets a merchant's URL reach what runs beside us.

    ``trusted_hosts`` are names that operators vouch for, wherever they lead: a receiver of the same house, say.
    """

    allow_loopback: bool = False
    trusted_hosts: frozenset[str] = frozenset()

    def allows(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether a webhook may be sent there. IPv4 inside IPv6 is judged as the IPv4 that it is."""
        if isinstance(address, IPv6Address):
            if address == _LOOPBACK_IPV6:
                return self.allow_loopback
            if not any(address in network for network in _EMBEDDED_IPV4):
                return (
                    address in _GLOBAL_UNICAST_IPV6
                    and not address.scope_id
                    and not any(address in network for network in _FORBIDDEN_IPV6)
                )
            address = IPv4Address(int(address) & 0xFFFFFFFF)
        if address in _LOOPBACK_IPV4:
            return self.allow_loopback
        return not any(address in network for network in _FORBIDDEN_IPV4)

    def check(self, host: str) -> None:
        """Raises ForbiddenAddress unless ``host`` is an address in its plain notation and allowed."""
        try:
            address = ip_address(host)
        except ValueError:
            raise ForbiddenAddress(f"{host[:64]!r} is not an address") from None
        if not self.allows(address):
            raise ForbiddenAddress(f"{host} is not a public address")
