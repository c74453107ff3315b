"""Policy of outgoing requests: which addresses may be connected to, and none that only looks like another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

#: Global unicast addresses (RFC 4291, 2.4), and those of the NAT64 of a network without IPv4 (RFC 6052).
_PUBLIC_V6: Final = (IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96"))
#: The middle of an ISATAP address (RFC 5214, 6.1); its last 32 bits are an IPv4 address.
_ISATAP: Final = 0x00005EFE
#: Prefixes under which an IPv6 address leads to the IPv4 address in its last 32 bits: NAT64 (RFC 6052, RFC 8215),
#: IPv4-compatible and SIIT addresses. The mapped ones (::ffff:0:0/96), 6to4 and Teredo are known to `ipaddress`.
_EMBEDDING: Final = tuple(IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96"))
#: Special addresses that some Python versions take for global ones (IANA's registries, RFC 6890): protocol assignments,
#: the relay of 6to4, documentation.
_SPECIAL: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))
#: Services of clouds that give secrets to whoever asks from within, beside the link-local ones: of Alibaba, Oracle,
#: Azure, AWS and Google.
_OF_CLOUDS: Final = frozenset(
    ip_address(text) for text in ("100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254")
)
_FORMS: Final = "networks such as 192.168.1.0/24, with commas between them"


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Addresses of the internet, and those of the `inside` networks: loopback, private and other ones that are listed.

    Link-local addresses and others of cloud metadata, multicast and the unspecified address are never permitted.
    """

    inside: tuple[IPNetwork, ...] = ()

    def permits(self, address: IPAddress) -> bool:
        """Tell whether an address may be connected to, by every IPv4 address that it leads to."""
        return all(self._permits(each) for each in leads_to(address))

    def _permits(self, address: IPAddress) -> bool:
        if is_never_permitted(address):
            return False
        return _is_public(address) or any(
            address in network for network in self.inside if network.version == address.version
        )


#: The addresses of the internet alone.
PUBLIC_ONLY: Final = AddressPolicy()


def parse_networks(text: str) -> AddressPolicy:
    """Return the policy that permits the networks of a list; raises ValueError with the remedy as its text."""
    networks: list[IPNetwork] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            networks.append(ip_network(part))
        except ValueError as error:
            raise ValueError(f"{part!r} is not a network: write {_FORMS}") from error
    return AddressPolicy(tuple(networks))


def leads_to(address: IPAddress) -> Sequence[IPAddress]:
    """Return the address and the IPv4 addresses that it embeds."""
    if isinstance(address, IPv4Address):
        return (address,)
    embedded: list[IPAddress] = []
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        embedded.append(address.sixtofour)
    if address.teredo is not None:
        embedded += address.teredo
    is_isatap = int(address) >> 32 & 0xFDFFFFFF == _ISATAP
    if is_isatap or any(address in network for network in _EMBEDDING):
        embedded.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return (address, *embedded)


def _is_public(address: IPAddress) -> bool:
    if not address.is_global or any(address in network for network in _SPECIAL if network.version == address.version):
        return False
    return isinstance(address, IPv4Address) or any(address in network for network in _PUBLIC_V6)


def is_never_permitted(address: IPAddress) -> bool:
    """Tell whether no request may ever go to an address: link-local, of a cloud itself, multicast or unspecified."""
    return address.is_link_local or address in _OF_CLOUDS or address.is_multicast or address.is_unspecified


def is_forbidden_host(host: str) -> bool:
    """Tell whether a host is an address to which no request may ever go; False for a name."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(is_never_permitted(each) for each in leads_to(address))


def choose(addresses: Iterable[IPAddress], policy: AddressPolicy) -> list[IPAddress]:
    """Return the permitted addresses of a name, each once."""
    return [address for address in dict.fromkeys(addresses) if policy.permits(address)]
