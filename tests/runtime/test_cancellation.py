"""Cancelled work ends: where it looks at its cancellation, and where a query runs for it."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from headland.analysis.inputs.result_cache import ResultCache
from headland.runtime.cancellation import CancellationToken, WorkCancelled, cancellable, check_cancelled, set_token
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
    thread.join(120)
    assert not thread.is_alive()
    return raised


def test_work_without_a_token_is_never_cancelled() -> None:
    check_cancelled()
    with cancellable(lambda: 1 / 0):
        pass


def test_cancelled_work_ends_at_its_next_look_and_is_interrupted_no_more_after_its_block() -> None:
    token, interrupts = CancellationToken(), list[int]()

    def work() -> None:
        with cancellable(lambda: interrupts.append(1)):
            token.cancel()
        assert interrupts
        count = len(interrupts)
        assert not token.interrupt()
        token.cancel()
        assert len(interrupts) == count
        check_cancelled()

    assert len(in_context(token, work)) == 1


def test_one_cancel_ends_work_on_which_the_first_interrupts_had_no_effect() -> None:
    token, runs, ended = CancellationToken(), threading.Event(), threading.Event()

    def interrupt() -> None:
        if runs.is_set():  # as a query that has not begun, or another one between two of them
            ended.set()

    def work() -> None:
        for _ in range(2):
            runs.clear()
            ended.clear()
            runs.set()
            assert ended.wait(120)
        check_cancelled()

    def run() -> None:
        with cancellable(interrupt):
            token.cancel()
            work()

    assert len(in_context(token, run)) == 1


def test_one_cancel_before_a_query_runs_ends_it_and_another_is_answered(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "farm.duckdb")
    token = CancellationToken()

    def work() -> None:
        with store._file.reading() as cursor:
            token.cancel()
            cursor.execute("SELECT count(*) FROM range(10000000000) a, range(1000) b").fetchall()

    assert len(in_context(token, work)) == 1
    assert store.info().points == 0
    with store._file.reading() as cursor:
        assert cursor.execute("SELECT 1").fetchall() == [(1,)]
    store.close()


def test_a_query_that_runs_is_interrupted(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "farm.duckdb")
    token = CancellationToken()

    def work() -> None:
        with store._file.reading() as cursor:
            threading.Timer(0.05, token.cancel).start()
            cursor.execute("SELECT count(*) FROM range(10000000000) a, range(1000) b").fetchall()

    assert len(in_context(token, work)) == 1
    store.close()


def test_who_waits_for_the_result_of_another_ends_when_cancelled() -> None:
    cache, go_on, token = ResultCache(), threading.Event(), CancellationToken()
    computing = threading.Thread(target=lambda: cache.get("key", lambda: go_on.wait(120)), name="test-compute")
    computing.start()
    threading.Timer(0.05, token.cancel).start()
    assert len(in_context(token, lambda: cache.get("key", lambda: 1))) == 1
    go_on.set()
    computing.join(120)
    with pytest.raises(ZeroDivisionError):
        cache.get("other", lambda: 1 / 0)
