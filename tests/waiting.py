"""Waiting for a condition with a deadline, instead of sleeping and hoping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class WaitUntil(Protocol):
    """The type of the `wait_until` fixture."""

    def __call__(self, condition: Callable[[], T], timeout_s: float = 10.0) -> T: ...


def wait_until(condition: Callable[[], T], timeout_s: float = 10.0) -> T:
    """Call `condition` until it is true and return what it said; fail after `timeout_s`."""
    deadline_s = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline_s:
            name = getattr(condition, "__name__", repr(condition))
            raise AssertionError(f"{name} was still {value!r} after {timeout_s:g} s")
        time.sleep(0.01)
