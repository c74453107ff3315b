"""SenML packs of devices that publish by themselves (RFC 8428), as blocks and events of the native batch.

A time must be absolute, which is a resolved value of 2**28 or more (section 4.5.3): a relative one would have to be
guessed from the arrival. Only numbers become samples; a text or a boolean becomes an event; sums and opaque data are
refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from headland.contract.codec import MAX_PAYLOAD_BYTES, MAX_TIME_MS
from headland.contract.records import Block, Clock, Event, is_name
from headland.contract.refusals import Reason, Refused
from headland.contract.senml.channel_names import MAX_NAME, drop_prefix, find_channel
from headland.contract.senml.fast_path import Columns, read_plain
from headland.contract.senml.records import ABSOLUTE_FROM_S, ResolvedRecord, parse_pack, resolve_records

_LAST_TIME_S: Final = MAX_TIME_MS / 1000


@dataclass(frozen=True, slots=True)
class Pack:
    """Samples and events of a pack, and a refusal for each other record."""

    blocks: tuple[Block, ...]
    events: tuple[Event, ...]
    refused: tuple[Refused, ...]


def decode_senml(payload: bytes, device: str, kind: str, site: str, *, simulated: bool = False) -> Pack | Refused:
    """Return the samples and events of a SenML JSON pack of `device`, or why the whole is refused. Never raises.

    The name of a record, base name included, is a channel (`air_temperature_degc`) or a channel without its unit
    (`air_temperature` with `u: Cel`); a prefix up to the last `/` or `:` names the device and is dropped.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        return Refused(Reason.TOO_LARGE, f"{len(payload)} bytes, {MAX_PAYLOAD_BYTES} are allowed")
    plain = read_plain(payload, ABSOLUTE_FROM_S, _LAST_TIME_S)
    if plain is not None:
        return Pack(_make_blocks(plain, device, kind, site, simulated=simulated), (), ())
    records = parse_pack(payload)
    if isinstance(records, Refused):
        return records
    if not records:
        return Refused(Reason.EMPTY, "the pack has no records")
    builder = _PackBuilder(device, kind, site, simulated)
    builder.collect(resolve_records(records))
    return builder.pack()


def encode_senml(block: Block) -> bytes:
    """Return a SenML JSON pack of a block's samples, in the block's order; SenML has no quality flags."""
    records: list[dict[str, object]] = []
    for channel, column in block.c.items():
        for offset_ms, value in zip(block.dt, column, strict=True):
            if value is not None and math.isfinite(value):
                records.append({"n": channel, "t": (block.t0 + offset_ms) / 1000, "v": value})
    if records:
        records[0] = {"bn": f"urn:dev:{block.device}:", **records[0]}
    return msgspec.json.encode(records)


@dataclass(slots=True)
class _PackBuilder:
    """Collects the samples, events and refusals of one pack."""

    device: str
    kind: str
    site: str
    simulated: bool
    channels: dict[str, tuple[list[int], list[float | None]]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def collect(self, records: Iterable[ResolvedRecord | Refused]) -> None:
        """Add the sample or event of each record, or why it is refused."""
        for record in records:
            if isinstance(record, Refused):
                self.refused.append(record)
                continue
            time_s, value = record.time_s, record.value
            if not ABSOLUTE_FROM_S <= time_s < _LAST_TIME_S:
                self.refused.append(_refuse_time(time_s))
            elif isinstance(value, str | bool):
                self._add_event(record, value)
            else:
                self._add_sample(record.name, record.unit, time_s, value)

    def pack(self) -> Pack:
        """Return everything collected; channels that share their times share a block."""
        columns: Columns = {}
        for channel, (times_ms, values) in self.channels.items():
            columns.setdefault(tuple(times_ms), {})[channel] = values
        blocks = _make_blocks(columns, self.device, self.kind, self.site, simulated=self.simulated)
        return Pack(blocks, tuple(self.events), tuple(self.refused))

    def _add_sample(self, name: str, unit: str, time_s: float, value: float) -> None:
        meaning = find_channel(name, unit)
        if isinstance(meaning, Refused):
            self.refused.append(meaning)
            return
        channel, factor = meaning
        value *= factor
        if not math.isfinite(value):
            self.refused.append(Refused(Reason.WRONG_SHAPE, f"{name[-60:]!r} is not a finite number"))
            return
        column = self.channels.get(channel)
        if column is None:
            column = self.channels[channel] = ([], [])
        column[0].append(round(time_s * 1000))
        column[1].append(value)

    def _add_event(self, record: ResolvedRecord, value: str | bool) -> None:
        name = drop_prefix(record.name[-MAX_NAME:])
        if not is_name(name):
            self.refused.append(Refused(Reason.BAD_NAME, f"{name[:80]!r} is not a valid event name"))
            return
        if isinstance(value, str) and "\0" in value:
            self.refused.append(Refused(Reason.WRONG_SHAPE, f"the text of {name} has a NUL character"))
            return
        self.events.append(
            Event(
                t=round(record.time_s * 1000),
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
    for times_ms, channels in columns.items():
        t0 = min(times_ms)
        dt = [time_ms - t0 for time_ms in times_ms]
        blocks.append(
            Block(device=device, kind=kind, site=site, clock=Clock.RTC, t0=t0, dt=dt, c=channels, simulated=simulated)
        )
    return tuple(blocks)


def _refuse_time(time_s: float) -> Refused:
    if time_s < ABSOLUTE_FROM_S:
        return Refused(Reason.RELATIVE_TIME, f"time {time_s} is relative; an absolute one is required")
    return Refused(Reason.BAD_TIME, f"time {time_s} is out of range")
