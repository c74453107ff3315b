"""Cancelled work ends: where it looks at its cancellation, and where a query runs for it."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from headland.analysis.result_cache import ResultCache
from headland.cancellation import CancellationToken, WorkCancelled, cancellable, check_cancelled, set_token
from headland.store.duckdb.store import DuckDBStore


def in_context(token: CancellationToken, work: Callable[[], object]) -> list[BaseException]:
    """Run work in a thread whose context has a token; return what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        set_token(token)
        try:
            work()
        except WorkCancelled as error:
            raised.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="test-work")
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    return raised


def test_work_without_a_token_is_never_cancelled() -> None:
    check_cancelled()
    with cancellable(lambda: 1 / 0):
        pass


def test_cancelled_work_ends_at_its_next_look_and_interrupts_once() -> None:
    token, interrupts = CancellationToken(), list[int]()

    def work() -> None:
        with cancellable(lambda: interrupts.append(1)):
            token.cancel()
        assert interrupts == [1]
        token.cancel()
        assert interrupts == [1]
        check_cancelled()

    assert len(in_context(token, work)) == 1


def test_a_query_that_runs_is_interrupted_and_another_is_answered(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "farm.duckdb")
    token, begun, ended = CancellationToken(), threading.Event(), threading.Event()

    def work() -> None:
        with store._file.reading() as cursor:
            begun.set()
            cursor.execute("SELECT count(*) FROM range(10000000000) a, range(1000) b").fetchall()

    def cancel() -> None:
        begun.wait(5)
        token.cancel()
        while not ended.wait(0.05):  # an interrupt before the query runs has no effect
            token.cancel()

    canceller = threading.Thread(target=cancel, name="test-cancel")
    canceller.start()
    assert len(in_context(token, work)) == 1
    ended.set()
    canceller.join()
    assert store.info().points == 0
    with store._file.reading() as cursor:
        assert cursor.execute("SELECT 1").fetchall() == [(1,)]
    store.close()


def test_who_waits_for_the_result_of_another_ends_when_cancelled() -> None:
    cache, go_on, token = ResultCache(), threading.Event(), CancellationToken()
    computing = threading.Thread(target=lambda: cache.get("key", lambda: go_on.wait(10)), name="test-compute")
    computing.start()
    threading.Timer(0.05, token.cancel).start()
    assert len(in_context(token, lambda: cache.get("key", lambda: 1))) == 1
    go_on.set()
    computing.join(5)
    with pytest.raises(ZeroDivisionError):
        cache.get("other", lambda: 1 / 0)
