"""Addresses of message services: what stays on the machine is refused, and no secret is shown."""

from __future__ import annotations

import pytest

from headland.network.service_address import (
    LOCAL_SCHEMES,
    check_service_url,
    hide_secrets,
    inside_host,
    mask_service_url,
)


@pytest.mark.parametrize("scheme", sorted(LOCAL_SCHEMES))
def test_a_service_of_the_machine_itself_is_refused(scheme: str) -> None:
    for written in (scheme, scheme.upper()):
        with pytest.raises(ValueError, match="reaches nobody"):
            check_service_url(f"{written}://localhost/x")


@pytest.mark.parametrize(
    "url", ["", "smseagle", "smseagle://", "://x", "a b://x", "sms://a b", "smseagle://***", "s\n://x"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="write"):
        check_service_url(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("twilio://ACCOUNT:TOKEN@15551234567/15557654321", "twilio://***"),
        ("smseagles://KEY@sms.farm.example/+8613800001111", "smseagles://sms.farm.example/***"),
        ("mailtos://li:pw@smtp.qq.com:465/?from=li@qq.com&to=li@qq.com", "mailtos://smtp.qq.com/***"),
        ("wxpusher://AT_TOKEN@UID/", "wxpusher://***"),
    ],
)
def test_an_address_is_shown_without_what_is_secret_in_it(url: str, shown: str) -> None:
    assert mask_service_url(url) == shown


def test_what_a_service_said_is_told_without_parts_of_its_address() -> None:
    url = "smseagle://KEY-1234@sms.farm.example/%2B8613800001111"
    said = "sms.farm.example refused KEY-1234 for +8613800001111"
    assert hide_secrets(said, url) == "sms.farm.example refused *** for ***"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("smseagle://K@10.0.0.5/1", "10.0.0.5"),
        ("json://localhost/x", "localhost"),
        ("json://[::1]/x", "[::1]"),
        ("json://api.example/x", None),
        ("twilio://A:B@1/2", None),
    ],
)
def test_a_host_inside_is_known_when_it_is_saved(url: str, host: str | None) -> None:
    assert inside_host(url) == host
