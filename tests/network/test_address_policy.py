"""Address policy of outgoing requests: none inside in any disguise, unless its network is listed."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.network.address_policy import PUBLIC_ONLY, choose, parse_networks

INSIDE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.0",
    "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1",
    "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1", "4000::1",
]  # fmt: skip


def disguised(address: IPv4Address) -> list[str]:
    """Return the IPv6 addresses under which a host of IPv4 may be reached."""
    number = int(address)
    high, low = number >> 16, number & 0xFFFF
    tail = f"{high:x}:{low:x}"
    return [
        f"::ffff:{tail}",
        f"::ffff:0:{tail}",
        f"::{tail}" if number > 0xFFFF else f"::{low:x}",
        f"64:ff9b::{tail}",
        f"64:ff9b:1::{tail}",
        f"2002:{high:x}:{low:x}::1",
        f"2606:4700::5efe:{tail}",
        f"2606:4700::200:5efe:{tail}",
    ]


@pytest.mark.parametrize("text", INSIDE)
def test_nothing_inside_is_permitted_without_a_setting(text: str) -> None:
    assert not PUBLIC_ONLY.permits(ip_address(text))


@pytest.mark.parametrize("text", [text for text in INSIDE if ":" not in text])
def test_an_address_inside_is_not_permitted_in_any_disguise(text: str) -> None:
    address = IPv4Address(text)
    assert [other for other in disguised(address) if PUBLIC_ONLY.permits(ip_address(other))] == []


@pytest.mark.parametrize("text", ["192.0.0.8", "192.88.99.1", "3fff::1", "5f00::1"])
def test_a_special_address_is_no_address_of_the_internet_on_any_version_of_python(text: str) -> None:
    assert not PUBLIC_ONLY.permits(ip_address(text))


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"])
def test_the_internet_is_permitted(text: str) -> None:
    assert PUBLIC_ONLY.permits(ip_address(text))


def test_a_listed_network_is_permitted_also_in_its_mapped_form_and_nothing_beside_it() -> None:
    policy = parse_networks(" 192.168.1.0/24, 127.0.0.1 ,fd00::/8,")
    permitted = ["192.168.1.9", "127.0.0.1", "fd00::5", "::ffff:192.168.1.9", "1.1.1.1"]
    refused = ["192.168.2.9", "127.0.0.2", "fc00::5", "::ffff:192.168.2.9", "10.0.0.1"]
    assert [policy.permits(ip_address(text)) for text in permitted] == [True] * 5
    assert [policy.permits(ip_address(text)) for text in refused] == [False] * 5


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254", "fe80::1", "0.0.0.0", "::", "ff02::1", "::ffff:169.254.169.254",
        # Cloud services that give secrets at other addresses: Alibaba, Oracle, Azure, AWS, Google.
        "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254", "::ffff:192.0.0.192",
        "64:ff9b::a83f:8110",
    ],
)  # fmt: skip
def test_metadata_and_multicast_are_never_permitted(text: str) -> None:
    assert not parse_networks("0.0.0.0/0,::/0").permits(ip_address(text))


def test_a_name_with_addresses_of_both_kinds_leads_to_the_permitted_ones() -> None:
    found = [ip_address(text) for text in ("10.0.0.1", "1.1.1.1", "1.1.1.1", "::1")]
    assert choose(found, PUBLIC_ONLY) == [ip_address("1.1.1.1")]


@pytest.mark.parametrize("text", ["192.168.1.1/24", "home", "1.2.3.4/33", "1.2.3.4;5.6.7.8"])
def test_a_list_of_networks_that_is_wrong_is_refused_with_its_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a network: write networks such as 192\.168\.1\.0/24"):
        parse_networks(text)


@given(st.ip_addresses(v=4))
def test_a_disguise_is_permitted_only_where_the_address_is(address: IPv4Address) -> None:
    if not PUBLIC_ONLY.permits(address):
        assert not any(PUBLIC_ONLY.permits(ip_address(other)) for other in disguised(address))
