"""Observations of OGC SensorThings 1.1 (18-088) that programs post, as records of existing Datastreams. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from headland.contract.posts.packs import PostedRecord
from headland.contract.refusals import Reason, Refused
from headland.contract.senml.records import ABSOLUTE_FROM_S

_ID: Final = "@iot.id"
_STREAM: Final = "Datastream"
_TIME: Final = "phenomenonTime"
_RESULT: Final = "result"
#: Components of a data array by which an Observation is read; others are passed over.
_READ: Final = (_TIME, _RESULT)
_SHOWN: Final = 80
_HOSTILE: Final = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)


class Stream(NamedTuple):
    """An existing Datastream: the device and the channel of its samples."""

    device: str
    channel: str


#: Finds a Datastream by its id, else says why nothing can be written into it.
FindStream = Callable[[str], Stream | Refused]


def read_observation(body: bytes, find: FindStream, stream_id: str | None = None) -> PostedRecord | Refused:
    """Return the record of one Observation; `stream_id` is the Datastream of the address. Never raises."""
    entity = _parse(body)
    if isinstance(entity, Refused):
        return entity
    if not isinstance(entity, dict):
        return Refused(Reason.WRONG_SHAPE, "the Observation is no object")
    named = stream_id if stream_id is not None else _stream_of(entity)
    return named if isinstance(named, Refused) else _record_of(named, entity, find)


def read_data_arrays(body: bytes, find: FindStream) -> Sequence[PostedRecord | Refused]:
    """Return a record for each row of the data arrays of `CreateObservations`, or why it is none. Never raises."""
    groups = _parse(body)
    if isinstance(groups, Refused):
        return [groups]
    if not isinstance(groups, list) or not groups:
        return [Refused(Reason.WRONG_SHAPE, "the body is no list of data arrays")]
    rows: list[PostedRecord | Refused] = []
    for group in groups:
        rows += _rows_of(group, find) if isinstance(group, dict) else [_misshapen("a data array is no object")]
    return rows or [Refused(Reason.WRONG_SHAPE, "the data arrays have no rows")]


def _rows_of(group: Mapping[str, Any], find: FindStream) -> Sequence[PostedRecord | Refused]:
    components, array = group.get("components"), group.get("dataArray")
    if not isinstance(components, list) or not isinstance(array, list):
        return [_misshapen("a data array has no lists `components` and `dataArray`")]
    named = _stream_of(group)
    if isinstance(named, Refused):
        return [named] * max(1, len(array))
    rows: list[PostedRecord | Refused] = []
    for row in array:
        if not isinstance(row, list) or len(row) != len(components):
            rows.append(_misshapen(f"a row has not the {len(components)} components"))
        else:
            entity = {name: value for name, value in zip(components, row, strict=True) if name in _READ}
            rows.append(_record_of(named, entity, find))
    return rows


def _record_of(stream_id: str, entity: Mapping[str, Any], find: FindStream) -> PostedRecord | Refused:
    stream = find(stream_id)
    if isinstance(stream, Refused):
        return stream
    time_s = _time_s(entity.get(_TIME))
    if isinstance(time_s, Refused):
        return time_s
    value = entity.get(_RESULT)
    if isinstance(value, bool):
        value = float(value)
    if not isinstance(value, int | float) or not math.isfinite(value):
        return _misshapen(f"result {str(value)[:_SHOWN]!r} is no number")
    return PostedRecord(stream.device, stream.channel, "", time_s, float(value))


def _time_s(value: object) -> float | Refused:
    """Return an instant in epoch seconds, 0.0 where there is none."""
    if value is None:
        return 0.0
    bad = Refused(Reason.BAD_TIME, f"phenomenonTime {str(value)[:_SHOWN]!r} is no instant with a zone, since July 1978")
    if not isinstance(value, str) or len(value) > _SHOWN:
        return bad
    try:
        moment = datetime.fromisoformat(value)
        if moment.utcoffset() is None:
            return bad
        time_s = round(moment.timestamp() * 1000) / 1000
    except (ValueError, OverflowError):
        return bad
    return time_s if time_s >= ABSOLUTE_FROM_S else bad


def _stream_of(entity: Mapping[str, Any]) -> str | Refused:
    stream = entity.get(_STREAM)
    id_ = stream.get(_ID) if isinstance(stream, dict) else None
    return id_ if isinstance(id_, str) else _misshapen(f"{_STREAM} has no {_ID}")


def _parse(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except _HOSTILE as error:
        return Refused(Reason.NOT_JSON, f"the body is no JSON: {error}"[:200])


def _misshapen(detail: str) -> Refused:
    return Refused(Reason.WRONG_SHAPE, detail)
