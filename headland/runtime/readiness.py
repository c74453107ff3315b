"""Readiness checks: conditions under which a process serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headland.runtime.supervised_thread import ThreadStatus, faults_of


@dataclass(frozen=True, slots=True)
class Check:
    """A condition of readiness; `detail` is a sentence for a person in either state."""

    name: str
    ok: bool
    detail: str


def check_threads(threads: Sequence[ThreadStatus]) -> list[Check]:
    """Check that every thread runs and has succeeded lately; the detail has the age of each one's last success."""
    if not threads:
        return []
    faults = faults_of(threads)
    ages = ", ".join(f"{thread.name} {thread.success_age_s:.0f} s" for thread in threads)
    return [Check("threads", not faults, "; ".join(faults) or f"age of the last success: {ages}")]
