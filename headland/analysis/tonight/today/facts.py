"""Facts of the first page: whether alarms reach a person, and whether everything has arrived."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.subjects import OutlookSubject
from headland.analysis.tonight.today.answer import (
    AlarmFact,
    DataFact,
    DutyFact,
    MissingDevice,
    TodayFacts,
    TodayLink,
    UnheardGateway,
    WaitingFact,
)
from headland.contract.freshness import GATEWAY_REPORT_OLD_S, RECORD_BEHIND_S, VEHICLES, limits_of_device
from headland.contract.gateway_state import GatewayState
from headland.registry.models.reach import ReachFact
from headland.registry.repositories.inactive_places import find_inactive_places
from headland.store.port import DeviceRecord


def read_facts(
    scope: OrgScope,
    subjects: Sequence[OutlookSubject],
    duty: DutyFact | None,
    reach: ReachFact,
    gateways: Sequence[GatewayState] | None,
) -> TodayFacts:
    """Return the facts of a farm: who is on `duty`, None without a rota, and the `reach` of alarms are given.

    `gateways` are the states of its gateways, None where no ingest tells them.
    """
    active = scope.repositories.alarms.active()
    open_ = [alarm for alarm in active if alarm.acknowledged_ms is None]
    return TodayFacts(
        duty=duty,
        reach=reach,
        data=_data(scope, subjects, gateways),
        alarms=AlarmFact(open=len(active), unacknowledged=len(open_)),
    )


def _data(scope: OrgScope, subjects: Sequence[OutlookSubject], gateways: Sequence[GatewayState] | None) -> DataFact:
    """Return which fixed devices are silent, and what waits: a vehicle that rests is none that lacks."""
    houses = [one for one in subjects if one.kind == "greenhouse"]
    row_of = {record.descriptor.device: one.id for one in houses for record in one.devices}
    known = {record.descriptor.device: record for one in subjects for record in one.devices}
    last = [record.last_seen_ms for record in known.values() if record.last_seen_ms is not None]
    silent = [record for record in known.values() if _is_silent(record, scope.now_ms)]
    silent.sort(key=lambda record: record.last_seen_ms or 0)
    waiting = None
    if gateways is not None:
        reported = {state.id for state in gateways if state.last_status_ms is not None}
        fixed = [record.gateway for record in known.values() if record.descriptor.kind not in VEHICLES]
        needed = _gateways_of(scope, fixed, reported)
        waiting = waiting_at(gateways, needed, scope.now_ms, devices_without_gateway=fixed.count(""))
    return DataFact(
        complete=not silent,
        last_ms=max(last, default=None),
        missing=[_missing(record, row_of.get(record.descriptor.device)) for record in silent],
        waiting=None if waiting is None or waiting.unheard else waiting.records,
        at_gateways=waiting,
    )


def _gateways_of(scope: OrgScope, fixed: Iterable[str], reported: Collection[str]) -> set[str]:
    """Return the gateways of the page's fixed devices and, but for a member, those of vehicles that ever reported.

    A log that was imported has a gateway that reports nothing: none of it waits.
    """
    found = {gateway for gateway in fixed if gateway}
    if scope.person is not None:
        return found
    inactive = find_inactive_places(scope.repositories)
    return found | {
        record.gateway
        for record in scope.store.devices(scope.organisation)
        if record.gateway in reported and not inactive.has_device(record.descriptor.device, record.descriptor.site)
    }


def waiting_at(
    states: Iterable[GatewayState], needed: Collection[str], now_ms: int, *, devices_without_gateway: int = 0
) -> WaitingFact:
    """Return what waits on the disks of the gateways `needed`, by their reports; one without a state is not heard.

    Only a gateway that is online and has reported of late is known: the report that an interrupted one left behind
    tells how much waited then.
    """
    by_name = {state.id: state for state in states if state.id in needed}
    heard = [state for state in by_name.values() if _is_heard(state, now_ms)]
    names = {state.id for state in heard}
    unheard = [
        UnheardGateway(gateway=name, reported_ms=by_name[name].last_status_ms if name in by_name else None)
        for name in sorted(set(needed) - names)
    ]
    unheard.sort(key=lambda one: one.reported_ms or 0)
    oldest = [state.spool.oldest_ms for state in heard if state.spool.records and state.spool.oldest_ms is not None]
    oldest_ms = min(oldest, default=None)
    return WaitingFact(
        gateways=len(set(needed)),
        known=len(heard),
        records=sum(state.spool.records for state in heard) if heard else None,
        oldest_ms=oldest_ms,
        is_behind=oldest_ms is not None and now_ms - oldest_ms > RECORD_BEHIND_S * 1000.0,
        unheard=unheard,
        devices_without_gateway=devices_without_gateway,
    )


def _is_heard(state: GatewayState, now_ms: int) -> bool:
    if not state.online or state.last_status_ms is None:
        return False
    return now_ms - state.last_status_ms < GATEWAY_REPORT_OLD_S * 1000.0


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
