"""Places are for work: who takes an answer slowly holds none of its organisation."""

from __future__ import annotations

import asyncio
import random
import socket
from contextlib import ExitStack
from itertools import repeat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import Message

from api.auth.limits import Limits
from api.auth.shares import Place, RequestShare, Shares
from api.http.problems import ProblemError
from headland.registry.models.models import Scope
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.farm import fill_farm
from tests.examples import examples

PIECE = b"0" * 100_000
_BODY: Message = {"type": "http.response.body", "body": b"x", "more_body": True}


def endless(_request: Request) -> StreamingResponse:
    return StreamingResponse(repeat(PIECE))


def read_slowly(api: KeyedApi, key: str, cleanup: ExitStack) -> socket.socket:
    """Ask for an answer without an end and take its head alone."""
    url = api.client.base_url
    client = cleanup.enter_context(socket.create_connection((url.host, url.port or 80)))
    client.settimeout(120)
    client.sendall(f"GET /v1/export/endless HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
    assert client.recv(12) == b"HTTP/1.1 200"
    return client


def test_64_readers_of_8_keys_who_take_nothing_leave_all_places_to_others(tmp_path: Path) -> None:
    with serve_api(tmp_path, fill_farm(), limits=Limits(share=RequestShare(wait_s=1.0))) as api, ExitStack() as cleanup:
        api.app.router.routes.insert(0, Route("/v1/export/endless", endless))
        keys = [api.repositories.add_key(f"key {number}", Scope.READ)[1] for number in range(9)]
        for number in range(64):
            read_slowly(api, keys[number % 8], cleanup)
        for key in keys:
            answer = api.client.get("/v1/farms", headers={"Authorization": f"Bearer {key}"}, timeout=120)
            assert answer.status_code == 200, answer.text


def test_a_key_has_so_many_answers_on_their_way_and_one_that_ends_makes_room(tmp_path: Path) -> None:
    share = RequestShare(wait_s=1.0, sending_of_key=3)
    with serve_api(tmp_path, fill_farm(), limits=Limits(share=share)) as api, ExitStack() as cleanup:
        api.app.router.routes.insert(0, Route("/v1/export/endless", endless))
        key, other = (api.repositories.add_key(name, Scope.READ)[1] for name in ("a", "b"))
        readers = [read_slowly(api, key, cleanup) for _ in range(3)]
        headers = {"Authorization": f"Bearer {key}"}
        refused = api.client.get("/v1/farms", headers=headers)
        assert (refused.status_code, refused.json()["type"]) == (429, "urn:headland:problem:too-many-at-once")
        assert api.client.get("/v1/farms", headers={"Authorization": f"Bearer {other}"}).status_code == 200
        readers[0].close()
        while api.client.get("/v1/farms", headers=headers, timeout=120).status_code != 200:
            pass


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=examples(50))
def test_whatever_is_sent_or_breaks_off_leaves_no_trace_and_never_more_at_work_than_there_are_places(seed: int) -> None:
    chance = random.Random(seed)
    shares = Shares(RequestShare(of_key=2, of_organisation=3, waiting_of_key=100, wait_s=600.0))
    most = [0]

    async def send(_: Message) -> None:
        for _step in range(chance.randrange(3)):
            await asyncio.sleep(0)
        if chance.random() < 0.05:
            raise TimeoutError

    async def ask(key: str) -> None:
        place = Place(shares, key, "one")
        try:
            await place.enter({})
            sent = place.sent_without(send)
            await sent({"type": "http.response.start", "status": 200, "headers": []})
            for _part in range(chance.randrange(4)):
                most[0] = max(most[0], shares._organisations["one"])
                await asyncio.sleep(0)
                await sent(_BODY)
            await sent({**_BODY, "more_body": False})
        finally:
            place.end()

    async def run() -> None:
        tasks = [asyncio.create_task(ask(f"key {chance.randrange(3)}")) for _ in range(12)]
        for task in tasks:
            await asyncio.sleep(0)
            if chance.random() < 0.2:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())
    assert most[0] <= 3
    assert (shares._keys, shares._organisations, len(shares._waiting)) == ({}, {}, 0)
    assert (shares._waiting_keys, shares._sending) == ({}, {})


def test_the_next_part_of_an_answer_comes_before_new_requests() -> None:
    async def run() -> list[str]:
        shares, order = Shares(RequestShare(of_key=1, of_organisation=1, wait_s=600.0)), list[str]()

        async def work(name: str, *, is_new: bool) -> None:
            await (shares.enter if is_new else shares.enter_again)("a", "one")
            order.append(name)
            shares.leave("a", "one")

        await shares.enter("a", "one")
        tasks = [asyncio.create_task(work("new", is_new=True)), asyncio.create_task(work("part", is_new=False))]
        while len(shares._waiting) < 2:  # noqa: ASYNC110 - what it waits for has no event of its own
            await asyncio.sleep(0)
        shares.leave("a", "one")
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(run()) == ["part", "new"]


def test_a_refusal_for_answers_on_their_way_takes_no_place() -> None:
    async def run() -> None:
        shares = Shares(RequestShare(sending_of_key=1))
        shares.begin_sending("a")
        with pytest.raises(ProblemError, match="are under way"):
            await shares.enter("a", "one")
        shares.end_sending("a")
        await shares.enter("a", "one")

    asyncio.run(run())
