"""SenML JSON packs (RFC 8428) of devices that may have no clock: their relative times are resolved here, on arrival."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from edge.fields import Measurement
from edge.json_tree import HOSTILE
from edge.mqtt_devices.said import PlainDecoder, Refusal, Said
from headland.contract.senml import ABSOLUTE_FROM_S, SENML_VERSION

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


_DECODER: Final = msgspec.json.Decoder(list[_Record])


class SenmlDecoder(PlainDecoder):
    """A record's name after its base name is what the device is called, up to its last `:` or `/`, and the channel.

    Where the name has no such prefix, the device is called as the last level of the topic. Text values are left out.
    """

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[Said] | Refusal:
        """Return what each device says at each instant."""
        try:
            records = _DECODER.decode(payload)
        except msgspec.ValidationError:
            return Refusal.SHAPE
        except HOSTILE:
            return Refusal.JSON
        if len(records) > _MOST_RECORDS or any(one.bver > SENML_VERSION for one in records):
            return Refusal.SHAPE
        said: dict[tuple[str, int | None], list[Measurement]] = {}
        base = _Record()
        for record in records:
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
        return [Said(device, measurements, time_ms) for (device, time_ms), measurements in said.items()]


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
