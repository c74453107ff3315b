"""Authentication and scopes of every route, through a real server on a real registry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from api.auth.middleware import COOKIE
from api.auth.permissions import RequiredScope, required_scope
from headland.registry.models.models import Scope
from headland.registry.registry import Registry, open_registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.runtime.readiness import Check
from headland.store.memory import MemoryStore
from station.server.posted_uplinks import read_uplink
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import NOW_MS, OWN, fill_farm
from tests.api.open_authenticator import OpenAuthenticator
from tests.api.server import own_app, serve

#: Routes without authentication: the page, the sign-in, and gateways that prove that they have a code or a key.
PUBLIC = {
    ("GET", "/"),
    ("GET", "/docs"),
    ("POST", "/v1/session"),
    ("DELETE", "/v1/session"),
    ("POST", "/v1/enrolments"),
    ("POST", "/v1/enrolments/renewal"),
}
LOOPBACK_PATHS = {"/healthz", "/readyz"}
FORWARDED = {"X-Forwarded-For": "203.0.113.9"}


class KeyedApi:
    """An API on a registry of its own, and a key of each scope."""

    def __init__(
        self, client: httpx.Client, registry: Registry, repositories: OrganisationRepositories, app: FastAPI
    ) -> None:
        self.client, self.registry, self.repositories, self.app = client, registry, repositories, app
        self.keys = {scope: repositories.add_key(scope.value, scope)[1] for scope in Scope}

    def ask(self, method: str, path: str, scope: Scope | None, **more: Any) -> httpx.Response:
        headers = {} if scope is None else {"Authorization": f"Bearer {self.keys[scope]}"}
        return self.client.request(method, path, headers={**headers, **more.pop("headers", {})}, **more)


@contextmanager
def serve_api(folder: Path, store: MemoryStore | None = None, **options: Any) -> Iterator[KeyedApi]:
    registry = open_registry(f"sqlite:///{folder}/registry.sqlite", lambda: NOW_MS)
    repositories = registry.repositories(registry.add_organisation(OWN, "Our farm", "test").id, "test")
    app = own_app(
        store or fill_farm(),
        readiness=lambda: [Check("ingest", True, "connected")],
        now_ms=lambda: NOW_MS,
        gateways=FakeIngest(),
        uplinks=read_uplink,
        registry=registry,
        **options,
    )
    try:
        with serve(app, opened=False) as client:
            yield KeyedApi(client, registry, repositories, app)
    finally:
        registry.close()


@pytest.fixture(scope="module")
def keyed_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyedApi]:
    with serve_api(tmp_path_factory.mktemp("house")) as keyed_api:
        yield keyed_api


@cache
def documented_routes() -> list[tuple[str, str]]:
    """Return every method and path of the document, with something in the place of each id."""
    app = own_app()
    return [(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods]


def with_ids(path: str) -> str:
    return "/".join("1" * 26 if part.startswith("{") else part for part in path.split("/"))


HIDDEN = [("GET", "/openapi.json"), ("GET", "/v1/store/jobs/1"), ("POST", "/v1/store/jobs"), ("GET", "/nowhere")]


def test_every_route_declares_its_required_scope() -> None:
    undeclared = [pair for pair in documented_routes() if required_scope(*pair) is None]
    assert undeclared == [], "name them in api/auth/permissions.py"
    for method, path in documented_routes():
        if required_scope(method, path) is RequiredScope.NOTHING:
            assert (method, path) in PUBLIC


def test_every_route_refuses_a_request_without_a_key(keyed_api: KeyedApi) -> None:
    for method, path in [*documented_routes(), *HIDDEN]:
        if (method, path) in PUBLIC:
            continue
        answer = keyed_api.client.request(method, with_ids(path), headers=FORWARDED)
        assert answer.status_code == (403 if path.startswith("/v1/store/jobs") else 401), (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_without_a_registry_and_without_an_authenticator_every_request_is_refused() -> None:
    app = own_app(fill_farm())
    with serve(app, opened=False) as client:
        assert client.get("/v1/devices", headers={"Authorization": "Bearer any"}).status_code == 401


def test_health_is_open_to_loopback_and_to_keys(keyed_api: KeyedApi) -> None:
    for path in LOOPBACK_PATHS:
        assert keyed_api.client.get(path).status_code == 200
        assert keyed_api.client.get(path, headers=FORWARDED).status_code == 401
        assert keyed_api.ask("GET", path, Scope.READ, headers=FORWARDED).status_code == 200
    assert keyed_api.client.get("/metrics").status_code == 401
    assert keyed_api.ask("GET", "/metrics", Scope.READ).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_read_key_changes_nothing(keyed_api: KeyedApi, method: str) -> None:
    for route_method, path in documented_routes():
        scope = required_scope(route_method, path)
        if route_method == method and scope not in (RequiredScope.NOTHING, RequiredScope.OPERATOR):
            answer = keyed_api.ask(method, with_ids(path), Scope.READ)
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:headland:problem:scope"), path
            assert "insufficient_scope" in answer.headers["www-authenticate"]


def test_admin_routes_refuse_a_write_key(keyed_api: KeyedApi) -> None:
    admin_routes = [pair for pair in documented_routes() if required_scope(*pair) is RequiredScope.ADMIN]
    assert ("DELETE", "/v1/quarantine/{message}") in admin_routes
    assert ("PUT", "/v1/devices/{device}/owner") in admin_routes
    assert ("DELETE", "/v1/devices/{device}/simulated") in admin_routes
    assert ("POST", "/v1/gateways/{gateway}/replace") in admin_routes
    assert ("POST", "/v1/gateways/{gateway}/delivery/accept") in admin_routes
    assert ("DELETE", "/v1/gateways/{gateway}/delivery/marks") in admin_routes
    assert ("POST", "/v1/ledger/witnesses") in admin_routes
    assert ("DELETE", "/v1/ledger/witnesses/{name}") in admin_routes
    assert ("POST", "/v1/ledger/witnessed/cosign") in admin_routes
    for method, path in admin_routes:
        assert keyed_api.ask(method, with_ids(path), Scope.WRITE).status_code == 403, path
    assert keyed_api.ask("DELETE", "/v1/quarantine/7", Scope.ADMIN).status_code == 204


def test_each_scope_includes_the_lower_scopes(keyed_api: KeyedApi) -> None:
    for scope in Scope:
        expected = 403 if scope is Scope.SAMPLES else 200  # it posts samples, and reads nothing
        assert keyed_api.ask("GET", "/v1/devices", scope).status_code == expected
    for scope in (Scope.WRITE, Scope.ADMIN):
        assert keyed_api.ask("POST", "/v1/farms", scope, json={"name": scope}).status_code == 201
    who = {entry.who for entry in keyed_api.repositories.audit_entries() if entry.kind == "farm"}
    assert who == {f"key:{keyed_api.keys[scope].partition('.')[0]}" for scope in (Scope.WRITE, Scope.ADMIN)}


@pytest.mark.parametrize("credentials", ["Bearer hl_1", "Bearer", "Basic aGw6eA==", "hl_", "Bearer " + "x" * 9000])
def test_an_invalid_key_is_refused(keyed_api: KeyedApi, credentials: str) -> None:
    assert keyed_api.client.get("/v1/devices", headers={"Authorization": credentials}).status_code == 401


def test_a_route_without_a_declared_scope_is_refused() -> None:
    router = APIRouter()

    @router.get("/v2/secrets")
    def get_secrets() -> dict[str, str]:
        return {"secret": "1"}

    app: FastAPI = own_app(authenticator=OpenAuthenticator(OWN))
    app.include_router(router)
    with serve(app) as client:
        answer = client.get("/v2/secrets")
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:headland:problem:undeclared")


def sign_in(keyed_api: KeyedApi, key: str | None = None, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{keyed_api.client.base_url}/v1/session",
        json={"key": key or keyed_api.keys[Scope.WRITE]},
        headers=headers,
        timeout=120,
    )


def test_a_key_signs_a_browser_in_until_it_signs_out(keyed_api: KeyedApi) -> None:
    session = sign_in(keyed_api)
    body = {"organisation": {"handle": OWN, "name": "Our farm"}, "scope": "write"}
    assert (session.status_code, {**session.json(), **body}) == (200, session.json())
    cookie = session.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert "Secure" not in cookie
    cookies = {COOKIE: session.cookies[COOKIE]}
    with httpx.Client(base_url=keyed_api.client.base_url, cookies=cookies, timeout=120) as browser:
        assert browser.get("/v1/session").json() == session.json()
        assert browser.get("/v1/devices").status_code == 200
        own_page, other_page = {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "cross-site"}
        old_page = {"Origin": str(keyed_api.client.base_url).rstrip("/")}
        for headers, status in (
            ({}, 403),
            (other_page, 403),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Origin": "http://evil.example"}, 403),
            (own_page, 201),
            (old_page, 201),
        ):
            name = json.dumps(headers)
            assert browser.post("/v1/farms", json={"name": name}, headers=headers).status_code == status, headers
        assert browser.delete("/v1/session", headers=other_page).status_code == 403
        ended = browser.delete("/v1/session", headers=own_page)
        assert ended.status_code == 204
        assert 'headland_session=""' in ended.headers["set-cookie"]
    # Its cookie may have been copied: it is over at the station, and not only in the browser.
    assert httpx.get(f"{keyed_api.client.base_url}/v1/session", cookies=cookies, timeout=120).status_code == 401


def test_a_sign_in_from_another_site_is_refused(keyed_api: KeyedApi) -> None:
    assert sign_in(keyed_api, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert sign_in(keyed_api, Origin="http://evil.example").status_code == 403


def test_behind_https_the_cookie_is_secure(keyed_api: KeyedApi) -> None:
    # The proxy of this machine says so; nobody else is believed.
    assert "Secure" in sign_in(keyed_api, **{"X-Forwarded-Proto": "https"}).headers["set-cookie"]


def test_a_session_ends_with_its_key(keyed_api: KeyedApi) -> None:
    record, key = keyed_api.repositories.add_key("for a while", Scope.READ)
    cookies = {COOKIE: sign_in(keyed_api, key).cookies[COOKIE]}
    keyed_api.repositories.keys.delete(record.id, record.version)
    assert httpx.get(f"{keyed_api.client.base_url}/v1/devices", cookies=cookies, timeout=120).status_code == 401
    assert sign_in(keyed_api, key).status_code == 401
