"""A parameter that an address does not have is refused, at every route but those that say who appends some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.http.router import DeferredRoute
from tests.api.auth.test_middleware import with_ids
from tests.api.farm import NOW_MS, fill_farm
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve

#: Routes whose query is open, by how their paths begin: whoever adds one states why in its declaration.
OPEN = ("/v1/samples/ecowitt/", "/v1/samples/shelly/", "/p/{token}", "/01/", "/dashboard", "/help", "/docs")
OPEN_EXACTLY = frozenset(("/", "/third-party-notices", "/.well-known/security.txt"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, list[DeferredRoute]]]:
    registry, _, _ = fill_registry(tmp_path_factory.mktemp("unknown"))
    app = own_app(fill_farm(), registry=registry, now_ms=lambda: NOW_MS)
    # What no route of ours declares would ignore what it does not know.
    assert all(isinstance(route, DeferredRoute) for route in app.routes)
    with serve(app) as client:
        yield client, [route for route in app.routes if isinstance(route, DeferredRoute)]
    registry.close()


def test_an_unknown_parameter_is_refused_with_its_name_and_the_known_ones(
    served: tuple[httpx.Client, list[DeferredRoute]],
) -> None:
    client, routes = served
    asked = 0
    for route in routes:
        if route.open_query:
            continue
        for method in sorted(route.methods - {"HEAD"}):
            more: dict[str, Any] = {} if method == "GET" else {"json": {}}
            answer = client.request(method, with_ids(route.path), params={"zzz": "1"}, **more)
            told = answer.json()
            assert (answer.status_code, told["type"]) == (400, "urn:headland:problem:unknown-parameter"), route.path
            assert "'zzz'" in told["detail"], told
            known = route.query_names
            assert all(name in told["detail"] for name in known), (route.path, told)
            asked += 1
    assert asked > 400


def test_an_open_query_is_declared_with_its_reason_and_by_no_other_route(
    served: tuple[httpx.Client, list[DeferredRoute]],
) -> None:
    _, routes = served
    opened = {route.path: route.open_query for route in routes if route.open_query}
    assert len(opened) > 8
    assert {path for path in opened if not path.startswith(OPEN) and path not in OPEN_EXACTLY} == set()
    # The parts of a public page are asked for by programs.
    assert not {path for path in opened if path.startswith("/p/{token}/")}
    assert all(reason.endswith(".") and " " in reason for reason in opened.values())


def test_a_standard_s_own_parameters_are_known(served: tuple[httpx.Client, list[DeferredRoute]]) -> None:
    client, _ = served
    for path in (
        "/sta/v1.1/Things?$top=1&$count=true",
        "/ogc/collections?f=json",
        "/brapi/v2/studies?sortBy=studyName",
        "/brapi/v2/variables?ontologyDbId=1",
        "/brapi/v2/observations/table?observationLevel=plot&searchResultsDbId=1",
    ):
        assert client.get(path).status_code == 200, path
    for path in ("/sta/v1.1/Things?$search=x", "/sta/v1.1/Things?top=1", "/brapi/v2/studies?studyDbid=1"):
        assert client.get(path).status_code == 400, path


def test_the_document_names_the_station_that_serves_it(served: tuple[httpx.Client, list[DeferredRoute]]) -> None:
    client, _ = served
    document = client.get("/openapi.json")
    assert document.json()["servers"][0]["url"] == str(client.base_url).rstrip("/")
    assert document.headers["etag"] == client.head("/openapi.json").headers["etag"]
