"""`headland doctor`: look at everything that a farm stands on; say what was found and what to do. Changes no data."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from station.farm_folder import FarmFolder


class State(StrEnum):
    """How a thing stands: a warning works now, and may not for long or not in every case."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: what was found, and one sentence with what to do where something is to be done."""

    check: str
    state: State
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at. `api_url` is a running station, which is asked for what only it can tell."""

    folder: FarmFolder
    store_url: str
    registry_url: str
    broker: tuple[str, int] | None
    username: str | None
    password: str | None
    api_url: str | None


_STATE_WIDTH: Final = 8


def examine(patient: Patient) -> list[Finding]:
    """Return all findings; each check is on its own, so that one that fails hides none."""
    from station.doctor_broker import check_broker, check_mosquitto
    from station.doctor_gateway import check_gateway
    from station.doctor_keeping import check_registry, check_store
    from station.doctor_machine import check_clock, check_clock_steps, check_disk, check_packages, check_python

    wall_s, steady_s = time.time(), time.monotonic()
    checks: Sequence[Callable[[Patient], list[Finding]]] = (
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


def _found_by(check: Callable[[Patient], list[Finding]], patient: Patient) -> list[Finding]:
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
