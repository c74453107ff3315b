"""Strangers have places and threads of their own, and answers of a release that are made once."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from api.auth.permissions import RequiredScope, required_scope
from api.http.router import DeferredRoute
from api.routes.traceability import public
from api.routes.traceability.finished import FinishedAnswers
from headland.analysis.inputs.result_cache import ResultCache
from headland.registry.registry import open_registry
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, OWN
from tests.api.registry_api import RegistryApi
from tests.api.server import own_app, serve
from tests.api.spread_field import serve_spread_field
from tests.api.traceability.test_public import harvest
from tests.waiting import wait_until

PAGES = ("", "/events.json", "/passport.json", "/overlay", "/card.svg", "/card.pdf", "/picture.png")
WRITERS = (
    "write_page", "make_document", "issue_passport", "write_overlay", "draw_card", "print_card", "draw_picture"
)  # fmt: skip
#: More than a process has threads for requests.
MANY = 60


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[RegistryApi]:
    with serve_spread_field(tmp_path, MemoryStore()) as served:
        yield served


def release(farm_api: RegistryApi, code: str) -> tuple[str, str]:
    """Return the id of a new lot, and the path of its page."""
    lot = harvest(farm_api, code)["id"]
    made = farm_api.client.post(f"/v1/lots/{lot}/release", json={"issuer": "Red Star", "message": "First."})
    assert made.status_code == 201, made.text
    return lot, made.json()["path"]


def stranger_of(farm_api: RegistryApi) -> httpx.Client:
    return httpx.Client(base_url=farm_api.client.base_url, timeout=120, limits=httpx.Limits(max_connections=MANY + 5))


def counted(write: Callable[..., Any], made: list[str]) -> Callable[..., Any]:
    def write_and_count(*given: Any, **named: Any) -> Any:
        made.append(write.__name__)
        return write(*given, **named)

    return write_and_count


def test_the_bytes_of_a_release_are_made_once(farm: RegistryApi, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    for name in WRITERS:
        monkeypatch.setattr(public, name, counted(getattr(public, name), made))
    lot, path = release(farm, "20260901-A1")
    with stranger_of(farm) as stranger:
        first = [stranger.get(f"{path}{page}").content for page in PAGES]
        assert sorted(made) == sorted(set(made))
        assert len(made) == len(PAGES)
        assert [stranger.get(f"{path}{page}").content for page in PAGES] == first
        assert len(made) == len(PAGES)
        # Whatever the page rests on has changed: all are made again.
        assert farm.client.post(f"/v1/lots/{lot}/release", json={"issuer": "Blue Star"}).status_code == 201
        assert "Blue Star" in stranger.get(path).text
        assert len(made) == len(PAGES) + 1


def test_a_change_by_another_process_is_on_the_next_answer(farm: RegistryApi, tmp_path: Path) -> None:
    lot, path = release(farm, "20260901-A2")
    other = open_registry(f"sqlite:///{tmp_path}/registry.sqlite", lambda: NOW_MS)
    repositories = other.repositories(other.organisation(OWN).id, "other process")
    with stranger_of(farm) as stranger:
        for page in PAGES * 2:
            assert stranger.get(f"{path}{page}").status_code == 200
        repositories.releases.withdraw(lot)
        missing = stranger.get("/p/" + "A" * 22)
        for page in PAGES:
            answer = stranger.get(f"{path}{page}")
            assert (answer.status_code, answer.content) == (404, missing.content), page
    other.close()


def test_strangers_who_ask_for_much_take_no_thread_of_a_key(farm: RegistryApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that never ends fills the places of strangers: keys go on, and so do those who sign in."""
    _lot, path = release(farm, "20260901-A3")
    let_go = threading.Event()
    running: list[int] = []

    def print_for_ever(*_: Any) -> bytes:
        running.append(1)
        let_go.wait()
        return b"%PDF"

    monkeypatch.setattr(public, "print_card", print_for_ever)
    with stranger_of(farm) as stranger, ThreadPoolExecutor(MANY) as threads:
        asked = [threads.submit(stranger.get, f"{path}/card.pdf?size=a{5 + number % 2}") for number in range(MANY)]
        try:
            wait_until(lambda: bool(running))
            wait_until(lambda: any(each.done() for each in asked))
            assert farm.client.get("/v1/people", timeout=30).status_code == 200
            assert stranger.post("/v1/session", json={"key": "hl_no"}, timeout=30).status_code == 401
            refused = next(each.result() for each in asked if each.done())
            assert refused.status_code == 429
            assert int(refused.headers["retry-after"]) > 0
            assert len(running) <= 4
        finally:
            let_go.set()
        assert {each.result().status_code for each in asked} <= {200, 429}


def test_every_route_that_is_open_to_changes_or_shows_a_lot_runs_at_the_edge() -> None:
    app = own_app()
    found = []
    for route in app.routes:
        if isinstance(route, DeferredRoute):
            for method in route.methods:
                is_open = required_scope(method, route.path) is RequiredScope.NOTHING
                if is_open and (method != "GET" or route.path.startswith(("/p/", "/01/"))) and method != "HEAD":
                    found.append(route.path)
                    assert inspect.iscoroutinefunction(route.endpoint), (method, route.path)
    assert len(found) > 12


def test_wrong_tokens_are_looked_up_together_and_a_valid_one_among_them_is_answered(
    farm: RegistryApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are guessed from its address, and though no process has seen the token before."""
    _lot, path = release(farm, "20260901-A4")
    find, asked, let_go = farm.registry.organisations_of, list[int](), threading.Event()

    def look(_: object, tokens: Collection[str]) -> dict[str, str]:
        asked.append(len(tokens))
        let_go.wait()
        return find(tokens)

    monkeypatch.setattr(type(farm.registry), "organisations_of", look)
    app = own_app(registry=farm.registry)
    with serve(app, opened=False) as http, ThreadPoolExecutor(MANY + 1) as threads:
        base = str(http.base_url)
        guesses = [threads.submit(httpx.get, f"{base}/p/{number:022}", timeout=120) for number in range(MANY)]
        customer = threads.submit(httpx.get, f"{base}{path}", timeout=120)
        waiting = app.state.finished_answers._asked
        try:
            wait_until(lambda: bool(asked) and asked[0] + len(waiting) == MANY + 1)
        finally:
            let_go.set()
        assert customer.result().status_code == 200
        assert {each.result().status_code for each in guesses} == {404, 429}
        assert (len(asked), sum(asked)) == (2, MANY + 1)


def test_a_change_is_seen_by_whoever_asks_after_it_and_many_ask_once() -> None:
    now, reads = [0], [0]

    def mark(_: str) -> tuple[int]:
        reads[0] += 1
        return (now[0],)

    async def walk() -> None:
        answers = FinishedAnswers(ResultCache(), mark, lambda _: {})
        for number in range(50):
            now[0] = number
            text = str(number).encode()
            before = [asyncio.create_task(answers.find("token", "organisation", "view")) for _ in range(20)]
            await asyncio.sleep(0)
            answers.make("token", "organisation", "view", partial(Response, text))
            now[0] = number  # what was made is of this state
            found = await asyncio.gather(*(answers.find("token", "organisation", "view") for _ in range(20)))
            assert {each.body for each in found if each is not None} == {text}
            now[0] = number + 1000
            assert await answers.find("token", "organisation", "view") is None
            await asyncio.gather(*before)

    asyncio.run(walk())
    assert reads[0] < 50 * 5
