"""The clock of this machine."""

import time


def wall_clock_ms() -> int:
    """Return the time now as epoch milliseconds; it may step back when the machine's clock is set."""
    return time.time_ns() // 1_000_000
