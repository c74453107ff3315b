"""Routes that are analysed at their first request."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fastapi import Depends, FastAPI, HTTPException, Request
from starlette.routing import Match, Route

from api.http.problems import install_problems
from api.http.router import DeferredRoute, Router
from tests.api.server import serve

PATHS = ("/", "/v1/things", "/v1/things/", "/v1/things/7", "/v1/things/x", "/v1/things/7/parts", "/v1/files/a/b", "/v1")


def table() -> Router:
    """Return a router with one route of each kind."""
    inner, router = Router(), Router(prefix="/v1", tags=["things"], responses={404: {"description": "None."}})

    @inner.get("/files/{name:path}")
    def get_file(name: str) -> dict[str, str]:
        """Return a file."""
        return {"name": name}

    router.include(inner)

    @router.get_and_head("/things/{thing:int}", name="get_thing", responses={410: {"description": "Gone."}})
    def get_one(thing: int, more: int = 1) -> dict[str, int]:
        """Return a thing."""
        return {"thing": thing + more}

    @router.post("/things", status_code=201)
    async def add(request: Request) -> dict[str, int]:
        """Add a thing."""
        return {"bytes": len(await request.body())}

    router.put("/things/{thing:int}")(get_one)
    router.delete("/things/{thing:int}")(get_one)
    return router


@pytest.fixture
def api() -> Iterator[tuple[list[DeferredRoute], httpx.Client]]:
    """The routes, and a client of a server that has them; each request must name who asks."""

    def check(request: Request) -> None:
        assert request.scope["route"].path.startswith("/v1"), request.headers["x-who"]

    routes = list(table().routes((Depends(check),)))
    with serve(FastAPI(routes=[*routes]), opened=False) as client:
        yield routes, client


def test_a_route_is_analysed_at_its_first_request_and_no_other_with_it(
    api: tuple[list[DeferredRoute], httpx.Client],
) -> None:
    routes, client = api
    assert not [route.path for route in routes if "analysed" in vars(route)]
    assert client.get("/v1/things/7", params={"more": 3}).json() == {"thing": 10}
    assert [route.path for route in routes if "analysed" in vars(route)] == ["/v1/things/{thing:int}"]
    assert client.get("/v1/files/a/b").json() == {"name": "a/b"}
    assert client.head("/v1/things/7").status_code == 200
    assert client.get("/v1/things/7", params={"more": "many"}).status_code == 422
    added = client.post("/v1/things", content=b"12345")
    assert (added.status_code, added.json()) == (201, {"bytes": 5})
    assert client.patch("/v1/things/7").status_code == 405
    assert client.get("/v1/things/x").status_code == 404


def test_the_document_has_what_a_route_and_its_router_say() -> None:
    of_one = next(route.analysed for route in table().routes() if "GET" in route.methods and "things" in route.path)
    assert (of_one.name, of_one.unique_id, of_one.tags, set(of_one.responses)) == (
        "get_thing",
        "get_thing",
        ["things"],
        {400, 404, 410},
    )


def test_a_route_matches_the_requests_that_starlette_finds_for_it() -> None:
    for route in table().routes():
        theirs = Route(route.path, route.endpoint, methods=sorted(route.methods))
        for path in PATHS:
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"):
                scope = {"type": "http", "path": path, "method": method, "path_params": {"before": 1}}
                (match, found), (expected, of_theirs) = route.matches(scope), theirs.matches(scope)
                assert match is expected, (route.path, path, method)
                assert found.get("path_params") == of_theirs.get("path_params")
        assert route.matches({"type": "websocket", "path": "/v1/things"})[0] is Match.NONE


def test_a_parameter_that_a_route_does_not_have_is_refused_with_those_it_has() -> None:
    def check(request: Request) -> None:
        if "x-who" not in request.headers:
            raise HTTPException(401)

    app = FastAPI(routes=[*table().routes((Depends(check),))])
    install_problems(app, lambda _request: None)
    with serve(app, opened=False) as client:
        asked = {"X-Who": "me"}
        assert client.get("/v1/things/7?more=2", headers=asked).json() == {"thing": 9}
        for path, told in (
            ("/v1/things/7?format=pdf", "Use one of more instead of 'format'."),
            ("/v1/things/7?more=2&More=3", "Use one of more instead of 'More'."),
            ("/v1/files/a?x=", "Leave 'x' out: this address takes no parameters."),
        ):
            answer = client.get(path, headers=asked)
            assert (answer.status_code, answer.json()["detail"]) == (400, told)
            # Who may not ask is told that, and no names of parameters.
            assert client.get(path).status_code == 401
