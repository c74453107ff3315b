"""Map sources over HTTP: who may name one, what is asked of its service, and what is handed on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.auth.rate_limiter import Rate
from api.ops import map_tiles
from headland.network.address_policy import AddressPolicy, parse_networks
from tests.api.farm import NOW_MS
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@dataclass
class Service:
    """A service of tiles on this machine: what it answers, and the paths and headers that it was asked with."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "image/png"})
    body: bytes = PNG
    asked: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    waits: threading.Event | None = None
    url: str = ""


@pytest.fixture
def service() -> Iterator[Service]:
    told = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            told.agents.append(self.headers["User-Agent"])
            if told.waits is not None:
                told.waits.wait(60)
            self.send_response(told.status)
            for name, value in {**told.headers, "Content-Length": str(len(told.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="test-tiles", daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    yield told
    if told.waits is not None:
        told.waits.set()
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def farm(folder: Path, policy: AddressPolicy) -> Iterator[httpx.Client]:
    registry, _, _ = fill_registry(folder)
    try:
        with serve(own_app(now_ms=lambda: NOW_MS, registry=registry, webhooks_to=policy)) as client:
            yield client
    finally:
        registry.close()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    with farm(tmp_path, parse_networks("127.0.0.0/8")) as client:
        yield client


def source(client: httpx.Client, url: str, **more: Any) -> httpx.Response:
    body = {"name": "Ours", "url": f"{url}/{{z}}/{{x}}/{{y}}.png", "attribution": "© us", **more}
    return client.post("/v1/map-sources", json=body)


def tile(client: httpx.Client, made: httpx.Response, place: str = "3/4/2") -> httpx.Response:
    assert made.status_code == 201, made.text
    return client.get(f"/v1/map-sources/{made.json()['id']}/tiles/{place}")


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_a_tile_is_asked_once_and_kept_as_long_as_its_service_says(client: httpx.Client, service: Service) -> None:
    made = source(client, service.url)
    service.headers["Cache-Control"] = "public, max-age=600"
    first, again = tile(client, made), tile(client, made)
    assert (first.status_code, first.content, first.headers["content-type"]) == (200, PNG, "image/png")
    assert again.content == PNG
    assert service.asked == ["/3/4/2.png"]
    assert service.agents[0].startswith("headland")
    assert first.headers["cache-control"].startswith("private, max-age=59")
    service.headers["Cache-Control"] = "no-store"
    assert tile(client, made, "3/4/3").headers["cache-control"] == "no-store"
    tile(client, made, "3/4/3")
    assert service.asked[1:] == ["/3/4/3.png", "/3/4/3.png"]


def test_a_key_is_sent_to_its_service_and_shown_to_nobody(client: httpx.Client, service: Service) -> None:
    body = {
        "name": "Keyed",
        "url": f"{service.url}/{{z}}/{{x}}/{{-y}}?tk={{key}}",
        "attribution": "©",
        "key": "s3cret/1",
    }
    made = client.post("/v1/map-sources", json=body)
    tile(client, made)
    assert service.asked == ["/3/4/5?tk=s3cret%2F1"]
    service.body = b"no"
    refused = tile(client, made, "1/0/0")
    assert kind(refused) == (502, "no-map-picture")
    path = f"/v1/map-sources/{made.json()['id']}"
    renamed = client.put(path, json={**made.json(), "name": "Renamed"})
    service.body = PNG
    assert client.get(f"{path}/tiles/2/0/0").status_code == 200
    assert service.asked[-1] == "/2/0/3?tk=s3cret%2F1"
    said = [made.text, refused.text, renamed.text, client.get(path).text, client.get("/v1/audit").text]
    assert renamed.json()["key"] == "***"
    assert not any("s3cret" in text for text in said)
    moved = {**renamed.json(), "url": body["url"].replace("127.0.0.1", "localhost")}
    assert "key again" in client.put(path, json=moved).json()["detail"]


@pytest.mark.parametrize(
    ("status", "content_type", "body", "told"),
    [
        (200, "text/html", b"<script>", (502, "no-map-picture")),
        (200, "image/svg+xml", b"<svg/>", (502, "no-map-picture")),
        (200, "image/png", b"<script>", (502, "no-map-picture")),
        (200, "image/png", PNG + bytes(2_000_000), (502, "map-service-silent")),
        (404, "text/html", b"", (404, "no-map-tile")),
        (403, "text/html", b"", (502, "map-service-refuses")),
        (302, "text/html", b"", (502, "map-service-silent")),
        (500, "text/html", b"", (502, "map-service-silent")),
    ],
)
def test_what_is_no_small_picture_is_not_handed_on(
    client: httpx.Client, service: Service, status: int, content_type: str, body: bytes, told: tuple[int, str]
) -> None:
    service.status, service.body = status, body
    service.headers = {"Content-Type": content_type, "Location": "http://169.254.169.254/"}
    assert kind(tile(client, source(client, service.url))) == told


def test_a_service_that_never_answers_ends_at_its_deadline_and_is_left_alone_for_a_while(
    client: httpx.Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_tiles, "_WITHIN_S", 0.3)
    service.waits = threading.Event()
    made = source(client, service.url)
    assert kind(tile(client, made)) == (502, "map-service-silent")
    assert kind(tile(client, made, "3/1/1")) == (502, "map-service-silent")
    assert service.asked == ["/3/4/2.png"]


def test_each_client_has_a_quota_of_tiles(tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_tiles, "_FETCHES", Rate(2, 1e-6))
    with farm(tmp_path, parse_networks("127.0.0.0/8")) as client:
        made = source(client, service.url)
        told = [tile(client, made, f"3/{x}/0").status_code for x in range(3)]
        assert told == [200, 200, 429]
        assert tile(client, made, "3/0/0").status_code == 200


def test_addresses_inside_of_the_network_are_refused_where_the_operator_does_not_permit_them(
    tmp_path: Path, service: Service
) -> None:
    with farm(tmp_path, AddressPolicy()) as client:
        assert kind(source(client, service.url))[1] == "inside-address"
        assert kind(source(client, "http://169.254.169.254"))[1] == "inside-address"
    assert service.asked == []


def test_a_source_of_a_permitted_network_is_not_asked_once_that_is_permitted_no_more(
    tmp_path: Path, service: Service
) -> None:
    registry, _, _ = fill_registry(tmp_path)
    inside, outside = parse_networks("127.0.0.0/8"), AddressPolicy()
    with serve(own_app(now_ms=lambda: NOW_MS, registry=registry, webhooks_to=inside)) as client:
        made = source(client, service.url)
        assert tile(client, made).status_code == 200
    for policy in (outside, None):
        with serve(own_app(now_ms=lambda: NOW_MS, registry=registry, webhooks_to=policy)) as client:
            assert kind(tile(client, made)) == (502, "map-service-silent")
    registry.close()
    assert service.asked == ["/3/4/2.png"]


@pytest.mark.parametrize(
    ("sent", "remedy"),
    [
        ({"url": "https://wprd01.is.autonavi.com/appmaptile?x={x}&y={y}&z={z}"}, "draws in GCJ-02"),
        ({"url": "https://tile.openstreetmap.org/{z}/{x}/{y}.png", "system": "gcj02"}, "draws in WGS84"),
        ({"url": "https://maponline0.bdimg.com/tile/?x={x}&y={y}&z={z}"}, "Baidu"),
        ({"url": "https://webrd.{s}utonavi.com/{z}/{x}/{y}", "subdomains": "ba"}, "draws in GCJ-02"),
        ({"url": "https://maps.example/{z}/{x}"}, "it needs z, x"),
        ({"url": "https://{x}.maps.example/{z}/{y}/{x}"}, "in its host"),
        ({"url": "https://maps.example/{z}/{x}/{y}?tk=abc"}, "its own field"),
        ({"url": "https://maps.example/{z}/{x}/{y}?tk={key}"}, "belong together"),
        ({"url": "https://t{s}.maps.example/{z}/{x}/{y}"}, "belong together"),
        ({"url": "file:///etc/{z}/{x}/{y}"}, "write https"),
        ({"min_zoom": 12, "max_zoom": 3}, "coarsest"),
    ],
)
def test_a_source_that_cannot_be_right_is_refused_with_the_remedy(
    client: httpx.Client, sent: dict[str, Any], remedy: str
) -> None:
    body = {"name": "Ours", "url": "https://maps.example/{z}/{x}/{y}", "attribution": "© us", **sent}
    for language in ("en", "zh-CN"):
        answer = client.post("/v1/map-sources", json=body, headers={"Accept-Language": language})
        assert answer.status_code in (400, 422), answer.text
        if language == "en":
            assert remedy in answer.json()["detail"]


def test_every_known_service_can_be_added_as_it_is_listed(client: httpx.Client) -> None:
    names = []
    for known in client.get("/v1/map-sources/catalog").json()["items"]:
        keys = ("url", "subdomains", "attribution", "system", "min_zoom", "max_zoom")
        sent = {**{key: known[key] for key in keys}, "name": f"{known['title']} 2"}
        if known["needs_key"]:
            assert client.post("/v1/map-sources", json=sent).status_code in (400, 422)
            sent["key"] = "abc"
        made = client.post("/v1/map-sources", json=sent)
        assert made.status_code == 201, made.text
        names.append((known["name"], made.json()["system"]))
    assert ("amap-streets", "gcj02") in names
    assert ("tianditu-img", "wgs84") in names


def test_an_unknown_source_or_tile_is_not_found(client: httpx.Client, service: Service) -> None:
    made = source(client, service.url, max_zoom=5, name="Five")
    assert kind(tile(client, made, "6/0/0")) == (404, "no-map-tile")
    assert kind(tile(client, made, "3/8/0")) == (404, "no-map-tile")
    assert client.get("/v1/map-sources/01ARZ3NDEKTSV4RRFFQ69G5FAV/tiles/0/0/0").status_code == 404
    assert service.asked == []
