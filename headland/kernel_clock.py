"""State of the kernel's clock: whether a time service keeps it, and how far it may be off."""

from __future__ import annotations

import ctypes
from typing import Final

#: Return value of adjtimex for an unsynchronised clock.
_TIME_ERROR: Final = 5


class _Timex(ctypes.Structure):
    """The first fields of Linux's `struct timex`, with padding for the others."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_clock_error_ms() -> float | None:
    """Return the kernel's maximum clock error; infinity for an unsynchronised clock, None where it is unknown."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    timex = _Timex()
    state = int(adjtimex(ctypes.byref(timex)))
    if state < 0:
        return None
    return float("inf") if state == _TIME_ERROR else float(timex.maxerror) / 1000
