"""Checks of `headland doctor` and their report. Changes no data."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from station.doctor.finding import DiagnosticContext, Finding, State
from station.doctor.storage import ask_station

_CHECK: Final = "delivery"
#: End of the station's sentence where there is nothing to tell.
ALL_WELL: Final = "each record of each gateway is accounted for"
_REMEDY: Final = (
    "GET /v1/gateways/ID/delivery names the records, devices and spools; see docs/how-to/check-a-farm.md. "
    "If a gateway was renamed or replaced: headland gateway replace OLD NEW."
)


def check_delivery(context: DiagnosticContext) -> list[Finding]:
    """Ask the running station whether each gateway is one machine and what is lost; nothing without a station."""
    if context.api_url is None:
        return []
    finding = ask_station(context, _CHECK)
    if finding.state is State.UNKNOWN:
        return []  # a station of an older version, or one without ingest
    if finding.state is State.FAILED:
        return [msgspec.structs.replace(finding, remedy=_REMEDY)]
    if finding.condition.endswith(ALL_WELL):
        return [finding]
    return [msgspec.structs.replace(finding, state=State.WARNING, remedy=_REMEDY)]


_STATE_WIDTH: Final = 8


def examine(context: DiagnosticContext) -> list[Finding]:
    """Run all checks and return their findings; a check that fails does not stop the others."""
    from station.doctor.broker import check_access_list, check_broker, check_mosquitto
    from station.doctor.gateway import check_gateway
    from station.doctor.machine import (
        check_clock,
        check_clock_steps,
        check_disk,
        check_extensions,
        check_packages,
        check_python,
    )
    from station.doctor.run import check_delivery
    from station.doctor.storage import (
        check_books,
        check_damaged_files,
        check_photos,
        check_registry,
        check_station_clock,
        check_store,
        check_threads,
    )
    from station.doctor.traces import check_traces

    wall_s, steady_s = time.time(), time.monotonic()
    checks: Sequence[Callable[[DiagnosticContext], list[Finding]]] = (
        check_python,
        check_packages,
        check_extensions,
        check_mosquitto,
        check_disk,
        check_clock,
        check_station_clock,
        check_broker,
        check_access_list,
        check_store,
        check_registry,
        check_books,
        check_photos,
        check_threads,
        check_damaged_files,
        check_delivery,
        check_gateway,
        check_traces,
    )
    findings = [finding for check in checks for finding in _run_check(check, context)]
    return [*findings, check_clock_steps(time.time() - wall_s, time.monotonic() - steady_s)]


def _run_check(check: Callable[[DiagnosticContext], list[Finding]], context: DiagnosticContext) -> list[Finding]:
    try:
        return check(context)
    except ModuleNotFoundError as missing:
        name = check.__name__.removeprefix("check_")
        remedy = f"If this machine uses the {name}, run the doctor where {missing.name} is installed."
        condition = f"not checked: {missing.name} is not installed"
        return [Finding(check=name, state=State.UNKNOWN, condition=condition, remedy=remedy)]


def report_lines(findings: Sequence[Finding]) -> list[str]:
    """Return the report as lines: one for each finding, with its remedy below."""
    width = max(len(finding.check) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.state:<{_STATE_WIDTH}}{finding.check:<{width}}  {finding.condition}")
        if finding.remedy:
            lines.append(f"{'':<{_STATE_WIDTH + width}}  -> {finding.remedy}")
    failed = sum(finding.state is State.FAILED for finding in findings)
    warnings = sum(finding.state is State.WARNING for finding in findings)
    return [*lines, f"failed: {failed}, warnings: {warnings}, checks: {len(findings)}"]
