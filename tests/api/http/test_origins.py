"""Scripts of other origins read what the organisation of their key allowed, and HEAD is answered wherever GET is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import httpx
import pytest

from api.http.addresses import Addresses
from api.http.router import DeferredRoute
from headland.errors import SettingsError
from headland.registry.models.models import Scope
from station.cli.options import addresses
from tests.api.auth.test_middleware import with_ids
from tests.api.farm import NOW_MS, OWN, fill_farm
from tests.api.live.streams import feed_of
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve
from tests.machine import find_program

APP, OTHER_APP, EVIL = "https://app.example", "https://other.example", "https://evil.example"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str, str]]:
    """A client without a key, a key of the station's organisation, and one of another."""
    registry, repositories, _ = fill_registry(tmp_path_factory.mktemp("origins"))
    other = registry.repositories(registry.add_organisation("other", "Other", "test").id, "test")
    allowed = addresses(OWN, None, None, [f"{APP}, other={OTHER_APP}"])
    app = own_app(fill_farm(), registry=registry, now_ms=lambda: NOW_MS, addresses=allowed)
    with serve(app, opened=False) as client:
        yield client, repositories.add_key("own", Scope.ADMIN)[1], other.add_key("other", Scope.READ)[1]
    registry.close()


def cors_of(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def test_an_answer_to_a_key_is_read_by_the_origins_of_its_organisation_alone(
    api: tuple[httpx.Client, str, str],
) -> None:
    client, own, other = api
    for key, origin, is_read in (
        (own, APP, True), (own, OTHER_APP, False), (own, EVIL, False), (own, "null", False),
        (own, f"{APP}.evil", False),
        (other, OTHER_APP, True), (other, APP, False), (other, f"{OTHER_APP}:8443", False), (other, EVIL, False),
    ):  # fmt: skip
        answer = client.get("/v1/farms", headers={"Authorization": f"Bearer {key}", "Origin": origin})
        assert answer.status_code == 200
        assert cors_of(answer).get("access-control-allow-origin") == (origin if is_read else None), (origin, is_read)
        assert "origin" in answer.headers["vary"].lower()
        assert "access-control-allow-credentials" not in answer.headers


def test_a_preflight_is_answered_for_allowed_origins_and_refused_for_others(
    api: tuple[httpx.Client, str, str],
) -> None:
    client, own, _other = api
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,idempotency-key"}
    answer = client.options("/v1/farms", headers={**asked, "Origin": APP})
    assert answer.status_code == 204
    told = cors_of(answer)
    assert told["access-control-allow-origin"] == APP
    assert {"authorization", "idempotency-key"} <= {
        name.strip().lower() for name in told["access-control-allow-headers"].split(",")
    }
    assert "POST" in told["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in told
    for origin in (EVIL, "null", "*", f"{APP}/"):
        refused = client.options("/v1/farms", headers={**asked, "Origin": origin})
        assert (refused.status_code, cors_of(refused)) == (401, {})
    # Without an allowed origin nothing is said of origins at all.
    plain = client.get("/v1/farms", headers={"Authorization": f"Bearer {own}"})
    assert cors_of(plain) == {}


@pytest.mark.parametrize("text", ["*", "null", "app.example", "https://app.example/path", "own=*", "https://a b"])
def test_what_is_no_origin_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(SettingsError, match=r"https://app\.example"):
        addresses(OWN, None, None, [text])


def test_head_is_answered_as_get_is_without_a_body(api: tuple[httpx.Client, str, str]) -> None:
    client, own, _other = api
    app = own_app(addresses=Addresses())
    headers = {"Authorization": f"Bearer {own}"}
    paths = {
        with_ids(route.path)
        for route in app.routes
        if isinstance(route, DeferredRoute)
        and "GET" in route.methods
        # What stores is not asked for its head.
        and not (route.open_query and "/samples/" in route.path)
    }
    assert len(paths) > 150
    for path in sorted(paths - {"/v1/live"}):
        get = client.get(path, headers=headers, follow_redirects=False)
        head = client.head(path, headers=headers, follow_redirects=False)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert head.headers.get("content-type") == get.headers.get("content-type"), path
        assert head.headers.get("etag") == get.headers.get("etag"), path


def test_the_head_of_an_answer_without_an_end_is_an_answer(api: tuple[httpx.Client, str, str]) -> None:
    client, own, _other = api
    head = client.head("/v1/live", headers={"Authorization": f"Bearer {own}"}, timeout=120)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")
    assert client.get("/v1/farms", headers={"Authorization": f"Bearer {own}"}).status_code == 200


#: What an app of another origin does: reads, listens to the live stream, and writes the same twice under one key.
APP_SCRIPT: Final = """
async ([base, key]) => {
  const told = { authorization: `Bearer ${key}` };
  const farms = await fetch(`${base}/v1/farms`, { headers: told });
  const stream = await fetch(`${base}/v1/live`, { headers: { ...told, accept: 'text/event-stream' } });
  const reader = stream.body.getReader();
  const heard = new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
  const post = () => fetch(`${base}/v1/farms`, {
    method: 'POST',
    headers: { ...told, 'content-type': 'application/json', 'idempotency-key': 'one-farm-of-the-app' },
    body: JSON.stringify({ name: 'Farm of the app' }),
  });
  const first = await post(), again = await post();
  return {
    read: (await farms.json()).items.length,
    limit: farms.headers.get('ratelimit'),
    heard,
    made: [first.status, (await first.json()).id],
    again: [again.status, (await again.json()).id, again.headers.get('idempotency-replayed')],
  };
}
"""
BLANK: Final = b"<!doctype html><title>An app</title>"


class _Page(BaseHTTPRequestHandler):
    """Serves an empty page: another origin, as each port is one."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(BLANK)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def pages() -> Iterator[tuple[str, str]]:
    """Two origins that serve a page each."""
    with ExitStack() as stack:
        origins = []
        for _ in range(2):
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _Page))
            thread = threading.Thread(target=server.serve_forever, name="test-page", daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            origins.append(f"http://127.0.0.1:{server.server_port}")
        yield origins[0], origins[1]


@pytest.mark.services("chromium")
@pytest.mark.long
def test_a_page_of_an_allowed_origin_reads_listens_and_writes_in_a_browser_and_another_does_not(
    tmp_path: Path, pages: tuple[str, str]
) -> None:
    from playwright.sync_api import Error, sync_playwright

    allowed, other = pages
    registry, repositories, _ = fill_registry(tmp_path)
    key = repositories.add_key("page", Scope.WRITE)[1]
    store, addressed = fill_farm(), addresses(OWN, None, None, [allowed])
    app = own_app(store, live=feed_of(), registry=registry, now_ms=lambda: NOW_MS, addresses=addressed)
    with serve(app, opened=False) as client, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_program("chromium"), args=["--no-sandbox", "--disable-gpu"], timeout=120_000
        )
        page = browser.new_page()
        page.set_default_timeout(120_000)
        base = str(client.base_url).rstrip("/")
        page.goto(allowed)
        did = page.evaluate(APP_SCRIPT, [base, key])
        assert did["read"] >= 1
        assert '"requests";r=' in did["limit"]
        assert did["heard"].startswith("event: hello")
        assert did["made"][0] == 201
        assert did["again"] == [201, did["made"][1], "true"]
        page.goto(other)
        for script in (
            APP_SCRIPT,
            "([base, key]) => fetch(`${base}/v1/live`, { headers: { authorization: `Bearer ${key}` } })",
            "([base]) => fetch(`${base}/healthz`)",
        ):
            with pytest.raises(Error, match="Failed to fetch"):
                page.evaluate(script, [base, key])
        browser.close()
        names = [
            farm["name"] for farm in client.get("/v1/farms", headers={"Authorization": f"Bearer {key}"}).json()["items"]
        ]
        assert names.count("Farm of the app") == 1
    registry.close()
