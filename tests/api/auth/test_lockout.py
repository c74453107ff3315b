"""Nobody locks others out: by wrong keys, by signing out of sessions that are not theirs, by forged addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.auth.limits import Limits
from api.auth.middleware import COOKIE
from api.auth.rate_limiter import Rate
from headland.errors import RetryLater
from headland.registry.models.models import Scope
from headland.registry.registry import Access, Registry
from tests.api.auth.test_middleware import KeyedApi, serve_api

WRONG = {"Authorization": "Bearer hl_00000000." + "a" * 43}
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[KeyedApi]:
    with serve_api(tmp_path, limits=Limits(failures=Rate(5, 0.01))) as created:
        yield created


def wrong_keys(api: KeyedApi, count: int, **headers: str) -> list[int]:
    return [api.client.get("/v1/devices", headers={**WRONG, **headers}).status_code for _ in range(count)]


def test_wrong_keys_and_foreign_sign_outs_keep_no_valid_key_out(api: KeyedApi) -> None:
    assert wrong_keys(api, 8) == [401] * 5 + [429] * 3
    for number in range(20):
        foreign = {**OWN_PAGE, "Cookie": f"{COOKIE}=forged-{number}"}
        assert api.client.delete("/v1/session", headers=foreign).status_code in (204, 429)
        for scope in Scope:
            expected = 403 if scope is Scope.SAMPLES else 200  # known, and without the right: not taken for a wrong key
            assert api.ask("GET", "/v1/devices", scope).status_code == expected
    assert api.client.post("/v1/session", json={"key": api.keys[Scope.ADMIN]}).status_code == 200


def test_a_forged_address_neither_evades_the_limit_nor_uses_up_that_of_another(api: KeyedApi) -> None:
    forged = [
        api.client.get("/v1/devices", headers={**WRONG, "X-Forwarded-For": f"10.0.0.{number}"}).status_code
        for number in range(8)
    ]
    assert forged == [401] * 5 + [429] * 3


def test_signing_out_forgets_the_own_session_alone(api: KeyedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = []
    for _ in range(2):
        answer = api.client.post("/v1/session", json={"key": api.keys[Scope.READ]})
        sessions.append(f"{COOKIE}={answer.cookies[COOKIE]}")
    api.client.cookies.clear()
    for cookie in sessions:
        assert api.client.get("/v1/session", headers={"Cookie": cookie}).status_code == 200
    assert api.ask("GET", "/v1/devices", Scope.ADMIN).status_code == 200
    assert api.client.delete("/v1/session", headers={**OWN_PAGE, "Cookie": sessions[0]}).status_code == 204
    # While the registry is away, who is known stays known; who has signed out does not.
    monkeypatch.setattr("api.auth.sessions_cache.FRESH_S", 0.0)
    monkeypatch.setattr(Registry, "authenticate", _away)
    monkeypatch.setattr(Registry, "resume_session", _away)
    assert api.client.get("/v1/session", headers={"Cookie": sessions[1]}).status_code == 200
    assert api.ask("GET", "/v1/devices", Scope.ADMIN).status_code == 200
    assert api.client.get("/v1/session", headers={"Cookie": sessions[0]}).status_code == 503


def _away(*_: object) -> Access | None:
    raise RetryLater("The registry is away.")


def test_revoking_a_key_forgets_that_key_and_its_sessions_alone(api: KeyedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    made = api.ask("POST", "/v1/keys", Scope.ADMIN, json={"name": "app", "scope": "read"})
    key = {"Authorization": f"Bearer {made.json()['key']}"}
    signed_in = api.client.post("/v1/session", json={"key": made.json()["key"]})
    cookie = {"Cookie": f"{COOKIE}={signed_in.cookies[COOKIE]}"}
    api.client.cookies.clear()
    for headers in (key, cookie):
        assert api.client.get("/v1/devices", headers=headers).status_code == 200
    assert api.ask("GET", "/v1/devices", Scope.READ).status_code == 200
    assert api.ask("DELETE", made.headers["location"], Scope.ADMIN).status_code == 204
    for headers in (key, cookie):
        assert api.client.get("/v1/devices", headers=headers).status_code == 401
    monkeypatch.setattr("api.auth.sessions_cache.FRESH_S", 0.0)
    monkeypatch.setattr(Registry, "authenticate", _away)
    assert api.ask("GET", "/v1/devices", Scope.READ).status_code == 200


def test_the_scheme_of_links_and_cookies_is_that_of_the_proxy(api: KeyedApi) -> None:
    answer = api.client.post("/v1/session", json={"key": api.keys[Scope.READ]}, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["set-cookie"]
    root = api.ask("GET", "/sta/v1.1", Scope.READ, headers={"X-Forwarded-Proto": "https"}).json()
    assert all(each["url"].startswith("https://") for each in root["value"])
