"""Options of an answer about a pass: what a request gives instead of what was declared."""

from __future__ import annotations

from dataclasses import dataclass, field

from headland.analysis.passes.plan import PlanRequest


@dataclass(frozen=True, slots=True)
class PassOptions:
    """The plan, and the swath [m], latency [s] and side of cells [m] that replace the pass's own; None for these.

    Screen, report, table and ledger entry of a pass have the same figures while they are made with the same options.
    """

    plan: PlanRequest = field(default_factory=PlanRequest)
    swath_m: float | None = None
    latency_s: float | None = None
    cell_m: float | None = None
