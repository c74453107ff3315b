"""No address that a stranger names is ever written, and nobody's wrong tokens bar a valid one."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api.auth.permissions import RequiredScope, required_scope
from api.http.addresses import Addresses, AddressMiddleware, customer_of
from api.http.router import DeferredRoute
from headland.network.public_url import parse_public_url, url_for_customers
from headland.store.memory import MemoryStore
from tests.api.registry_api import RegistryApi
from tests.api.server import own_app, serve
from tests.api.spread_field import declaration, serve_spread_field
from tests.api.traceability.test_public import GTIN, harvest
from tests.examples import examples
from tests.reports.test_certificate import content_of, read_code

FORGED: tuple[dict[str, str], ...] = (
    {"Host": "evil.example"},
    {"Host": "evil.example:8443", "X-Forwarded-Proto": "https"},
    {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"},
    {"Forwarded": "for=203.0.113.9;host=evil.example;proto=https", "X-Forwarded-Port": "81", "X-Real-IP": "1.2.3.4"},
    {"Host": "localhost"},
)
PUBLIC_URL = "https://farm.example"


def release(farm_api: RegistryApi) -> dict[str, Any]:
    assert farm_api.client.post("/v1/passes", json=declaration(farm_api)).status_code == 201
    lot = harvest(farm_api, "20260901-A1")
    made = farm_api.client.post(f"/v1/lots/{lot['id']}/release", json={"issuer": "Red Star", "gtin": GTIN})
    assert made.status_code == 201, made.text
    return {**made.json(), "lot": lot}


@pytest.fixture(scope="module", params=[None, PUBLIC_URL])
def farm(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, RegistryApi, dict[str, Any]]]:
    """A station, by the URL that others reach it by, with a released lot."""
    addresses = Addresses(request.param)
    with serve_spread_field(tmp_path_factory.mktemp("addresses"), MemoryStore(), addresses=addresses) as served:
        yield request.param or str(served.client.base_url).rstrip("/"), served, release(served)


@pytest.fixture
def stranger(farm: tuple[str, RegistryApi, dict[str, Any]]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=farm[1].client.base_url, timeout=120) as client:
        yield client


def public_paths(released: dict[str, Any]) -> list[str]:
    """Return an address of each route that is open to everybody, with and without a slash at its end."""
    app = own_app()
    values = {"token": released["token"], "gtin": f"0{GTIN}", "batch": "20260901-A1", "name": "index.html"}
    paths = []
    for route in app.routes:
        if (
            isinstance(route, DeferredRoute)
            and "GET" in route.methods
            and required_scope("GET", route.path) is RequiredScope.NOTHING
        ):
            path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: values[found[1]], route.path)
            paths += [path, f"{path}/", f"{path}?t={released['token']}&linkType=linkset&lang=zh"]
    assert len(paths) > 3 * 12
    return [*paths, released["link_path"], f"{released['link_path']}&linkType=gs1:dpp", f"{released['path']}x"]


def whole(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    of_the_moment = {"date", "ratelimit", "ratelimit-policy"}  # a kept page takes no turn
    headers = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in of_the_moment]
    return answer.status_code, headers, answer.content


def test_a_forged_address_changes_no_byte_of_any_public_answer(
    farm: tuple[str, RegistryApi, dict[str, Any]], stranger: httpx.Client
) -> None:
    answered = set()
    for path in public_paths(farm[2]):
        own = whole(stranger.get(path, headers={"Accept-Language": "zh"}))
        answered.add(own[0])
        for forged in FORGED:
            assert whole(stranger.get(path, headers={"Accept-Language": "zh", **forged})) == own, (path, forged)
    assert answered >= {200, 307, 404}
    for path, body in (("/v1/session", {"key": "hl_no"}), ("/v1/enrolments", {"code_id": "x"})):
        own = whole(stranger.post(path, json=body))
        for forged in FORGED:
            assert whole(stranger.post(path, json=body, headers=forged)) == own, (path, forged)


def test_every_link_code_and_passport_begins_with_the_station_s_own_url(
    farm: tuple[str, RegistryApi, dict[str, Any]], stranger: httpx.Client
) -> None:
    url, _served, released = farm
    path = released["path"]
    page = stranger.get(path, headers=FORGED[1]).text
    assert re.findall(r'<meta property="og:image" content="([^"]+)">', page) == [f"{url}{path}/picture.png"]
    card = stranger.get(f"{path}/card.pdf", headers=FORGED[1]).content
    assert read_code(content_of(card)) == f"{url}{released['link_path']}"
    token = stranger.get(f"{path}/passport.json", headers=FORGED[1]).json()["id"].split(",", 1)[1]
    passport = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert passport["id"] == f"{url}{path}/passport.json" or passport["id"].startswith(f"{url}{path}")
    assert "evil" not in json.dumps(passport)
    links = stranger.get(f"{released['link_path']}&linkType=all", headers=FORGED[1]).json()["linkset"][0]
    assert links["https://gs1.org/voc/dpp"][0]["href"] == f"{url}{path}/passport.json"
    # Without a stated URL the reader stays where it is: behind a proxy the own address would lead nowhere.
    to = stranger.get(released["link_path"], headers=FORGED[1]).headers["location"]
    assert to == (f"{url}{path}" if url == PUBLIC_URL else path)


def test_the_public_url_stands_on_labels_and_in_the_links_of_keys(
    farm: tuple[str, RegistryApi, dict[str, Any]],
) -> None:
    url, served, _released = farm
    asked = {"Host": "asked.example", "X-Forwarded-Proto": "https"}
    root = served.client.get("/sta/v1.1", headers=asked).json()
    begins = url if url == PUBLIC_URL else "https://asked.example"
    assert {entry["url"].partition("/sta/")[0] for entry in root["value"]} == {begins}
    assert all(link["href"].startswith(begins) for link in served.client.get("/ogc", headers=asked).json()["links"])


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://farm.example", "https://farm.example"),
        ("http://FARM.example:80/", "http://farm.example"),
        ("https://farm.example:8443", "https://farm.example:8443"),
        ("https://农场.example", "https://xn--j7qu0l.example"),
        ("http://[2001:db8::1]:8000", "http://[2001:db8::1]:8000"),
    ],
)
def test_a_public_url_is_a_scheme_a_host_and_a_port(text: str, url: str) -> None:
    assert parse_public_url(text) == url


@pytest.mark.parametrize(
    "text",
    ["", "farm.example", "ftp://farm.example", "https://", "https://farm.example/path", "https://a:b@farm.example",
     "https://farm.example?x", "https://farm.example#x", "https://farm.example:99999", "https://evil example",
     "https://a..b", "javascript://farm.example", "https://farm.example\r\nX: y"],
)  # fmt: skip
def test_anything_else_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"https://farm\.example"):
        parse_public_url(text)


def client_of(peer: str, forwarded: list[str], proxies: tuple[str, ...]) -> str:
    """Return the address that limits know a client by."""
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(customer_of(Request(scope)))

    async def ask() -> None:
        headers = [(b"host", b"farm"), *((b"x-forwarded-for", each.encode("latin-1")) for each in forwarded)]
        scope = {"type": "http", "headers": headers, "scheme": "http", "client": (peer, 1), "server": ("10.0.0.1", 80)}
        middleware = AddressMiddleware(app, Addresses(proxies=tuple(map(ip_network, proxies))))
        await middleware(scope, None, None)  # type: ignore[arg-type]

    anyio.run(ask)
    return seen[0]


@given(st.lists(st.text(max_size=40).filter(lambda text: text.isascii()), max_size=3))
@settings(max_examples=examples(100))
def test_nobody_but_a_trusted_proxy_names_a_client(forwarded: list[str]) -> None:
    assert client_of("203.0.113.9", forwarded, ()) == "203.0.113.9"
    assert client_of("203.0.113.9", forwarded, ("10.0.0.0/8",)) == "203.0.113.9"
    # What the client wrote is before what the proxy added.
    assert client_of("10.0.0.7", [*forwarded, "198.51.100.3"], ("10.0.0.0/8",)) == "198.51.100.3"
    assert client_of("::ffff:10.0.0.7", [*forwarded, "198.51.100.3"], ("10.0.0.0/8",)) == "198.51.100.3"


def test_proxies_behind_one_another_are_walked_through_and_a_customer_s_ipv6_is_one() -> None:
    trusted = ("10.0.0.0/8", "2001:db8:1::/48")
    assert client_of("10.0.0.7", ["198.51.100.3, 10.0.0.9"], trusted) == "198.51.100.3"
    assert client_of("10.0.0.7", ["198.51.100.3", "unknown"], trusted) == "10.0.0.7"
    assert client_of("10.0.0.7", [], trusted) == "10.0.0.7"
    first, second = (client_of("10.0.0.7", [f"2001:db8:2:3::{each}"], trusted) for each in ("1", "ffff"))
    assert first == second
    assert ip_address(first) == ip_address("2001:db8:2:3::")


def test_a_valid_token_is_never_barred_by_the_misses_of_its_address(
    farm: tuple[str, RegistryApi, dict[str, Any]],
) -> None:
    """The limits of a real station: customers behind one proxy have one address, and an attacker has it, too."""
    _url, served, released = farm
    app = own_app(registry=served.registry)
    with serve(app, opened=False) as stranger:
        wrong = [stranger.get(f"/p/{'A' * 22}") for _ in range(60)]
        assert {answer.status_code for answer in wrong} == {404, 429}
        assert all(int(answer.headers["retry-after"]) > 0 for answer in wrong if answer.status_code == 429)
        assert [stranger.get(released["path"]).status_code for _ in range(100)] == [200] * 100


def test_a_session_says_by_which_url_customers_reach_the_station(
    farm: tuple[str, RegistryApi, dict[str, Any]],
) -> None:
    base, served, _ = farm
    answer = served.client.get("/v1/session", headers={"Host": "evil.example"}).json()
    assert answer["public_url"] == (base if base == PUBLIC_URL else None)


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        (None, None),
        ("http://127.0.0.1:8000", None),
        ("http://[::1]:8000", None),
        ("http://localhost", None),
        ("https://farm.example", "https://farm.example"),
        ("http://192.168.1.7:8000", "http://192.168.1.7:8000"),
    ],
)
def test_a_url_of_this_machine_alone_is_none_for_customers(stated: str | None, shown: str | None) -> None:
    assert url_for_customers(stated) == shown
