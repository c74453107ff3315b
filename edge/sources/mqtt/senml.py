"""SenML JSON packs (RFC 8428) of devices that may have no clock: their relative times are resolved here, on arrival."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from edge.sources.mapping.field_map import Measurement
from edge.sources.mapping.json_tree import HOSTILE
from edge.sources.mqtt.message import DecodedMessage, PlainDecoder, Refusal
from headland.contract.senml.decoder import ABSOLUTE_FROM_S, SENML_VERSION

_MOST_RECORDS: Final = 1000
_INSTANCE: Final = re.compile(r":[0-9]{1,3}\Z")


class _Record(msgspec.Struct):
    bn: str = ""
    bt: float | None = None
    bu: str | None = None
    bv: float | None = None
    bver: int = SENML_VERSION
    n: str = ""
    u: str | None = None
    v: float | None = None
    vb: bool | None = None
    t: float = 0.0


_PACK: Final = msgspec.json.Decoder(list[msgspec.Raw])
_RECORD: Final = msgspec.json.Decoder(_Record)
_BASE: Final = re.compile(rb'"b(?:n|t|u|v|s|ver)"\s*:')
#: A field whose name ends in an underscore must be understood or the pack refused (RFC 8428 section 4.4).
_MUST_UNDERSTAND: Final = re.compile(rb'_"\s*:')


class SenmlDecoder(PlainDecoder):
    """A record's name after its base name is what the device is called, up to its last `:` or `/`, and the channel.

    Where the name has no such prefix, the device is called as the last level of the topic. Text values are left out.
    """

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage | Refusal] | Refusal:
        """Return what each device says at each instant, and a refusal for each record that says nothing."""
        records = _read_records(payload)
        if isinstance(records, Refusal):
            return records
        said: dict[tuple[str, int | None], list[Measurement]] = {}
        refused: list[Refusal] = []
        base = _Record()
        for record in records:
            if isinstance(record, Refusal):
                refused.append(record)
                continue
            base = _Record(
                bn=record.bn or base.bn,
                bt=base.bt if record.bt is None else record.bt,
                bu=base.bu if record.bu is None else record.bu,
                bv=base.bv if record.bv is None else record.bv,
            )
            value = _value(record, base)
            if value is None:
                continue
            device, name = _split_name(base.bn + record.n)
            time_ms = _resolve_ms((base.bt or 0.0) + record.t, now_ms)
            measurement = Measurement(name, value, base.bu if record.u is None else record.u)
            said.setdefault((device or topic.rpartition("/")[2], time_ms), []).append(measurement)
        return [*(DecodedMessage(device, numbers, time_ms) for (device, time_ms), numbers in said.items()), *refused]


def _read_records(payload: bytes) -> list[_Record | Refusal] | Refusal:
    """Return the records of a pack; a wrong one refuses itself, or the pack where others lean on its base fields."""
    try:
        pieces = _PACK.decode(payload)
    except msgspec.ValidationError:
        return Refusal.SHAPE
    except HOSTILE:
        return Refusal.JSON
    if len(pieces) > _MOST_RECORDS:
        return Refusal.TOO_MANY
    if _MUST_UNDERSTAND.search(payload):
        return Refusal.SHAPE
    records: list[_Record | Refusal] = []
    for piece in pieces:
        try:
            record = _RECORD.decode(piece)
        except HOSTILE:
            if _BASE.search(bytes(piece)):
                return Refusal.SHAPE
            records.append(Refusal.SHAPE)
            continue
        if record.bver > SENML_VERSION:
            return Refusal.SHAPE
        records.append(record)
    return records


def _value(record: _Record, base: _Record) -> float | bool | None:
    """Return a record's value: its own plus the base value (RFC 8428 section 4.5.4)."""
    if record.vb is not None:
        return record.vb
    if record.v is None and (base.bv is None or not record.n):
        return None
    return (record.v or 0.0) + (base.bv or 0.0)


def _resolve_ms(time_s: float, now_ms: int) -> int | None:
    """Return the epoch ms of a time; a small one is relative to now (section 4.5.3), and 0 is now: no time at all."""
    if time_s == 0.0 or not abs(time_s) < 1e12:
        return None
    return round(time_s * 1000) + (0 if time_s >= ABSOLUTE_FROM_S else now_ms)


def _split_name(full: str) -> tuple[str, str]:
    """Return (device, name); an instance stays with the name: `urn:dev:mac:0a1b:air_temperature:1`."""
    instance = _INSTANCE.search(full)
    stem = full if instance is None or instance.start() == 0 else full[: instance.start()]
    at = max(stem.rfind("/"), stem.rfind(":"))
    return full[: max(at, 0)], full[at + 1 :]
