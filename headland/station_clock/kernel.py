"""Boot of this machine and its clock, as the operating system tells them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from headland.kernel_clock import kernel_clock_error_ms

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def is_synchronised() -> bool | None:
    """Return whether a time service keeps the clock; None where the system does not say."""
    error_ms = kernel_clock_error_ms()
    return None if error_ms is None else error_ms != float("inf")


def boot_id() -> str:
    """Return the id of this boot of the machine; empty where the system has none."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
