"""URLs without their secrets, and loopback hosts."""

from __future__ import annotations

import pytest

from headland.network.addresses import hide_secrets, is_loopback, is_loopback_address


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://headland:se@cret@db:5432/farm", "postgresql://headland:***@db:5432/farm"),
        ("postgresql://headland:se/cr?et@db/farm", "postgresql://headland:***@db/farm"),
        ("postgresql://headland@db/farm", "postgresql://headland@db/farm"),
        ("sqlite:////var/lib/r.sqlite", "sqlite:////var/lib/r.sqlite"),
        ("http://host:8086/farm", "http://host:8086/farm"),
        ("influx+http://me:word@host:8086/farm?org=o&token=abc", "influx+http://me:***@host:8086/farm?org=o&token=***"),
        (
            "victoria+http://u:v@host:8428?side=postgresql://me:word@db/side&store=a",
            "victoria+http://u:***@host:8428?side=postgresql://me:***@db/side&store=a",
        ),
        ("/plain/path", "/plain/path"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert hide_secrets(url) == shown


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.3", "::1", "localhost"])
def test_loopback_is_this_machine_only(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "farm.example", ""])
def test_every_other_host_is_the_network(host: str) -> None:
    assert not is_loopback(host)


def test_a_name_is_no_loopback_address() -> None:
    assert is_loopback_address("::1")
    assert not is_loopback_address("localhost")
