"""Waiting for a condition with a deadline, instead of sleeping and hoping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

T = TypeVar("T")
#: What a busy machine may need; a condition that comes true costs none of it.
PATIENCE_S: Final = 120.0


class WaitUntil(Protocol):
    """The type of the `wait_until` fixture."""

    def __call__(self, condition: Callable[[], T], timeout_s: float = PATIENCE_S, every_s: float = 0.01) -> T: ...


def wait_until(condition: Callable[[], T], timeout_s: float = PATIENCE_S, every_s: float = 0.01) -> T:
    """Call `condition` until it is true and return its value; fail after `timeout_s`.

    A condition that asks a service costs both sides time: `every_s` is how long to leave it alone between two calls.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline_s:
            name = getattr(condition, "__name__", repr(condition))
            raise AssertionError(f"{name} was still {value!r} after {timeout_s:g} s")
        time.sleep(every_s)
