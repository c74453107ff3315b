"""What the doctor finds on the machine itself: Python, packages, disk and clock."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

from station.doctor.finding import DiagnosticContext, Finding, State

_OLDEST_PYTHON: Final = (3, 11)
_REQUIREMENT: Final = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?(?P<bounds>[^;]*)(?:;.*extra == ['\"](?P<extra>\w+)['\"])?"
)
_AT_LEAST: Final = re.compile(r">=\s*([0-9.]+)")
#: Extras that a farm does without, and what is missing then.
_OPTIONAL: Final = {"influx": "InfluxDB and VictoriaMetrics", "postgres": "PostgreSQL", "logs": "ULog flight logs"}

_FULL_BYTES: Final = 200_000_000
_NEARLY_FULL_BYTES: Final = 2_000_000_000
_FSYNCS: Final = 15
#: Every commit waits for one: at this, fifty records a second of one gateway are the limit.
_SLOW_FSYNC_MS: Final = 20.0

_STEP_S: Final = 0.5
_TIME_ERROR: Final = 5
#: No clock that was ever set is before this version of Headland (2026-01-01).
_EARLIEST_S: Final = 1_767_225_600


def check_python(_patient: DiagnosticContext) -> list[Finding]:
    """Look at the Python that runs this."""
    found = f"{sys.version.split()[0]} at {sys.executable}"
    if sys.version_info[:2] >= _OLDEST_PYTHON:
        return [Finding(check="python", state=State.OK, found=found)]
    return [Finding(check="python", state=State.FAILED, found=found, advice="Use Python 3.11 or newer.")]


def check_packages(_patient: DiagnosticContext) -> list[Finding]:
    """Look at what is installed beside what Headland asks for."""
    try:
        asked = metadata.requires("headland") or []
        version = metadata.version("headland")
    except metadata.PackageNotFoundError:
        return [
            Finding(check="packages", state=State.UNKNOWN, found="Headland runs from files that pip did not install")
        ]
    installed = {each.name.lower().replace("_", "-"): each.version for each in metadata.distributions()}
    return judge_packages(version, asked, installed)


def judge_packages(version: str, asked: Sequence[str], installed: Mapping[str, str]) -> list[Finding]:
    """Return what comes of the requirements `asked` and the versions `installed`; the extra `dev` is left out."""
    old, missing = [], dict[str, set[str]]()
    count = 0
    for requirement in asked:
        parts = _REQUIREMENT.match(requirement)
        if parts is None or parts["extra"] in ("dev", "all") or parts["name"] == "headland":
            continue
        name, least = parts["name"].lower().replace("_", "-"), _AT_LEAST.search(parts["bounds"])
        count += 1
        if name not in installed:
            missing.setdefault(parts["extra"] or "", set()).add(name)
        elif least is not None and _numbers(installed[name]) < _numbers(least[1]):
            old.append(f"{name} {installed[name]} (at least {least[1]})")
    if old:
        advice = "Update them: pip install --upgrade 'headland[all]'."
        return [Finding(check="packages", state=State.FAILED, found=f"too old: {', '.join(old)}", advice=advice)]
    if missing:
        names = ", ".join(sorted(set().union(*missing.values())))
        why = "; ".join(f"{extra} is for {_OPTIONAL[extra]}" for extra in sorted(missing) if extra in _OPTIONAL)
        extras = ",".join(sorted(extra for extra in missing if extra)) or "all"
        advice = f"If this machine runs that part: pip install 'headland[{extras}]'" + (f" ({why})." if why else ".")
        return [Finding(check="packages", state=State.WARNING, found=f"not installed: {names}", advice=advice)]
    return [
        Finding(
            check="packages",
            state=State.OK,
            found=f"headland {version} and the {count} packages that its parts ask for",
        )
    ]


def check_disk(patient: DiagnosticContext) -> list[Finding]:
    """Look at the farm's folder: may it be written, what is free, how long does a write take to be on the disk?"""
    folder = patient.folder.root
    there = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".doctor-") as file:
            fsync_ms = _fsync_ms(file.fileno())
    except OSError as error:
        advice = (
            "Give this user the right to write there and free some space, or choose another folder with --data DIR."
        )
        found = f"{there} cannot be written: {error.strerror}"
        return [Finding(check="disk", state=State.FAILED, found=found, advice=advice)]
    return [judge_space(there, shutil.disk_usage(there).free), judge_fsync(fsync_ms)]


def judge_space(folder: Path, free_bytes: int) -> Finding:
    """Return what so much free space means."""
    found = f"{free_bytes / 1e9:,.1f} GB free at {folder}"
    advice = "Free some, old logs and back-ups first: a full disk takes no new data."
    if free_bytes < _FULL_BYTES:
        return Finding(check="disk", state=State.FAILED, found=found, advice=advice)
    if free_bytes < _NEARLY_FULL_BYTES:
        return Finding(check="disk", state=State.WARNING, found=found, advice=advice)
    return Finding(check="disk", state=State.OK, found=found)


def judge_fsync(median_ms: float) -> Finding:
    """Return what it means that a write is on the disk after so long."""
    found = f"a write is on the disk after {median_ms:.2g} ms (median of {_FSYNCS} fsyncs)"
    if median_ms <= _SLOW_FSYNC_MS:
        return Finding(check="fsync", state=State.OK, found=found)
    advice = (
        "Every commit waits for that: use another disk or card for the farm's folder, or see what else keeps it busy."
    )
    return Finding(check="fsync", state=State.WARNING, found=found, advice=advice)


def check_clock(_patient: DiagnosticContext) -> list[Finding]:
    """Look at whether the system's clock is set by something, by the kernel's own word."""
    now_s = time.time()
    found = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now_s))
    if now_s < _EARLIEST_S:
        advice = "Set the clock: what is measured now would be refused as from the past."
        return [Finding(check="clock", state=State.FAILED, found=found, advice=advice)]
    error_ms = _kernel_clock_error_ms()
    if error_ms is None:
        advice = "See by other means that it is right; this system does not tell without a network."
        return [
            Finding(check="clock", state=State.UNKNOWN, found=f"{found}; whether it is set is not known", advice=advice)
        ]
    if error_ms == float("inf"):
        advice = "Run a time service (chrony, systemd-timesyncd, or gpsd with chrony where there is no network)."
        return [Finding(check="clock", state=State.WARNING, found=f"{found}; nothing keeps it right", advice=advice)]
    return [Finding(check="clock", state=State.OK, found=f"{found}, kept right within {error_ms:.3g} ms")]


def check_clock_steps(wall_s: float, steady_s: float) -> Finding:
    """Return whether the clock was set while the others were looked at: both are how long that took."""
    step_s = wall_s - steady_s
    if abs(step_s) < _STEP_S:
        return Finding(check="clock steps", state=State.OK, found=f"none in the {steady_s:.1f} s of this examination")
    advice = (
        "Find what sets it in jumps (two time services, a virtual machine's tools): a jump cuts every series in two."
    )
    return Finding(
        check="clock steps", state=State.WARNING, found=f"it jumped by {step_s:+.1f} s just now", advice=advice
    )


class _Timex(ctypes.Structure):
    """The beginning of Linux's `struct timex`, and room for its rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def _kernel_clock_error_ms() -> float | None:
    """Return the largest error that the kernel believes in; infinity where nothing sets the clock, None for unknown."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    told = _Timex()
    state = int(adjtimex(ctypes.byref(told)))
    if state < 0:
        return None
    return float("inf") if state == _TIME_ERROR else float(told.maxerror) / 1000


def _fsync_ms(descriptor: int) -> float:
    spans_ms = []
    for _ in range(_FSYNCS):
        began_s = time.perf_counter()
        os.write(descriptor, b"\0" * 4096)
        os.fsync(descriptor)
        spans_ms.append((time.perf_counter() - began_s) * 1000)
    return statistics.median(spans_ms)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
