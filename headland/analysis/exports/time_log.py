"""A pass as a time log of ISOXML (TLG): where the machine was, how wide it worked, and what its meter showed."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from headland.agronomy.application.pass_detection import VehicleTelemetry
from headland.agronomy.series.arrays import Times, Values
from headland.analysis.passes.as_applied import AppliedPass
from headland.files.isoxml.task_data import (
    Element,
    ElementKind,
    NamedLog,
    TaskData,
    TaskMachine,
    TaskSpan,
    write_task_data,
)
from headland.files.isoxml.time_log import LoggedValue, LogHeader, LogRecord, TimeLog, write_time_log
from headland.files.zip_members import pack_zip
from headland.units_of_time import DAY_MS

_ELEMENT: Final = "DET-1"
_NAME: Final = "TLG00001"
_WIDTH: Final = 0x0043
_WORK_STATE: Final = 0x008D
_SETPOINT_WORK_STATE: Final = 0x0121
#: Actual rates by time [mm3/s, mg/s] by the channel of the meter, and what 1/min is in them.
_FLOWS: Final = {"flow_l_min": 0x0025, "mass_flow_kg_min": 0x002A}
_PER_MIN: Final = 1e6 / 60.0
#: A value holds until the next one, but no longer than this: then it is not written.
_HOLDS_MS: Final = 5000
#: The fix of a position is not part of the pass.
_FIX_UNKNOWN: Final = 15
_EPOCH_DAYS: Final = 3652
_ISO_NAME: Final = re.compile(r"machine-([0-9a-f]{16})")


def applied_time_log(applied: AppliedPass) -> bytes:
    """Return a ZIP archive of TASKDATA, version 4.3, with the pass as a log in UTC: a record for each position.

    A position at which a value is not known is left out, because readers take the value before.

    Width (DDI 0043) is the swath. With a flow meter there is what it showed (0025, 002A), and the work state by it
    (008D). Without one there is the state that pump or feeder was told (0121, a setpoint): a command is not what was
    applied, and an amount by weight has no flow.
    """
    log = _log_of(applied)
    done = applied.field_pass
    known = _ISO_NAME.fullmatch(done.device)
    machine = TaskMachine("DVC-1", done.device, known[1].upper() if known else "")
    span = TaskSpan(done.start_ms, done.end_ms, 0)
    about = TaskData(
        (NamedLog(_NAME, "TSK-1", f"{done.field.name} {done.device}", (span,)),),
        {machine.id: machine},
        {_ELEMENT: Element(_ELEMENT, ElementKind.DEVICE, machine.id)},
    )
    header, records = write_time_log(log)
    files = {"TASKDATA.XML": write_task_data(about, 4), f"{_NAME}.xml": header, f"{_NAME}.bin": records}
    return pack_zip({f"TASKDATA/{name}": data for name, data in files.items()})


def _log_of(applied: AppliedPass) -> TimeLog:
    done, telemetry = applied.field_pass, applied.inputs.telemetry
    track = telemetry.vehicle.track
    first, end = np.searchsorted(track.time_ms, (done.start_ms, done.end_ms + 1)).tolist()
    times = track.time_ms[first:end]
    values = [(_WIDTH, np.full(len(times), applied.machine.swath_m * 1000.0)), *_work_of(telemetry.vehicle, times)]
    is_known = np.isfinite(np.array([column for _, column in values])).all(axis=0)
    records = []
    for at, time_ms in enumerate(times.tolist()):
        if not is_known[at]:
            continue
        days, ms = divmod(time_ms, DAY_MS)
        place = {
            "north_e7": round(float(track.latitude_deg[first + at]) * 1e7),
            "east_e7": round(float(track.longitude_deg[first + at]) * 1e7),
            "status": _FIX_UNKNOWN,
            "utc_ms_of_day": ms,
            "utc_days": days - _EPOCH_DAYS,
        }
        raw = {index: round(float(column[at])) for index, (_, column) in enumerate(values)}
        records.append(LogRecord(time_ms, place, raw))
    header = LogHeader(("A", "B", "D", "H", "I"), tuple(LoggedValue(ddi, _ELEMENT) for ddi, _ in values))
    return TimeLog(header, tuple(records))


def _work_of(vehicle: VehicleTelemetry, times: Times) -> list[tuple[int, Values]]:
    """Return work state and flow by a meter, else the commanded state, else nothing."""
    flow = vehicle.flow
    if flow.is_known and flow.channel in _FLOWS:
        per_min = _held(flow.time_ms, flow.per_min, times)
        is_working = np.where(np.isfinite(per_min), per_min >= flow.dry_per_min, np.nan)
        return [(_WORK_STATE, is_working), (_FLOWS[flow.channel], per_min * _PER_MIN)]
    commanded = _held(vehicle.pump.time_ms, vehicle.pump.on.astype(np.float64), times)
    return [(_SETPOINT_WORK_STATE, commanded)] if np.isfinite(commanded).any() else []


def _held(time_ms: Times, value: Values, times: Times) -> Values:
    """Return the newest value at each time, NaN where it is older than a value holds."""
    held = np.full(len(times), np.nan)
    if len(time_ms) == 0:
        return held
    at = np.searchsorted(time_ms, times, side="right") - 1
    known = at >= 0
    known[known] &= times[known] - time_ms[at[known]] <= _HOLDS_MS
    held[known] = value[at[known]]
    return held
