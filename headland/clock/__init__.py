"""The clocks of a machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def wall_clock_ms() -> int:
    """Return the time now as epoch milliseconds; it may step back when the machine's clock is set."""
    return time.time_ns() // 1_000_000


def since_boot_s() -> float:
    """Return the seconds since the machine began, those in which it slept included where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def utc_text(time_ms: int) -> str:
    """Return an instant in UTC as text."""
    try:
        return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{time_ms} ms"


@dataclass(frozen=True, slots=True)
class MachineClock:
    """The two clocks of a machine: `now_ms` is epoch milliseconds and may step, `monotonic_s` never does.

    A part that keeps time takes one, so that a simulation can run it on simulated time.
    """

    now_ms: Callable[[], int] = wall_clock_ms
    monotonic_s: Callable[[], float] = time.monotonic


#: The clocks of this machine.
MACHINE_CLOCK = MachineClock()
