"""URLs and mailboxes are parsed once and strictly: what is saved can be sent, and names one address in one way."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.network.http_target import check_mailbox, parse_target
from headland.registry.models.errors import InvalidTarget
from headland.registry.validation.targets import check_mail_address, check_url

#: Each of these was accepted before, and raised an exception in the sender that none expected.
BROKEN_URLS = [
    "http://hooks..example/alarm",
    "http://a..b/",
    f"http://{'a' * 64}.example/",
    "http://.invalid/",
    "http://xn--/",
    "http://xn--0/",
    "http://xn--a/",
    "http://./",
    "http://-a.example/",
    "http://a-.example/",
    f"http://{'a.' * 127}example/",
    "http://[::1/",
    "http://[fe80::1%25lo]/",
    "http://host:0/",
    "http://host:99999/",
    "http://host:x/",
    "ftp://host/",
    "http:///path",
    "http://",
    "http://h\u00fcgel.example/",
    "http://host/a b",
    "http://host/\x00",
]
#: Other ways to write 169.254.169.254 and 127.0.0.1, which a resolver reads and a check may not.
OTHER_NUMBERS = [
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "http://127.1/",
    "http://0/",
    "http://0x/",
    "http://1.2.3.04/",
]


@pytest.mark.parametrize("url", [*BROKEN_URLS, *OTHER_NUMBERS])
def test_a_url_to_which_nothing_can_be_posted_is_refused_when_it_is_saved(url: str) -> None:
    with pytest.raises(InvalidTarget, match="The URL cannot be used") as caught:
        check_url(url)
    assert caught.value.kind == "bad-url"


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("https://App.Example/a?b=c", "app.example", 443, "/a?b=c", "app.example"),
        ("http://127.0.0.1:8123", "127.0.0.1", 8123, "/", "127.0.0.1:8123"),
        ("http://[2606:4700:0::FF]:80/", "2606:4700::ff", 80, "/", "[2606:4700::ff]"),
        ("http://home_assistant:8123/api/webhook/x", "home_assistant", 8123, "/api/webhook/x", "home_assistant:8123"),
        ("https://xn--bcher-kva.example./", "xn--bcher-kva.example.", 443, "/", "xn--bcher-kva.example."),
        ("https://xn--fiqs8s/", "xn--fiqs8s", 443, "/", "xn--fiqs8s"),
    ],
)
def test_a_url_is_what_it_says(url: str, host: str, port: int, path: str, authority: str) -> None:
    target = check_url(url)
    assert (target.host, target.port, target.path, target.authority) == (host, port, path, authority)


def test_a_login_in_a_url_is_refused() -> None:
    with pytest.raises(InvalidTarget, match="must not contain a login"):
        check_url("http://user:pw@host.example/")


@given(st.text(max_size=40))
def test_any_text_is_a_target_or_refused_with_a_sentence(text: str) -> None:
    for check, start in ((check_url, "The URL "), (check_url, "The URL "), (check_mail_address, "The mailbox ")):
        url = text if check is check_mail_address else f"http://{text}"
        try:
            check(url)
        except InvalidTarget as error:
            assert str(error).startswith(start)  # noqa: PT017 - either way is right


@given(st.lists(st.sampled_from(["a", "xn--", "0", "-", ".", "_", "[", "]", ":", "@", "%", "127", "0x7f"]), max_size=8))
def test_what_is_accepted_is_accepted_again_in_its_own_words(parts: list[str]) -> None:
    try:
        target = parse_target("http://" + "".join(parts))
    except ValueError:
        return
    assert parse_target(f"{target.origin}{target.path}").host == target.host
    target.host.encode("ascii")


def test_a_mailbox_that_is_accepted_can_be_written_as_an_e_mail() -> None:
    chance = random.Random(7)  # the seed under which 139 of 60,000 raised before
    letters = "abu\u00fc?():.#%@-_'+&!{}|/\\"
    accepted = 0
    for _ in range(20_000):
        address = "".join(chance.choices(letters, k=chance.randint(1, 12))) + "@" + "".join(chance.choices("ab.-", k=5))
        try:
            check_mail_address(address)
        except InvalidTarget:
            continue
        accepted += 1
        check_mailbox(address)
    assert 100 < accepted < 20_000
    for address in (
        "(u?\u00fc):.#%@bbb-a",
        "a@b@c",
        "a b@c.example",
        "a@-b.example",
        "a@b..c",
        '"a"@b.example',
        ".a@b.c",
    ):
        with pytest.raises(InvalidTarget):
            check_mail_address(address)
    assert check_mail_address("li.wei+farm@example.org") == "li.wei+farm@example.org"
