"""Facts of the first page: whether alarms reach a person, and whether everything has arrived."""

from __future__ import annotations

from collections.abc import Sequence

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.subjects import OutlookSubject
from headland.analysis.tonight.today.answer import (
    AlarmFact,
    DataFact,
    DutyFact,
    MissingDevice,
    TodayFacts,
    TodayLink,
)
from headland.contract.freshness import VEHICLES, limits_of_device
from headland.registry.models.reach import ReachFact
from headland.store.port import DeviceRecord


def read_facts(
    scope: OrgScope, subjects: Sequence[OutlookSubject], duty: DutyFact | None, reach: ReachFact
) -> TodayFacts:
    """Return the facts of a farm; who is on `duty`, None without a rota, and the `reach` of alarms are given."""
    active = scope.repositories.alarms.active()
    open_ = [alarm for alarm in active if alarm.acknowledged_ms is None]
    return TodayFacts(
        duty=duty,
        reach=reach,
        data=_data(scope, subjects),
        alarms=AlarmFact(open=len(active), unacknowledged=len(open_)),
    )


def _data(scope: OrgScope, subjects: Sequence[OutlookSubject]) -> DataFact:
    """Return which fixed devices are silent: a vehicle that rests is none that lacks."""
    houses = [one for one in subjects if one.kind == "greenhouse"]
    row_of = {record.descriptor.device: one.id for one in houses for record in one.devices}
    known = {record.descriptor.device: record for one in subjects for record in one.devices}
    last = [record.last_seen_ms for record in known.values() if record.last_seen_ms is not None]
    silent = [record for record in known.values() if _is_silent(record, scope.now_ms)]
    silent.sort(key=lambda record: record.last_seen_ms or 0)
    return DataFact(
        complete=not silent,
        last_ms=max(last, default=None),
        missing=[_missing(record, row_of.get(record.descriptor.device)) for record in silent],
        waiting=None,
    )


def _is_silent(record: DeviceRecord, now_ms: int) -> bool:
    descriptor = record.descriptor
    if descriptor.kind in VEHICLES:
        return False
    if record.last_seen_ms is None:
        return True
    limits = limits_of_device((info.interval_s for info in descriptor.channels.values()), descriptor.kind)
    return limits.verdict((now_ms - record.last_seen_ms) / 1000.0) == "silent"


def _missing(record: DeviceRecord, row: str | None) -> MissingDevice:
    descriptor = record.descriptor
    return MissingDevice(
        device=descriptor.device,
        name=descriptor.name or descriptor.device,
        since_ms=record.last_seen_ms,
        row=None if row is None else TodayLink(kind="greenhouse", id=row),
    )
