"""Scripts of other origins read what the organisation of their key allowed, and HEAD is answered wherever GET is."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api.http.addresses import Addresses
from api.http.router import DeferredRoute
from headland.errors import SettingsError
from headland.registry.models.models import Scope
from station.cli.options import addresses
from tests.api.auth.test_middleware import with_ids
from tests.api.farm import NOW_MS, OWN, fill_farm
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve

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
