"""The station's clock: whether it can be believed, and a person's word that it is right."""

from __future__ import annotations

from api.dependencies import HomeOf, HomeServices, ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.router import Router
from api.ops.clock_port import ClockPort, ClockState
from headland.analysis.inputs.scope import OrgScope

_NOT_HERE = "This process runs apart from the station and judges no clock: ask the station, or its /readyz."

router = Router(prefix="/v1/clock", tags=["health"], responses=declare_problems(404, 503))


@router.get("", response_model=ClockState)
def get_clock(scope: ScopeOf, home: HomeOf) -> ClockState:
    """Return whether the station's clock can be believed; while it is in doubt nothing is deleted or judged by it.

    It is the clock of all organisations of a station. A process that runs apart from the station judges none.
    """
    if home.clock is None:
        return ClockState(in_doubt=None, shown_ms=scope.now_ms, believed_ms=scope.now_ms, sentence=_NOT_HERE)
    return home.clock.state()


@router.post("/accept", response_model=ClockState)
def accept_clock(scope: ScopeOf, home: HomeOf) -> ClockState:
    """State that the clock is right: it is believed, and gateways that contradict it now are wrong."""
    return _clock_of(home, scope).accept()


def _clock_of(home: HomeServices, scope: OrgScope) -> ClockPort:
    if home.clock is None or not home.serves(scope):
        raise ProblemError(404, "no-clock-here", "No station here", "The clock is that of another station.")
    return home.clock
