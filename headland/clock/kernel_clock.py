"""The kernel's clock and boot: whether a time service keeps the clock, how far it may be off, and the boot's id."""

from __future__ import annotations

import ctypes
import math
from pathlib import Path
from typing import Final

#: Return value of adjtimex for an unsynchronised clock.
_TIME_ERROR: Final = 5
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


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
    return math.inf if state == _TIME_ERROR else float(timex.maxerror) / 1000


def is_kernel_clock_kept() -> bool | None:
    """Return whether a time service keeps the clock; None where the system does not say."""
    error_ms = kernel_clock_error_ms()
    return None if error_ms is None else error_ms != math.inf


def boot_id() -> str:
    """Return the id of this boot of the machine; empty where the system has none."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
