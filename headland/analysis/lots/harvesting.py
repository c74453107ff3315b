"""Recording of a harvest: refused while a pre-harvest interval runs, and marked where what it rests on is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from headland.analysis.inputs.errors import PreconditionError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.lots.happenings import rests_on_simulation
from headland.analysis.plant_protection.growing_place import GrowingPlace, find_place, grown_from_ms
from headland.analysis.plant_protection.intervals import IntervalState, intervals_at
from headland.registry.models.errors import InvalidRecord
from headland.registry.models.lots import Harvest, Lot, LotOperation
from headland.registry.models.plant_protection import EvidenceClass
from headland.registry.repositories.harvest.lots import LotRecorded
from headland.registry.repositories.local_time import find_local_time
from headland.units_of_time import MINUTE_MS

#: How far a person's clock may be ahead.
_AHEAD_MS: Final = 5 * MINUTE_MS


def record_harvest(scope: OrgScope, harvest: Harvest, product: str, code: str = "") -> tuple[Harvest, LotRecorded]:
    """Record a harvest and its lot of `product`; without a `code` the lot has the next batch number of the day.

    Raises PreconditionError (interval-runs) with the day on which the interval ends.
    """
    repositories = scope.repositories
    place = find_place(repositories, harvest.field, harvest.zone)
    if harvest.time_ms > scope.now_ms + _AHEAD_MS:
        raise InvalidRecord("The harvest is in the future: check its time.")
    refuse_while_interval_runs(intervals_at(repositories, place, harvest.crop, harvest.time_ms), place)
    if rests_on_simulation(scope, repositories, place, grown_from_ms(repositories, harvest), harvest.time_ms):
        harvest = msgspec.structs.replace(harvest, evidence=EvidenceClass.SIMULATED)
    named = code or repositories.lots.free_codes(f"{place.day_of(harvest.time_ms):%Y%m%d}", 1)[0]
    lot = Lot(code=named, product=product, crop=harvest.crop, time_ms=harvest.time_ms, grams=harvest.grams)
    return repositories.lots.record_harvest(harvest, lot)


def record_operation(
    scope: OrgScope, operation: LotOperation, made: Sequence[Lot], unnamed: Sequence[bool]
) -> LotRecorded:
    """Record an operation; each `unnamed` lot gets the next batch number of the operation's local day."""
    repositories = scope.repositories
    if operation.time_ms > scope.now_ms + _AHEAD_MS:
        raise InvalidRecord("The operation is in the future: check its time.")
    harvests = repositories.lots.lineage.harvests_of(operation.inputs[0].lot) if operation.inputs else []
    zone = (
        find_place(repositories, harvests[0].field, harvests[0].zone).time_zone
        if harvests
        else find_local_time(repositories).zone
    )
    day = f"{datetime.fromtimestamp(operation.time_ms / 1000.0, zone):%Y%m%d}"
    codes = iter(repositories.lots.free_codes(day, sum(unnamed)))
    named = [
        msgspec.structs.replace(lot, code=next(codes)) if is_unnamed else lot
        for lot, is_unnamed in zip(made, unnamed, strict=True)
    ]
    return repositories.lots.operate(operation, named)


def refuse_while_interval_runs(state: IntervalState, place: GrowingPlace) -> None:
    """Raise PreconditionError (interval-runs) where an interval runs, with the day on which the last one ends."""
    if state.ends_on is None:
        return
    last = max(state.running, key=lambda interval: (interval.ends_on or state.day, interval.product))
    sentence = (
        f"{place.name} was treated with {last.product} on {last.treated_on}: "
        f"the pre-harvest interval ends on {last.ends_on}, harvest from that day on."
    )
    raise PreconditionError(
        "interval-runs",
        "A pre-harvest interval runs",
        sentence,
        {"ends_on": state.ends_on.isoformat(), "treatment": last.treatment.id, "product": last.product},
    )
