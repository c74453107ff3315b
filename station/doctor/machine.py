"""Checks of the machine: Python, packages, disk and clock."""

from __future__ import annotations

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

import msgspec

from headland.clock.kernel_clock import kernel_clock_error_ms
from headland.clock.station_clock.judgement import EARLIEST_MS
from headland.files.disk_space import DiskForecast, forecast, load_readings, sentence_of
from headland.runtime.extensions import GROUPS, ExtensionError, list_extensions, load_extension
from station.doctor.finding import DiagnosticContext, Finding, State

_OLDEST_PYTHON: Final = (3, 11)
_REQUIREMENT: Final = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?(?P<bounds>[^;]*)(?:;.*extra == ['\"](?P<extra>\w+)['\"])?"
)
_AT_LEAST: Final = re.compile(r">=\s*([0-9.]+)")
#: Optional extras and what they are for.
_OPTIONAL: Final = {
    "influx": "InfluxDB and VictoriaMetrics",
    "postgres": "PostgreSQL",
    "logs": "ULog flight logs",
    "notify": "SMS and other message services",
}

_FULL_BYTES: Final = 200_000_000
_NEARLY_FULL_BYTES: Final = 2_000_000_000
_FSYNCS: Final = 15
#: Every commit waits for one fsync: at this duration one gateway is limited to fifty records per second.
_SLOW_FSYNC_MS: Final = 20.0

_STEP_S: Final = 0.5


def check_python(_context: DiagnosticContext) -> list[Finding]:
    """Check the version of Python."""
    condition = f"{sys.version.split()[0]} at {sys.executable}"
    if sys.version_info[:2] >= _OLDEST_PYTHON:
        return [Finding(check="python", state=State.OK, condition=condition)]
    return [Finding(check="python", state=State.FAILED, condition=condition, remedy="Use Python 3.11 or newer.")]


def check_extensions(_context: DiagnosticContext) -> list[Finding]:
    """Name each installed extension with its distribution, and those that cannot be loaded; nothing without any."""
    findings = []
    for extension in list_extensions():
        condition = f"{GROUPS[extension.group]} {extension.name!r} of {extension.owner}"
        try:
            load_extension(extension.group, extension.name)
        except ExtensionError as error:
            remedy = f"Update {extension.owner}, or uninstall it."
            findings.append(Finding(check="extension", state=State.WARNING, condition=str(error), remedy=remedy))
        else:
            findings.append(Finding(check="extension", state=State.OK, condition=condition))
    return findings


def check_packages(_context: DiagnosticContext) -> list[Finding]:
    """Check the installed packages against Headland's requirements."""
    try:
        required = metadata.requires("headland") or []
        version = metadata.version("headland")
    except metadata.PackageNotFoundError:
        return [Finding(check="packages", state=State.UNKNOWN, condition="Headland was not installed by pip")]
    installed = {package.name.lower().replace("_", "-"): package.version for package in metadata.distributions()}
    return assess_packages(version, required, installed)


def assess_packages(version: str, required: Sequence[str], installed: Mapping[str, str]) -> list[Finding]:
    """Compare the requirements with the installed versions; the extra `dev` is left out."""
    old, missing = [], dict[str, set[str]]()
    count = 0
    for requirement in required:
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
        remedy = "Update them: pip install --upgrade 'headland[all]'."
        return [Finding(check="packages", state=State.FAILED, condition=f"too old: {', '.join(old)}", remedy=remedy)]
    if missing:
        names = ", ".join(sorted(set().union(*missing.values())))
        why = "; ".join(f"{extra} is for {_OPTIONAL[extra]}" for extra in sorted(missing) if extra in _OPTIONAL)
        extras = ",".join(sorted(extra for extra in missing if extra)) or "all"
        remedy = f"If this machine runs that part: pip install 'headland[{extras}]'" + (f" ({why})." if why else ".")
        return [Finding(check="packages", state=State.WARNING, condition=f"not installed: {names}", remedy=remedy)]
    return [
        Finding(
            check="packages",
            state=State.OK,
            condition=f"headland {version} and the {count} packages that it requires",
        )
    ]


def check_disk(context: DiagnosticContext) -> list[Finding]:
    """Check the farm's folder: write access, free space, and the duration of an fsync."""
    folder = context.folder.root
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".doctor-") as file:
            fsync_ms = _fsync_ms(file.fileno())
    except OSError as error:
        remedy = "Grant this user write access and free some space, or choose another folder with --data DIR."
        condition = f"{existing} cannot be written: {error.strerror}"
        return [Finding(check="disk", state=State.FAILED, condition=condition, remedy=remedy)]
    free_bytes = shutil.disk_usage(existing).free
    return [assess_space(existing, free_bytes, _forecast(context, free_bytes)), assess_fsync(fsync_ms)]


def _forecast(context: DiagnosticContext, free_bytes: int) -> DiskForecast | None:
    """Return the forecast of the readings that the station has kept, with the free space of now."""
    known = forecast(load_readings(context.folder.root))
    if known is None:
        return None
    growth = known.growth_bytes_day
    days_left = free_bytes / growth if growth is not None and growth > 0 else None
    return msgspec.structs.replace(known, free_bytes=free_bytes, days_left=days_left)


def assess_space(folder: Path, free_bytes: int, known: DiskForecast | None = None) -> Finding:
    """Return the finding for an amount of free space, and how long it lasts by the readings that the station kept."""
    condition = (
        f"{free_bytes / 1e9:,.1f} GB free at {folder}" if known is None else f"{sentence_of(known)}, at {folder}"
    )
    remedy = (
        "Delete old logs and backups, use a larger disk, or set a retention (headland store keep): a full disk stores "
        "no new data."
    )
    if free_bytes < _FULL_BYTES:
        return Finding(check="disk", state=State.FAILED, condition=condition, remedy=remedy)
    if free_bytes < _NEARLY_FULL_BYTES or (known is not None and known.is_nearly_full):
        return Finding(check="disk", state=State.WARNING, condition=condition, remedy=remedy)
    return Finding(check="disk", state=State.OK, condition=condition)


def assess_fsync(median_ms: float) -> Finding:
    """Return the finding for the median duration of an fsync."""
    condition = f"an fsync takes {median_ms:.2g} ms (median of {_FSYNCS})"
    if median_ms <= _SLOW_FSYNC_MS:
        return Finding(check="fsync", state=State.OK, condition=condition)
    remedy = "Every commit waits for an fsync: use a faster disk or card for the farm's folder, or reduce its load."
    return Finding(check="fsync", state=State.WARNING, condition=condition, remedy=remedy)


def check_clock(_context: DiagnosticContext) -> list[Finding]:
    """Check whether the system clock is synchronised, by the state that the kernel reports."""
    now_s = time.time()
    condition = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now_s))
    if now_s * 1000 < EARLIEST_MS:
        remedy = "Set the clock: new measurements would be refused as too old."
        return [Finding(check="clock", state=State.FAILED, condition=condition, remedy=remedy)]
    error_ms = kernel_clock_error_ms()
    if error_ms is None:
        remedy = "Check the clock by other means: this system does not report whether it is synchronised."
        return [
            Finding(
                check="clock", state=State.UNKNOWN, condition=f"{condition}; synchronisation is unknown", remedy=remedy
            )
        ]
    if error_ms == float("inf"):
        remedy = "Run a time service (chrony, systemd-timesyncd, or gpsd with chrony where there is no network)."
        return [Finding(check="clock", state=State.WARNING, condition=f"{condition}; not synchronised", remedy=remedy)]
    return [Finding(check="clock", state=State.OK, condition=f"{condition}, synchronised within {error_ms:.3g} ms")]


def check_clock_steps(wall_s: float, steady_s: float) -> Finding:
    """Return whether the clock was stepped during the checks, from their duration by both clocks."""
    step_s = wall_s - steady_s
    if abs(step_s) < _STEP_S:
        return Finding(check="clock steps", state=State.OK, condition=f"none during the {steady_s:.1f} s of the checks")
    remedy = (
        "Find what steps the clock (two time services, a virtual machine's tools): a step cuts every series in two."
    )
    return Finding(
        check="clock steps", state=State.WARNING, condition=f"the clock was stepped by {step_s:+.1f} s", remedy=remedy
    )


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
