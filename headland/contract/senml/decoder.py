"""SenML JSON packs (RFC 8428): the door for devices that do not speak the native batch.

Base fields (bn, bt, bu, bv) are resolved as in sections 4.1 to 4.6. A time must be absolute, which is a resolved value
of 2**28 or more (section 4.5.3): a relative one would have to be guessed from arrival. Only numbers become samples; a
string or boolean becomes an event; sums and opaque data are refused.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Final

import msgspec

from headland.contract.codec import MAX_PAYLOAD_BYTES, MAX_TIME_MS
from headland.contract.records import Block, Clock, Event, is_name
from headland.contract.refusals import Reason, Refused
from headland.contract.senml.channel_names import MAX_NAME, drop_prefix, find_channel
from headland.contract.senml.fast_path import Columns, read_plain

#: Below this a SenML time is relative to now (RFC 8428 section 4.5.3).
ABSOLUTE_FROM_S: Final = 2**28
#: The SenML version that this side understands (RFC 8428 section 4.4).
SENML_VERSION: Final = 10

_LAST_TIME_S: Final = MAX_TIME_MS / 1000
_HOSTILE = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)
#: A field whose name ends in an underscore must be understood or the pack refused (RFC 8428 section 4.4).
_MUST_UNDERSTAND: Final = re.compile(rb'_"\s*:')


class _SenmlRecord(msgspec.Struct):
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
    plain = read_plain(payload, ABSOLUTE_FROM_S, _LAST_TIME_S)
    if plain is not None:
        return Pack(_make_blocks(plain, device, kind, site, simulated=simulated), (), ())
    try:
        records = _DECODER.decode(payload)
    except msgspec.ValidationError as error:
        return Refused(Reason.WRONG_SHAPE, str(error)[:200])
    except _HOSTILE as error:
        return Refused(Reason.NOT_JSON, str(error)[:200])
    if not records:
        return Refused(Reason.EMPTY, "the pack has no records")
    if _MUST_UNDERSTAND.search(payload):
        return Refused(
            Reason.WRONG_SHAPE, "the pack has a field that must be understood (its name ends in _) and is not"
        )
    newest = max(record.bver or 0 for record in records)
    if newest > SENML_VERSION:
        return Refused(Reason.WRONG_VERSION, f"SenML version {str(newest)[:20]}, this side speaks {SENML_VERSION}")
    resolver = _Resolver(device, kind, site, simulated)
    resolver.resolve(records)
    return resolver.pack()


def encode_senml(block: Block) -> bytes:
    """Return a SenML JSON pack of a block's samples, in the block's order; flags have no place in SenML."""
    records: list[dict[str, object]] = []
    for channel, column in block.c.items():
        for offset_ms, value in zip(block.dt, column, strict=True):
            if value is not None and math.isfinite(value):
                records.append({"n": channel, "t": (block.t0 + offset_ms) / 1000, "v": value})
    if records:
        records[0] = {"bn": f"urn:dev:{block.device}:", **records[0]}
    return msgspec.json.encode(records)


@dataclass(slots=True)
class _Resolver:
    """Resolves the records of one pack one after the other."""

    device: str
    kind: str
    site: str
    simulated: bool
    base_name: str = ""
    base_time_s: float = 0.0
    base_unit: str = ""
    base_value: float = 0.0
    has_base_value: bool = False
    channels: dict[str, tuple[list[int], list[float | None]]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def resolve(self, records: list[_SenmlRecord]) -> None:
        """Take records in, in order: of each its base fields, then its value."""
        for record in records:
            if record.bn is not None or record.bt is not None or record.bu is not None or record.bv is not None:
                self._rebase(record)
            if record.v is None or record.vs is not None or record.vb is not None or record.vd is not None:
                self._add_other(record)
            else:
                self._add_number(record, self.base_time_s + record.t, record.v)

    def pack(self) -> Pack:
        """Return everything taken in; channels that share their times share a block."""
        columns: Columns = {}
        for channel, (times_ms, values) in self.channels.items():
            columns.setdefault(tuple(times_ms), {})[channel] = values
        blocks = _make_blocks(columns, self.device, self.kind, self.site, simulated=self.simulated)
        return Pack(blocks, tuple(self.events), tuple(self.refused))

    def _rebase(self, record: _SenmlRecord) -> None:
        self.base_name = self.base_name if record.bn is None else record.bn
        self.base_time_s = self.base_time_s if record.bt is None else record.bt
        self.base_unit = self.base_unit if record.bu is None else record.bu
        if record.bv is not None:
            self.base_value, self.has_base_value = record.bv, True

    def _add_number(self, record: _SenmlRecord, time_s: float, value: float) -> None:
        """Take in a number, or say why it is refused."""
        if not ABSOLUTE_FROM_S <= time_s < _LAST_TIME_S:
            self.refused.append(_refuse_time(time_s))
            return
        found = find_channel(self.base_name + record.n, record.u or self.base_unit)
        if isinstance(found, Refused):
            self.refused.append(found)
            return
        channel, factor = found
        value = (value + self.base_value) * factor
        if not math.isfinite(value):
            self.refused.append(Refused(Reason.WRONG_SHAPE, f"{record.n[:60]!r} is not a finite number"))
            return
        times_ms, values = self.channels.setdefault(channel, ([], []))
        times_ms.append(round(time_s * 1000))
        values.append(value)

    def _add_other(self, record: _SenmlRecord) -> None:
        """Take in a record that is no plain number."""
        time_s = self.base_time_s + record.t
        given = [word for word in (record.v, record.vs, record.vb, record.vd) if word is not None]
        if len(given) > 1:
            self.refused.append(Refused(Reason.WRONG_SHAPE, f"{record.n[:60]!r} has more than one value"))
        elif record.vd is not None:
            self.refused.append(Refused(Reason.WRONG_SHAPE, "opaque data (vd) is not accepted"))
        elif given:
            self._add_event(record, time_s, record.vb if record.vs is None else record.vs)
        elif record.s is not None:
            self.refused.append(Refused(Reason.WRONG_SHAPE, f"{record.n[:60]!r} has only a sum (s): not accepted"))
        elif self.has_base_value:
            # A value that is absent beside a base value is zero (RFC 8428 section 4.5.4).
            self._add_number(record, time_s, 0.0)
        elif record.n:
            self.refused.append(Refused(Reason.EMPTY, f"{record.n[:60]!r} has no value"))

    def _add_event(self, record: _SenmlRecord, time_s: float, value: str | bool | None) -> None:
        name = drop_prefix((self.base_name + record.n)[-MAX_NAME:])
        if not ABSOLUTE_FROM_S <= time_s < _LAST_TIME_S:
            self.refused.append(_refuse_time(time_s))
            return
        if not is_name(name):
            self.refused.append(Refused(Reason.BAD_NAME, f"{name[:80]!r} is no event name"))
            return
        self.events.append(
            Event(
                t=round(time_s * 1000),
                device=self.device,
                kind=name,
                device_kind=self.kind,
                site=self.site,
                clock=Clock.RTC,
                data={"value": value},
                simulated=self.simulated,
            )
        )


def _make_blocks(columns: Columns, device: str, kind: str, site: str, *, simulated: bool) -> tuple[Block, ...]:
    blocks = []
    for times_ms, of_times in columns.items():
        t0 = min(times_ms)
        dt = [time_ms - t0 for time_ms in times_ms]
        blocks.append(
            Block(device=device, kind=kind, site=site, clock=Clock.RTC, t0=t0, dt=dt, c=of_times, simulated=simulated)
        )
    return tuple(blocks)


def _refuse_time(time_s: float) -> Refused:
    if time_s < ABSOLUTE_FROM_S:
        return Refused(Reason.RELATIVE_TIME, f"time {time_s} is relative; an absolute one is required")
    return Refused(Reason.BAD_TIME, f"time {time_s} is out of range")
