"""`headland doctor`: look at everything that a farm stands on; say what was found and what to do. Changes no data."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from station.doctor.finding import DiagnosticContext, Finding, State

_STATE_WIDTH: Final = 8


def examine(patient: DiagnosticContext) -> list[Finding]:
    """Return all findings; each check is on its own, so that one that fails hides none."""
    from station.doctor.broker import check_broker, check_mosquitto
    from station.doctor.gateway import check_gateway
    from station.doctor.machine import check_clock, check_clock_steps, check_disk, check_packages, check_python
    from station.doctor.storage import check_registry, check_store

    wall_s, steady_s = time.time(), time.monotonic()
    checks: Sequence[Callable[[DiagnosticContext], list[Finding]]] = (
        check_python,
        check_packages,
        check_mosquitto,
        check_disk,
        check_clock,
        check_broker,
        check_store,
        check_registry,
        check_gateway,
    )
    findings = [finding for check in checks for finding in _found_by(check, patient)]
    return [*findings, check_clock_steps(time.time() - wall_s, time.monotonic() - steady_s)]


def _found_by(check: Callable[[DiagnosticContext], list[Finding]], patient: DiagnosticContext) -> list[Finding]:
    try:
        return check(patient)
    except ModuleNotFoundError as missing:
        name = check.__name__.removeprefix("check_")
        advice = f"Run the doctor where it is installed too, if this machine has to do with the {name}."
        found = f"not looked at: {missing.name} is not installed here"
        return [Finding(check=name, state=State.UNKNOWN, found=found, advice=advice)]


def report_lines(findings: Sequence[Finding]) -> list[str]:
    """Return the lines for a person: one a finding, and what to do below it."""
    width = max(len(finding.check) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.state:<{_STATE_WIDTH}}{finding.check:<{width}}  {finding.found}")
        if finding.advice:
            lines.append(f"{'':<{_STATE_WIDTH + width}}  -> {finding.advice}")
    failed = sum(finding.state is State.FAILED for finding in findings)
    warnings = sum(finding.state is State.WARNING for finding in findings)
    return [*lines, f"failed: {failed}, warnings: {warnings}, looked at: {len(findings)}"]
