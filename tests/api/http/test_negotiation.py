"""Media types of requests and responses, checked before a route runs."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.api.farm import NOW_MS
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve

FARM = b'{"name": "Third farm", "longitude_deg": 119.0, "latitude_deg": 32.0}'


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    registry, _, _ = fill_registry(tmp_path_factory.mktemp("registry"))
    app = own_app(now_ms=lambda: NOW_MS, registry=registry)
    with serve(app) as client:
        yield client
    registry.close()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("application/json; charset=utf-8", 201),
        (None, 201),
    ],
)
def test_a_body_of_another_content_type_is_refused_with_the_accepted_types(
    client: httpx.Client, kind: str | None, status: int
) -> None:
    body = FARM.replace(b"Third", str(kind).encode())
    answer = client.post("/v1/farms", content=body, headers={} if kind is None else {"Content-Type": kind})
    assert answer.status_code == status, answer.text
    if status == 415:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Content-Type: application/json" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("text/html, */*;q=0.1", 200),
        ("application/*", 200),
        ("application/json", 200),
    ],
)
def test_a_response_that_exists_only_as_json_refuses_other_formats(
    client: httpx.Client, accept: str, status: int
) -> None:
    answer = client.get("/v1/farms", headers={"Accept": accept})
    assert answer.status_code == status
    assert ("application/json" in answer.json()["detail"]) if status == 406 else answer.json()["items"]
