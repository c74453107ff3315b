"""The clocks of a machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass


def wall_clock_ms() -> int:
    """Return the time now as epoch milliseconds; it may step back when the machine's clock is set."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class MachineClock:
    """The two clocks of a machine: `now_ms` is epoch milliseconds and may step, `monotonic_s` never does.

    A part that keeps time takes one, so that a simulation can run it on simulated time.
    """

    now_ms: Callable[[], int] = wall_clock_ms
    monotonic_s: Callable[[], float] = time.monotonic


#: The clocks of this machine.
MACHINE_CLOCK = MachineClock()
