"""The station's clock: whether it can be believed, and a person's word that it is right."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from api.dependencies import HomeOf, HomeServices, ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.router import Router
from api.ops.clock_port import ClockPort
from headland.analysis.inputs.scope import OrgScope
from headland.clock.station_clock.record import ClockRecord
from headland.clock.station_clock.sentences import describe

_NOT_HERE = "This process runs apart from the station and judges no clock: ask the station, or its /readyz."

router = Router(prefix="/v1/clock", tags=["health"], responses=declare_problems(404, 503))


class ClockState(msgspec.Struct, frozen=True, kw_only=True):
    """The station's clock, and why it cannot be believed; while it is in doubt nothing is deleted or judged by it."""

    in_doubt: Annotated[bool | None, "Null where this process judges no clock."]
    cause: Annotated[
        Literal["jumped", "behind", "ahead", "gateways"] | None,
        (
            "It jumped; is before what it showed or stored; is more than a day after the newest sample and "
            "not confirmed; is contradicted by gateways with clocks of their own."
        ),
    ] = None
    shown_ms: Annotated[int, "What the clock shows."]
    believed_ms: Annotated[int, "The time by which the station goes."]
    since_ms: Annotated[int | None, "Since when it is in doubt, by the time believed then."] = None
    ahead_ms: Annotated[int | None, "How far it is ahead, negative where it is behind."] = None
    witnesses: Annotated[int, "Gateways that contradict it."] = 0
    is_certain: Annotated[bool, "False for what is only unconfirmed, or one gateway's word."] = False
    sentence: Annotated[str, "The state in words."]


@router.get("", response_model=ClockState)
def get_clock(scope: ScopeOf, home: HomeOf) -> ClockState:
    """Return whether the station's clock can be believed; while it is in doubt nothing is deleted or judged by it.

    It is the clock of all organisations of a station. A process that runs apart from the station judges none.
    """
    if home.clock is None:
        return ClockState(in_doubt=None, shown_ms=scope.now_ms, believed_ms=scope.now_ms, sentence=_NOT_HERE)
    return _state_of(home.clock.state())


@router.post("/accept", response_model=ClockState)
def accept_clock(scope: ScopeOf, home: HomeOf) -> ClockState:
    """State that the clock is right: it is believed, and gateways that contradict it now are wrong."""
    return _state_of(_clock_of(home, scope).accept())


def _clock_of(home: HomeServices, scope: OrgScope) -> ClockPort:
    if home.clock is None or not home.serves(scope):
        raise ProblemError(404, "no-clock-here", "No station here", "The clock is that of another station.")
    return home.clock


def _state_of(record: ClockRecord) -> ClockState:
    doubt = record.doubt
    return ClockState(
        in_doubt=doubt is not None,
        cause=None if doubt is None else doubt.cause.value,
        shown_ms=record.wall_ms,
        believed_ms=record.best_ms,
        since_ms=None if doubt is None else doubt.since_ms,
        ahead_ms=None if doubt is None else doubt.by_ms,
        witnesses=0 if doubt is None else doubt.witnesses,
        is_certain=doubt is not None and doubt.is_certain,
        sentence=describe(record),
    )
