"""Nothing is reached without a key, and nothing by a key that may not, through a real server on a real registry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from api.app import create_app
from api.auth.middleware import COOKIE
from api.auth.permissions import RequiredScope, required_scope
from api.ops.readiness import Check
from headland.registry.models.models import Scope
from headland.registry.registry import Registry, open_registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.memory import MemoryStore
from tests.api.doors import AlwaysOpen
from tests.api.farm import NOW_MS, OWN, fill_farm
from tests.api.paper_desk import PaperDesk
from tests.api.served import serve

#: What a stranger gets at: the page and the way in.
OPEN = {("GET", "/"), ("GET", "/docs"), ("POST", "/v1/session"), ("DELETE", "/v1/session")}
NEAR = {"/healthz", "/readyz"}
FAR = {"X-Forwarded-For": "203.0.113.9"}


class House:
    """An API on a registry of its own, and a key of each scope."""

    def __init__(self, client: httpx.Client, registry: Registry, repositories: OrganisationRepositories) -> None:
        self.client, self.registry, self.repositories = client, registry, repositories
        self.keys = {scope: repositories.add_key(scope.value, scope)[1] for scope in Scope}

    def ask(self, method: str, path: str, scope: Scope | None, **more: Any) -> httpx.Response:
        headers = {} if scope is None else {"Authorization": f"Bearer {self.keys[scope]}"}
        return self.client.request(method, path, headers={**headers, **more.pop("headers", {})}, **more)


@contextmanager
def house(folder: Path, store: MemoryStore | None = None, **options: Any) -> Iterator[House]:
    registry = open_registry(f"sqlite:///{folder}/registry.sqlite", lambda: NOW_MS)
    repositories = registry.repositories(registry.add_organisation(OWN, "Our farm", "test").id, "test")
    app = create_app(
        store or fill_farm(),
        organisation=OWN,
        readiness=lambda: [Check("ingest", True, "connected")],
        counters=dict,
        now_ms=lambda: NOW_MS,
        gateways=PaperDesk(),
        registry=registry,
        **options,
    )
    try:
        with serve(app, opened=False) as client:
            yield House(client, registry, repositories)
    finally:
        registry.close()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


def described() -> list[tuple[str, str]]:
    """Return every method and path of the document, with something in the place of each id."""
    app = create_app(MemoryStore(), organisation=OWN, readiness=list, counters=dict)
    return [(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods]


def filled(path: str) -> str:
    return "/".join("1" * 26 if part.startswith("{") else part for part in path.split("/"))


HIDDEN = [("GET", "/openapi.json"), ("GET", "/v1/store/jobs/1"), ("POST", "/v1/store/jobs"), ("GET", "/nowhere")]


def test_every_route_says_what_it_needs() -> None:
    undeclared = [pair for pair in described() if required_scope(*pair) is None]
    assert undeclared == [], "name them in api/auth/permissions.py"
    for method, path in described():
        if required_scope(method, path) is RequiredScope.NOTHING:
            assert (method, path) in OPEN


def test_a_stranger_is_let_in_nowhere(own: House) -> None:
    for method, path in [*described(), *HIDDEN]:
        if (method, path) in OPEN:
            continue
        answer = own.client.request(method, filled(path), headers=FAR)
        assert answer.status_code == (403 if path.startswith("/v1/store") else 401), (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_without_a_registry_and_without_a_gate_nobody_is_let_in() -> None:
    app = create_app(fill_farm(), organisation=OWN, readiness=list, counters=dict)
    with serve(app, opened=False) as client:
        assert client.get("/v1/devices", headers={"Authorization": "Bearer any"}).status_code == 401


def test_health_is_for_this_machine_itself_and_for_keys(own: House) -> None:
    for path in NEAR:
        assert own.client.get(path).status_code == 200
        assert own.client.get(path, headers=FAR).status_code == 401
        assert own.ask("GET", path, Scope.READ, headers=FAR).status_code == 200
    assert own.client.get("/metrics").status_code == 401
    assert own.ask("GET", "/metrics", Scope.READ).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_key_that_reads_changes_nothing(own: House, method: str) -> None:
    for told, path in described():
        need = required_scope(told, path)
        if told == method and need not in (RequiredScope.NOTHING, RequiredScope.OPERATOR):
            answer = own.ask(method, filled(path), Scope.READ)
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:headland:problem:scope"), path
            assert "insufficient_scope" in answer.headers["www-authenticate"]


def test_what_is_for_administrators_is_for_nobody_else(own: House) -> None:
    asked = [pair for pair in described() if required_scope(*pair) is RequiredScope.ADMIN]
    assert ("DELETE", "/v1/quarantine/{message}") in asked
    for method, path in asked:
        assert own.ask(method, filled(path), Scope.WRITE).status_code == 403, path
    assert own.ask("DELETE", "/v1/quarantine/7", Scope.ADMIN).status_code == 204


def test_each_scope_does_what_those_before_it_do(own: House) -> None:
    for scope in Scope:
        assert own.ask("GET", "/v1/devices", scope).status_code == 200
    for scope in (Scope.WRITE, Scope.ADMIN):
        assert own.ask("POST", "/v1/farms", scope, json={"name": scope}).status_code == 201
    who = {entry.who for entry in own.repositories.audit_entries() if entry.kind == "farm"}
    assert who == {f"key:{own.keys[scope].partition('.')[0]}" for scope in (Scope.WRITE, Scope.ADMIN)}


@pytest.mark.parametrize("shown", ["Bearer hl_1", "Bearer", "Basic aGw6eA==", "hl_", "Bearer " + "x" * 9000])
def test_what_is_no_key_opens_nothing(own: House, shown: str) -> None:
    assert own.client.get("/v1/devices", headers={"Authorization": shown}).status_code == 401


def test_a_route_that_nobody_declared_is_reached_by_nobody() -> None:
    router = APIRouter()

    @router.get("/v2/secrets")
    def get_secrets() -> dict[str, str]:
        return {"secret": "1"}

    app: FastAPI = create_app(
        MemoryStore(), organisation=OWN, readiness=list, counters=dict, authenticator=AlwaysOpen(OWN)
    )
    app.include_router(router)
    with serve(app) as client:
        answer = client.get("/v2/secrets")
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:headland:problem:undeclared")


def sign_in(own: House, key: str | None = None, **headers: str) -> httpx.Response:
    return httpx.post(f"{own.client.base_url}/v1/session", json={"key": key or own.keys[Scope.WRITE]}, headers=headers)


def test_a_key_signs_a_browser_in_until_it_signs_out(own: House) -> None:
    begun = sign_in(own)
    body = {"organisation": {"handle": OWN, "name": "Our farm"}, "scope": "write"}
    assert (begun.status_code, {**begun.json(), **body}) == (200, begun.json())
    told = begun.headers["set-cookie"]
    assert all(word in told for word in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert "Secure" not in told
    cookies = {COOKIE: begun.cookies[COOKIE]}
    with httpx.Client(base_url=own.client.base_url, cookies=cookies) as browser:
        assert browser.get("/v1/session").json() == begun.json()
        assert browser.get("/v1/devices").status_code == 200
        own_page, other_page = {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "cross-site"}
        old_page = {"Origin": str(own.client.base_url).rstrip("/")}
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
    assert httpx.get(f"{own.client.base_url}/v1/session", cookies=cookies).status_code == 401


def test_another_sites_page_signs_nobody_in(own: House) -> None:
    assert sign_in(own, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert sign_in(own, Origin="http://evil.example").status_code == 403


def test_behind_https_the_cookie_is_for_https_alone(own: House) -> None:
    # The proxy of this machine says so; nobody else is believed.
    assert "Secure" in sign_in(own, **{"X-Forwarded-Proto": "https"}).headers["set-cookie"]


def test_a_session_ends_with_its_key(own: House) -> None:
    record, key = own.repositories.add_key("for a while", Scope.READ)
    cookies = {COOKIE: sign_in(own, key).cookies[COOKIE]}
    own.repositories.keys.delete(record.id, record.version)
    assert httpx.get(f"{own.client.base_url}/v1/devices", cookies=cookies).status_code == 401
    assert sign_in(own, key).status_code == 401
