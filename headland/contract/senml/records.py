"""SenML records (RFC 8428): parsing of a pack, and its records with their base fields applied.

The one decoder of SenML: `decoder` makes blocks and events of the resolved records, the gateway's MQTT source makes
readings of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from headland.contract.refusals import Reason, Refused

#: Below this a SenML time is relative to now (RFC 8428 section 4.5.3).
ABSOLUTE_FROM_S: Final = 2**28
#: The SenML version that this side supports (RFC 8428 section 4.4).
SENML_VERSION: Final = 10

_HOSTILE = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)
#: A field whose name ends in an underscore must be understood or the pack refused (RFC 8428 section 4.4).
_MUST_UNDERSTAND: Final = re.compile(rb'_"\s*:')
_BASE_FIELD: Final = re.compile(rb'"b(?:n|t|u|v|s|ver)"\s*:')


class SenmlRecord(msgspec.Struct):
    """A record as it is written in the pack."""

    bn: str | None = None
    bt: float | None = None
    bu: str | None = None
    bv: float | None = None
    bs: float | None = None
    bver: int | None = None
    n: str = ""
    u: str | None = None
    v: float | None = None
    vs: str | None = None
    vb: bool | None = None
    vd: str | None = None
    s: float | None = None
    t: float = 0.0


class ResolvedRecord(msgspec.Struct, frozen=True, gc=False):
    """A record with the base fields applied (RFC 8428 sections 4.1 to 4.6).

    `name` includes the base name; `unit` is empty where neither the record nor a base unit names one; `time_s` is
    relative below `ABSOLUTE_FROM_S`; a number includes the base value.
    """

    name: str
    unit: str
    time_s: float
    value: float | str | bool


_PACK: Final = msgspec.json.Decoder(list[SenmlRecord])
_PIECES: Final = msgspec.json.Decoder(list[msgspec.Raw])
_RECORD: Final = msgspec.json.Decoder(SenmlRecord)


def parse_pack(payload: bytes) -> list[SenmlRecord] | Refused:
    """Return the records of a pack; a malformed record refuses the whole pack. Never raises."""
    try:
        records = _PACK.decode(payload)
    except msgspec.ValidationError as error:
        return Refused(Reason.WRONG_SHAPE, str(error)[:200])
    except _HOSTILE as error:
        return Refused(Reason.NOT_JSON, str(error)[:200])
    return _check_pack(payload, records) or records


def parse_records(payload: bytes, most: int) -> list[SenmlRecord | Refused] | Refused:
    """Return the records of a pack, and a refusal in the place of each malformed one. Never raises.

    The whole pack is refused for a malformed record with a base field, on which the records after it depend, and for
    more than `most` records.
    """
    try:
        pieces = _PIECES.decode(payload)
    except msgspec.ValidationError as error:
        return Refused(Reason.WRONG_SHAPE, str(error)[:200])
    except _HOSTILE as error:
        return Refused(Reason.NOT_JSON, str(error)[:200])
    if len(pieces) > most:
        return Refused(Reason.TOO_LARGE, f"{len(pieces)} records, {most} are allowed")
    records: list[SenmlRecord | Refused] = []
    for piece in pieces:
        try:
            records.append(_RECORD.decode(piece))
        except _HOSTILE as error:
            refused = Refused(Reason.WRONG_SHAPE, str(error)[:200])
            if _BASE_FIELD.search(bytes(piece)):
                return refused
            records.append(refused)
    return _check_pack(payload, [record for record in records if isinstance(record, SenmlRecord)]) or records


def resolve_records(records: Iterable[SenmlRecord | Refused]) -> Iterator[ResolvedRecord | Refused]:
    """Yield each record that has a value, resolved, and a refusal for each that cannot be accepted."""
    base_name, base_unit, base_time_s = "", "", 0.0
    base_value: float | None = None
    for record in records:
        if isinstance(record, Refused):
            yield record
            continue
        if record.bn is not None:
            base_name = record.bn
        if record.bu is not None:
            base_unit = record.bu
        if record.bt is not None:
            base_time_s = record.bt
        if record.bv is not None:
            base_value = record.bv
        number = record.v
        if number is None or record.vs is not None or record.vb is not None or record.vd is not None:
            other = _other_value(record, base_value)
            if other is None:
                continue
            if isinstance(other, Refused):
                yield other
                continue
            value = other
        else:
            value = number if base_value is None else number + base_value
        yield ResolvedRecord(base_name + record.n, record.u or base_unit, base_time_s + record.t, value)


def _other_value(record: SenmlRecord, base_value: float | None) -> float | str | bool | Refused | None:
    """Return the value of a record that is not a plain number; None for a record that only has base fields."""
    values = [value for value in (record.v, record.vs, record.vb, record.vd) if value is not None]
    if len(values) > 1:
        return Refused(Reason.WRONG_SHAPE, f"{record.n[:60]!r} has more than one value")
    if record.vd is not None:
        return Refused(Reason.WRONG_SHAPE, "opaque data (vd) is not accepted")
    if values:
        return values[0]
    if record.s is not None:
        return Refused(Reason.WRONG_SHAPE, f"{record.n[:60]!r} has only a sum (s): not accepted")
    if base_value is not None:
        # A value that is absent beside a base value is zero (RFC 8428 section 4.5.4).
        return base_value
    return Refused(Reason.EMPTY, f"{record.n[:60]!r} has no value") if record.n else None


def _check_pack(payload: bytes, records: list[SenmlRecord]) -> Refused | None:
    if _MUST_UNDERSTAND.search(payload):
        detail = "the pack has a field that must be understood (its name ends in _) and is not"
        return Refused(Reason.WRONG_SHAPE, detail)
    newest = max((record.bver or 0 for record in records), default=0)
    if newest > SENML_VERSION:
        return Refused(Reason.WRONG_VERSION, f"SenML version {str(newest)[:20]}, this side supports {SENML_VERSION}")
    return None
