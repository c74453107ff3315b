"""A supervised thread: nothing that its step raises ends it, and the age of its last success is known."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import pytest

from headland.errors import DataDamaged, RetryLater
from headland.runtime.item_failures import ItemFailures
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus, faults_of

WaitUntil = Callable[..., None]


class PanicError(BaseException):
    """What a compiled library raises where it has a bug: no Exception."""


class WithoutTextError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


RAISED = [
    RetryLater("away"),
    ValueError("bad"),
    UnicodeError("idna"),
    SystemExit(3),
    KeyboardInterrupt(),
    GeneratorExit(),
    MemoryError(),
    RecursionError(),
    PanicError("bug"),
    WithoutTextError(),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_whatever_the_step_raises_it_is_called_again(error: BaseException, wait_until: WaitUntil) -> None:
    calls: list[int] = []

    def step() -> None:
        calls.append(len(calls))
        if len(calls) in (1, 2, 4):
            raise error

    thread = SupervisedThread("test", step, every_s=0.001, retry_wait_s=lambda _failures: 0.001)
    thread.start()
    wait_until(lambda: len(calls) > 5)
    status = thread.status()
    thread.stop(5)
    assert (status.is_running, status.failures, status.trouble, status.fault) == (True, 3, "", "")
    assert not thread.is_alive()


def test_a_thread_that_does_not_succeed_is_overdue_and_says_why() -> None:
    late = ThreadStatus(name="w", is_running=True, success_age_s=121.0, overdue_after_s=120.0, trouble="no disk")
    assert (late.is_overdue, faults_of([late])) == (True, ["w has not succeeded for 121 s: no disk"])
    ended = ThreadStatus(name="w", is_running=False, success_age_s=1.0)
    assert faults_of([ended]) == ["w does not run"]
    free = ThreadStatus(name="w", is_running=True, success_age_s=1e6)
    assert faults_of([free]) == []


def test_a_failed_thread_waits_longer_each_time_and_says_each_trouble_once(
    wait_until: WaitUntil, caplog: pytest.LogCaptureFixture
) -> None:
    waits: list[int] = []

    def wait_s(failures: int) -> float:
        waits.append(failures)
        return 0.001

    def fail() -> None:
        raise RetryLater("away")

    with caplog.at_level(logging.WARNING):
        thread = SupervisedThread("test", fail, retry_wait_s=wait_s)
        thread.start()
        wait_until(lambda: len(waits) > 5)
        thread.stop(5)
    assert waits[:5] == [1, 2, 3, 4, 5]
    assert [record.getMessage() for record in caplog.records] == ["test failed and goes on: away"]


def test_the_end_of_a_thread_is_in_order_and_a_step_is_not_interrupted(wait_until: WaitUntil) -> None:
    begun, go_on, said = threading.Event(), threading.Event(), list[str]()

    def step() -> None:
        begun.set()
        go_on.wait(120)
        said.append("step")

    thread = SupervisedThread("test", step, finish=lambda: said.append("finish"))
    thread.start()
    assert begun.wait(120)
    thread.stopping.set()
    go_on.set()
    wait_until(lambda: not thread.is_alive())
    assert said == ["step", "finish"]


def test_a_woken_thread_takes_its_next_step_before_its_time_and_after_its_rest(wait_until: WaitUntil) -> None:
    steps: list[float] = []
    rests = [0.0]

    def step() -> None:
        steps.append(time.monotonic())
        if len(steps) == 2:
            thread.wake()  # what is new during a step begins another one
            rests[0] = 0.1

    thread = SupervisedThread("test", step, every_s=3600.0, rest_s=lambda: rests[0])
    thread.start()
    wait_until(lambda: len(steps) == 1)
    thread.wake()
    wait_until(lambda: len(steps) == 3)
    assert steps[2] - steps[1] >= 0.1
    thread.stopping.set()  # also by the event alone
    thread.join(120)
    assert (thread.is_alive(), len(steps)) == (False, 3)


def test_a_thread_that_fails_waits_even_where_it_is_woken(wait_until: WaitUntil) -> None:
    steps: list[int] = []

    def step() -> None:
        steps.append(1)
        thread.wake()
        raise RetryLater("away")

    thread = SupervisedThread("test", step, every_s=60.0)
    thread.start()
    wait_until(lambda: steps)
    thread.stop(5)
    assert (thread.is_alive(), len(steps)) == (False, 1)


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(1), PanicError("bug"), WithoutTextError()])
def test_an_item_that_fails_stops_no_other(error: BaseException) -> None:
    failures, done = ItemFailures(), list[int]()
    for item in range(3):
        with failures.isolate(f"item {item}"):
            if item == 1:
                raise error
            done.append(item)
    assert (done, failures.count) == ([0, 2], 1)


@pytest.mark.parametrize("error", [RetryLater("away"), DataDamaged("torn"), KeyboardInterrupt()])
def test_what_concerns_every_item_is_not_an_items_failure(error: BaseException) -> None:
    failures = ItemFailures()
    with pytest.raises(type(error)), failures.isolate("item"):
        raise error
    assert failures.count == 0


def test_an_items_failure_is_logged_once_until_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    failures = ItemFailures()
    for text in ("a", "a", "b", "b", None, "b"):
        with failures.isolate("item"):
            if text is not None:
                raise ValueError(text)
    assert failures.count == 5
    assert [record.getMessage() for record in caplog.records] == [
        f"item is left out: ValueError: {text}" for text in ("a", "b", "b")
    ]
