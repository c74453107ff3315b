"""SenML JSON packs (RFC 8428): the door for devices that do not speak the native batch.

Base fields (bn, bt, bu, bv) are resolved as in section 4.1 to 4.6. A time must be absolute, which is a resolved value of 2**28
or more (section 4.5.3): a relative one would have to be guessed from arrival. Only numbers become samples; a string
or boolean becomes an event, and opaque data is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import msgspec

from headland.contract.codec import MAX_PAYLOAD_BYTES, MAX_TIME_MS
from headland.contract.quantities import QUANTITIES, split_channel, unit_of_name
from headland.contract.records import Block, Clock, Event, is_name
from headland.contract.refusals import Reason, Refused

#: Below this a SenML time is relative to now (RFC 8428 section 4.5.3).
ABSOLUTE_FROM_S: Final = 2**28

#: SenML unit -> our unit symbol and the factor that takes a SenML value to ours (registry of RFC 8428 section 12.1).
_UNITS: Final[dict[str, tuple[str, float]]] = {
    "%": ("%", 1.0),
    "%RH": ("%", 1.0),
    "%EL": ("%", 1.0),
    "/": ("1", 1.0),
    "A": ("A", 1.0),
    "Cel": ("degC", 1.0),
    "Pa": ("hPa", 0.01),
    "V": ("V", 1.0),
    "W/m2": ("W/m2", 1.0),
    "count": ("1", 1.0),
    "l": ("L", 1.0),
    "l/s": ("L/min", 60.0),
    "lat": ("deg", 1.0),
    "lon": ("deg", 1.0),
    "m": ("m", 1.0),
    "m/s": ("m/s", 1.0),
    "ppm": ("ppm", 1.0),
    "rad": ("rad", 1.0),
    "s": ("s", 1.0),
}
_SUFFIX_OF_UNIT: Final = {
    "%": "pct",
    "A": "a",
    "degC": "degc",
    "hPa": "hpa",
    "V": "v",
    "W/m2": "w_m2",
    "L": "l",
    "L/min": "l_min",
    "deg": "deg",
    "m": "m",
    "m/s": "m_s",
    "ppm": "ppm",
    "rad": "rad",
    "s": "s",
}
_HOSTILE = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)


class _SenmlRecord(msgspec.Struct):
    bn: str = ""
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
    t: float | None = None


_DECODER = msgspec.json.Decoder(list[_SenmlRecord])


@dataclass(frozen=True, slots=True)
class Pack:
    """The samples and events of a pack, and why its other records were left out."""

    blocks: tuple[Block, ...]
    events: tuple[Event, ...]
    refused: tuple[Refused, ...]


def decode_senml(payload: bytes, device: str, kind: str, site: str, *, simulated: bool = False) -> Pack | Refused:
    """Return what a SenML JSON pack says of `device`, or why the whole is refused. Never raises.

    A record's name, after the base name, is a channel (`air_temperature_degc`) or a channel without its unit
    (`air_temperature` with `u: Cel`); a prefix up to the last `/` or `:` names the device and is dropped.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        return Refused(Reason.TOO_LARGE, f"{len(payload)} bytes, {MAX_PAYLOAD_BYTES} are allowed")
    try:
        records = _DECODER.decode(payload)
    except msgspec.ValidationError as error:
        return Refused(Reason.WRONG_SHAPE, str(error)[:200])
    except _HOSTILE as error:
        return Refused(Reason.NOT_JSON, str(error)[:200])
    if not records:
        return Refused(Reason.EMPTY, "the pack has no records")
    return _resolve(records, device, kind, site, simulated=simulated)


def encode_senml(block: Block) -> bytes:
    """Return a SenML JSON pack of a block's samples, in the block's order; flags have no place in SenML."""
    records: list[dict[str, object]] = []
    for channel, column in block.c.items():
        for offset_ms, value in zip(block.dt, column, strict=True):
            if value is not None:
                records.append({"n": channel, "t": (block.t0 + offset_ms) / 1000, "v": value})
    if records:
        records[0] = {"bn": f"urn:dev:{block.device}:", **records[0]}
    return msgspec.json.encode(records)


def _resolve(records: list[_SenmlRecord], device: str, kind: str, site: str, *, simulated: bool) -> Pack:
    columns: dict[str, tuple[list[int], list[float | None]]] = {}
    events: list[Event] = []
    refused: list[Refused] = []
    base_name, base_time, base_unit, base_value = "", 0.0, "", 0.0
    for record in records:
        base_name = record.bn or base_name
        base_time = record.bt if record.bt is not None else base_time
        base_unit = record.bu if record.bu is not None else base_unit
        base_value = record.bv if record.bv is not None else base_value
        if record.bver is not None and record.bver > 10:
            refused.append(Refused(Reason.WRONG_VERSION, f"SenML version {record.bver}"))
            continue
        name = _last_word(base_name + record.n)
        time_ms = _time_ms(base_time + (record.t or 0.0))
        if isinstance(time_ms, Refused):
            refused.append(time_ms)
        elif record.v is not None or (record.bv is not None and record.vs is None and record.vb is None):
            sample = _sample(name, record.u or base_unit, base_value + (record.v or 0.0))
            if isinstance(sample, Refused):
                refused.append(sample)
            else:
                times, values = columns.setdefault(sample[0], ([], []))
                times.append(time_ms)
                values.append(sample[1])
        elif record.vs is not None or record.vb is not None:
            data = record.vs if record.vs is not None else record.vb
            if is_name(name):
                events.append(
                    Event(
                        t=time_ms,
                        device=device,
                        kind=name,
                        device_kind=kind,
                        site=site,
                        clock=Clock.RTC,
                        data={"value": data},
                        simulated=simulated,
                    )
                )
            else:
                refused.append(Refused(Reason.BAD_NAME, f"{name[:80]!r} is no event name"))
        elif record.vd is not None:
            refused.append(Refused(Reason.WRONG_SHAPE, "opaque data (vd) is not accepted"))
    return Pack(_blocks(columns, device, kind, site, simulated=simulated), tuple(events), tuple(refused))


def _blocks(
    columns: dict[str, tuple[list[int], list[float | None]]], device: str, kind: str, site: str, *, simulated: bool
) -> tuple[Block, ...]:
    blocks = []
    for channel, (times, values) in columns.items():
        t0 = min(times)
        blocks.append(
            Block(
                device=device,
                kind=kind,
                site=site,
                clock=Clock.RTC,
                t0=t0,
                dt=[t - t0 for t in times],
                c={channel: values},
                simulated=simulated,
            )
        )
    return tuple(blocks)


def _time_ms(time_s: float) -> int | Refused:
    if not time_s < MAX_TIME_MS / 1000:
        return Refused(Reason.BAD_TIME, f"time {time_s} is out of range")
    if time_s < ABSOLUTE_FROM_S:
        return Refused(Reason.RELATIVE_TIME, f"time {time_s} is relative; an absolute one is required")
    return round(time_s * 1000)


def _sample(name: str, senml_unit: str, value: float) -> tuple[str, float] | Refused:
    """Return (channel, value in the channel's unit), where name and unit agree."""
    unit, factor = _UNITS.get(senml_unit, ("", 1.0))
    if senml_unit and not unit:
        return Refused(Reason.UNKNOWN_CHANNEL, f"unit {senml_unit[:20]!r} of {name[:60]!r} is not known")
    if not value - value == 0.0:
        return Refused(Reason.WRONG_SHAPE, f"{name[:60]!r} is not a finite number")
    parts = split_channel(name)
    if parts is None:
        return Refused(Reason.UNKNOWN_CHANNEL, f"{name[:80]!r} is no channel")
    known = QUANTITIES.get(parts[0])
    own_unit = known.unit if known is not None else unit_of_name(parts[0])
    if own_unit is not None:
        if unit and unit != own_unit:
            return Refused(Reason.UNKNOWN_CHANNEL, f"{name[:60]!r} is in {own_unit}, the record says {senml_unit}")
        return name, value * factor
    suffix = _SUFFIX_OF_UNIT.get(unit)
    if suffix is None:
        return Refused(Reason.UNKNOWN_CHANNEL, f"{name[:80]!r} carries no unit")
    instance = "" if parts[1] is None else f":{parts[1]}"
    return f"{parts[0]}_{suffix}{instance}", value * factor


def _last_word(name: str) -> str:
    """Drop a device prefix, keep an instance: `urn:dev:mac:0a1b:air_temperature_degc:1` -> `air_temperature_degc:1`."""
    match = re.search(r"([A-Za-z][A-Za-z0-9_.-]*(?::[0-9]{1,3})?)$", name)
    return match[1] if match else name
