"""A live stream ends with its permission, and the registry is asked once for all of them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from api.auth import timeout_middleware
from api.auth.middleware import COOKIE
from headland.errors import RetryLater
from headland.registry.models.models import Scope
from headland.registry.models.people import Person, PersonRole
from headland.registry.registry import Access, Registry
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.live.streams import feed_of
from tests.waiting import wait_until

#: A stream whose permission is asked for by nothing but what happens.
_FOR_EVER_S = 3600.0
_OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


@contextmanager
def served(folder: Path, heartbeat_s: float) -> Iterator[KeyedApi]:
    with serve_api(folder, live=feed_of(heartbeat_s=heartbeat_s)) as api:
        yield api


class Stream:
    """An open stream, read to its end by a thread of its own."""

    def __init__(self, api: KeyedApi, headers: dict[str, str], stack: ExitStack) -> None:
        answer = stack.enter_context(api.client.stream("GET", "/v1/live", headers=headers, timeout=120))
        assert answer.status_code == 200
        self._lines = answer.iter_lines()
        assert next(self._lines) == "event: hello"
        self._thread = threading.Thread(target=lambda: list(self._lines), daemon=True)
        self._thread.start()

    def is_open(self) -> bool:
        return self._thread.is_alive()


def end_all(api: KeyedApi, *streams: Stream) -> None:
    api.app.state.live.close()
    wait_until(lambda: not any(stream.is_open() for stream in streams))


def sign_in(api: KeyedApi, key: str) -> dict[str, str]:
    answer = api.client.post("/v1/session", json={"key": key})
    api.client.cookies.clear()
    return {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}"}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_key_that_is_revoked_over_the_api_ends_its_streams_and_sessions_streams_at_once(tmp_path: Path) -> None:
    with served(tmp_path, _FOR_EVER_S) as api, ExitStack() as stack:
        made = api.ask("POST", "/v1/keys", Scope.ADMIN, json={"name": "screen"}).json()
        ended = [Stream(api, headers, stack) for headers in (bearer(made["key"]), sign_in(api, made["key"]))]
        other = Stream(api, bearer(api.keys[Scope.READ]), stack)
        assert api.ask("DELETE", f"/v1/keys/{made['id']}", Scope.ADMIN).status_code == 204
        wait_until(lambda: not any(stream.is_open() for stream in ended))
        assert other.is_open()
        end_all(api, other)


def test_signing_out_ends_the_streams_of_that_session_alone(tmp_path: Path) -> None:
    with served(tmp_path, _FOR_EVER_S) as api, ExitStack() as stack:
        mine, other = (sign_in(api, api.keys[Scope.READ]) for _ in range(2))
        streams = [Stream(api, headers, stack) for headers in (mine, mine, other)]
        assert api.client.delete("/v1/session", headers={**_OWN_PAGE, **mine}).status_code == 204
        wait_until(lambda: not streams[0].is_open() and not streams[1].is_open())
        assert streams[2].is_open()
        end_all(api, streams[2])


def test_what_another_process_ends_is_noticed_by_the_next_question(tmp_path: Path) -> None:
    with served(tmp_path, 0.05) as api, ExitStack() as stack:
        record, key = api.repositories.add_key("screen", Scope.READ)
        streams = [Stream(api, headers, stack) for headers in (bearer(key), sign_in(api, key))]
        api.repositories.keys.delete(record.id, api.repositories.keys.get(record.id).version)
        wait_until(lambda: not any(stream.is_open() for stream in streams))


def test_a_stream_ends_with_its_key_also_when_the_client_that_came_first_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeout_middleware, "_WATCH_AFTER_S", 0.0)
    with served(tmp_path, 0.05) as api, ExitStack() as stack:
        record, key = api.repositories.add_key("screen", Scope.READ)
        with api.client.stream("GET", "/v1/live", headers=bearer(api.keys[Scope.READ])) as first:
            lines = first.iter_lines()
            assert next(lines) == "event: hello"
            stream = Stream(api, sign_in(api, key), stack)
        wait_until(lambda: len(api.app.state.auth_cache.streams._open) == 1)
        api.repositories.keys.delete(record.id, api.repositories.keys.get(record.id).version)
        wait_until(lambda: not stream.is_open())


def test_a_person_who_becomes_a_member_of_the_cooperative_has_no_stream_any_more(tmp_path: Path) -> None:
    with served(tmp_path, 0.05) as api, ExitStack() as stack:
        person = api.repositories.people.add(Person(name="Chen", role=PersonRole.AGRONOMIST))
        _, key = api.repositories.add_key("Chen", Scope.READ, None, person.id)
        stream = Stream(api, bearer(key), stack)
        api.ask("PUT", f"/v1/people/{person.id}", Scope.ADMIN, json={"name": "Chen", "role": "member", "version": 1})
        wait_until(lambda: not stream.is_open())


def test_the_registry_is_asked_once_for_the_sessions_of_all_streams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    resume = Registry.resume_sessions

    def count(self: Registry, secrets: Collection[str]) -> dict[str, Access]:
        asked.append(len(secrets))
        return resume(self, secrets)

    with served(tmp_path, _FOR_EVER_S) as api, ExitStack() as stack:
        sessions = [sign_in(api, api.keys[Scope.READ]) for _ in range(5)]
        streams = [Stream(api, headers, stack) for headers in (*sessions, *sessions)]
        monkeypatch.setattr(Registry, "resume_sessions", count)
        api.app.state.auth_cache.streams.ask_now()
        wait_until(lambda: asked)
        assert asked == [5]
        assert all(stream.is_open() for stream in streams)
        end_all(api, *streams)


@pytest.mark.parametrize("error", [RetryLater("The registry is away."), RuntimeError("not foreseen")])
def test_a_stream_remains_while_nothing_can_be_decided_and_ends_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    failed = 0

    def fail(*_: Any) -> dict[str, Access]:
        nonlocal failed
        failed += 1
        raise error

    with served(tmp_path, 0.05) as api, ExitStack() as stack:
        record, key = api.repositories.add_key("screen", Scope.READ)
        stream = Stream(api, sign_in(api, key), stack)
        with monkeypatch.context() as patched:
            patched.setattr(Registry, "resume_sessions", fail)
            api.repositories.keys.delete(record.id, api.repositories.keys.get(record.id).version)
            wait_until(lambda: failed >= 3)
            assert stream.is_open()
        wait_until(lambda: not stream.is_open())
