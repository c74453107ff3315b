"""A share for everybody: slow requests of one key stop neither others nor health, and their work ends with them."""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.auth.limits import Limits
from api.auth.shares import RequestShare, Shares
from api.http.problems import ProblemError
from api.live.places import LivePlaces
from headland.registry.models.models import Scope
from headland.runtime.cancellation import check_cancelled
from headland.store.memory import MemoryStore
from headland.store.port import DeviceRecord
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.farm import fill_farm
from tests.api.live.streams import feed_of

WaitUntil = Callable[..., None]
#: Longer than any test lasts.
LONG_S = 600.0


class SlowStore(MemoryStore):
    """A store whose devices take for ever to list, as a large export does, and which looks at its cancellation."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.free.set()
        self.running = 0
        self.cancelled = 0
        self._counting = threading.Lock()

    def devices(self, organisation: str, device: str | None = None) -> list[DeviceRecord]:
        if not self.free.is_set():
            with self._counting:
                self.running += 1
            try:
                while not self.free.wait(0.005):
                    check_cancelled()
            except BaseException:
                self.cancelled += 1
                raise
            finally:
                with self._counting:
                    self.running -= 1
        return super().devices(organisation, device)


@contextmanager
def slow_api(folder: Path, **limits: Any) -> Iterator[tuple[KeyedApi, SlowStore, str]]:
    """Yield an API on a slow store, and the key of another organisation."""
    store = SlowStore()
    with serve_api(folder, store, limits=Limits(**limits)) as api:
        other = api.registry.repositories(api.registry.add_organisation("other", "Other", "test").id, "test")
        _, key = other.add_key("other", Scope.READ)
        store.free.clear()
        try:
            yield api, store, key
        finally:
            store.free.set()


def test_45_slow_requests_of_one_key_stop_neither_health_nor_others_and_most_of_them_are_told_to_wait(
    tmp_path: Path, wait_until: WaitUntil
) -> None:
    share = RequestShare(of_key=4, of_organisation=8, waiting_of_key=10, wait_s=0.3)
    with slow_api(tmp_path, share=share, answer_s=LONG_S) as (api, store, other), ThreadPoolExecutor(45) as pool:
        url = str(api.client.base_url)
        headers = {"Authorization": f"Bearer {api.keys[Scope.READ]}"}
        slow = [pool.submit(httpx.get, f"{url}/v1/devices", headers=headers, timeout=LONG_S) for _ in range(45)]
        wait_until(lambda: sum(each.done() for each in slow) == 41)
        wait_until(lambda: store.running == 4)
        refused = [each.result() for each in slow if each.done()]
        assert {each.status_code for each in refused} == {429}
        assert all(int(each.headers["retry-after"]) >= 1 for each in refused)
        assert {each.json()["type"] for each in refused} == {"urn:headland:problem:too-many-at-once"}
        for path, key in (("/healthz", None), ("/readyz", None), ("/v1/farms", other)):
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            assert httpx.get(f"{url}{path}", headers=headers, timeout=LONG_S).status_code == 200, path
            assert store.running == 4  # none of the slow ones has ended meanwhile
        store.free.set()
        assert [each.result().status_code for each in slow].count(200) == 4


def test_an_organisation_has_a_share_whatever_the_number_of_its_keys(tmp_path: Path, wait_until: WaitUntil) -> None:
    with (
        slow_api(tmp_path, share=RequestShare(wait_s=0.2), answer_s=LONG_S) as (api, store, other),
        ThreadPoolExecutor(20) as pool,
    ):
        url = str(api.client.base_url)
        keys = [api.repositories.add_key(f"key {number}", Scope.READ)[1] for number in range(5)]
        slow = [
            pool.submit(httpx.get, f"{url}/v1/devices", headers={"Authorization": f"Bearer {key}"}, timeout=LONG_S)
            for key in keys
            for _ in range(4)
        ]
        wait_until(lambda: sum(each.done() for each in slow) == 12)
        wait_until(lambda: store.running == 8)
        answer = httpx.get(f"{url}/v1/farms", headers={"Authorization": f"Bearer {other}"}, timeout=LONG_S)
        assert answer.status_code == 200
        store.free.set()


def test_the_work_for_a_client_that_has_left_ends(tmp_path: Path, wait_until: WaitUntil) -> None:
    with slow_api(tmp_path) as (api, store, _):
        url = api.client.base_url
        with socket.create_connection((url.host, url.port or 80)) as client:
            client.sendall(
                f"GET /v1/devices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.keys[Scope.READ]}\r\n\r\n".encode()
            )
            wait_until(lambda: store.running == 1)
        wait_until(lambda: store.running == 0)
        assert store.cancelled == 1


def test_the_work_for_an_answer_that_is_too_late_ends_and_its_place_is_free(
    tmp_path: Path, wait_until: WaitUntil
) -> None:
    with slow_api(tmp_path, answer_s=0.2, share=RequestShare(of_key=1, wait_s=0.1)) as (api, store, _):
        answer = api.ask("GET", "/v1/devices", Scope.READ)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:headland:problem:too-slow")

        def is_cancelled() -> bool:
            # On a busy machine the time may be over before a request has reached the store: ask again.
            if store.cancelled == 0:
                assert api.ask("GET", "/v1/devices", Scope.READ).status_code in (503, 429)
            return store.cancelled > 0

        wait_until(is_cancelled)
        wait_until(lambda: store.running == 0)
        store.free.set()
        # This answer has little time as well, and a busy machine may need more: it is free as soon as one is in time.
        wait_until(lambda: api.ask("GET", "/v1/devices", Scope.READ).status_code == 200)


def test_a_stopping_server_cancels_its_work(tmp_path: Path, wait_until: WaitUntil) -> None:
    with slow_api(tmp_path) as (api, store, _), ThreadPoolExecutor(1) as pool:
        asked = pool.submit(api.ask, "GET", "/v1/devices", Scope.READ, timeout=LONG_S)
        wait_until(lambda: store.running == 1)
        api.app.state.running.cancel_all()
        answer = asked.result(120)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:headland:problem:cancelled")
        assert api.ask("GET", "/v1/devices", Scope.READ).status_code == 503


async def until(condition: Callable[[], object]) -> None:
    """Let the other tasks go on until a condition is true."""
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event of its own
            await asyncio.sleep(0)


def test_places_are_given_in_order_to_those_that_fit() -> None:
    async def run() -> list[str]:
        shares, order = Shares(RequestShare(of_key=1, of_organisation=2, waiting_of_key=2, wait_s=5.0)), list[str]()

        async def work(name: str, key: str, organisation: str) -> None:
            await shares.enter(key, organisation)
            order.append(name)

        await work("a1", "a", "one")
        await work("b1", "b", "one")
        tasks = [
            asyncio.create_task(work(*each)) for each in (("a2", "a", "one"), ("c1", "c", "one"), ("d1", "d", "two"))
        ]
        await until(lambda: len(shares._waiting) == 2 and len(order) == 3)
        assert order == ["a1", "b1", "d1"]
        shares.leave("b", "one")
        await until(lambda: len(order) == 4)
        assert order == ["a1", "b1", "d1", "c1"]
        shares.leave("a", "one")
        await asyncio.gather(*tasks)
        for key, organisation in (("a", "one"), ("c", "one"), ("d", "two")):
            shares.leave(key, organisation)
        assert (shares._keys, shares._organisations, len(shares._waiting)) == ({}, {}, 0)
        return order

    assert asyncio.run(run()) == ["a1", "b1", "d1", "c1", "a2"]


class SkippingSelector(selectors.DefaultSelector):
    """Passes over the time until the next timer, so that ten seconds of waiting take none."""

    skipped_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.skipped_s += timeout or 0.0
        return super().select(0)


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock is moved on by its selector."""

    def __init__(self) -> None:
        self.selector = SkippingSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.skipped_s


def test_what_four_pages_of_one_key_ask_is_answered_on_a_station_that_takes_two_seconds_for_each() -> None:
    async def ask(shares: Shares) -> None:
        await shares.enter("farm", "one")
        await asyncio.sleep(2.0)
        shares.leave("farm", "one")

    async def run() -> None:
        shares = Shares(Limits().share)
        # Four browsers with their six connections each.
        await asyncio.gather(*(ask(shares) for _ in range(4 * 6)))
        assert (shares._keys, shares._organisations, len(shares._waiting)) == ({}, {}, 0)

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(run())


def test_a_request_that_waited_in_vain_or_was_cancelled_leaves_no_trace() -> None:
    async def run() -> None:
        shares = Shares(RequestShare(of_key=1, waiting_of_key=1, wait_s=0.05))
        await shares.enter("a", "one")
        waiting = asyncio.create_task(shares.enter("a", "one"))
        await until(lambda: len(shares._waiting) == 1)
        with pytest.raises(ProblemError, match="are under way"):
            await shares.enter("a", "one")
        with pytest.raises(ProblemError, match="are under way"):
            await waiting
        shares.leave("a", "one")
        shares = Shares(RequestShare(of_key=1, waiting_of_key=1, wait_s=LONG_S))
        await shares.enter("a", "one")
        cancelled = asyncio.create_task(shares.enter("a", "one"))
        await until(lambda: len(shares._waiting) == 1)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        shares.leave("a", "one")
        assert (shares._keys, shares._waiting_keys, len(shares._waiting)) == ({}, {}, 0)
        await shares.enter("a", "one")

    asyncio.run(run())


def test_a_body_that_drips_ends_in_time(tmp_path: Path) -> None:
    with serve_api(tmp_path, fill_farm(), limits=Limits(body_s=0.3)) as api:
        url = api.client.base_url
        with socket.create_connection((url.host, url.port or 80)) as client:
            client.settimeout(120)
            head = f"POST /v1/farms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.keys[Scope.WRITE]}\r\n"
            client.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
            answer = b""
            while piece := client.recv(4096):
                answer += piece
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"slow-body" in answer


@pytest.mark.parametrize(("path", "key"), [("/v1/session", ""), ("/v1/farms", "write")])
def test_a_client_that_leaves_before_its_body_is_complete_writes_nothing_to_the_log(
    tmp_path: Path, wait_until: WaitUntil, caplog: pytest.LogCaptureFixture, path: str, key: str
) -> None:
    with serve_api(tmp_path, fill_farm()) as api:
        url = api.client.base_url
        with socket.create_connection((url.host, url.port or 80)) as client:
            access = f"Authorization: Bearer {api.keys[Scope.WRITE]}\r\n" if key else ""
            client.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{access}Content-Length: 100\r\n\r\n{{".encode())
            wait_until(lambda: len(api.app.state.running) == 1)
        wait_until(lambda: len(api.app.state.running) == 0)
        assert api.ask("GET", "/v1/farms", Scope.READ).status_code == 200
    assert caplog.text == ""


def test_a_key_has_a_part_of_the_live_places_only(tmp_path: Path) -> None:
    feed = feed_of(places=LivePlaces(8, 8, 2))
    with serve_api(tmp_path, live=feed) as api:
        streams = []
        try:
            for _ in range(3):
                headers = {"Authorization": f"Bearer {api.keys[Scope.READ]}"}
                request = api.client.build_request("GET", "/v1/live", headers=headers)
                streams.append(api.client.send(request, stream=True))
            assert [stream.status_code for stream in streams] == [200, 200, 503]
            request = api.client.build_request(
                "GET", "/v1/live", headers={"Authorization": f"Bearer {api.keys[Scope.ADMIN]}"}
            )
            streams.append(api.client.send(request, stream=True))
            assert streams[-1].status_code == 200
        finally:
            for stream in streams:
                stream.close()
            feed.close()
