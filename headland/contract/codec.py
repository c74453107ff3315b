"""Codec of native batches (columnar JSON, deflated with zlib level 1) and of the small plain-JSON records.

Decoding accepts any bytes and never raises: unreadable input is a `Refused` value.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from headland.contract.records import Ack, Batch, Block, Descriptor, Event, GatewayStatus, Record, is_name
from headland.contract.refusals import Reason, Refused
from headland.contract.texts import is_displayable, is_readable

VERSION: Final = 1

#: Size limit of an MQTT message; below the limit of every configured broker.
MAX_PAYLOAD_BYTES: Final = 128 * 1024
#: Size limit of an inflated payload: columnar JSON shrinks 4 to 20 times, 64 times is an attack.
MAX_INFLATED_BYTES: Final = 8 * 1024 * 1024
#: The longest span of one block; a larger offset is damage, not data.
MAX_BLOCK_SPAN_MS: Final = 2**40
#: 9999-12-31: no later code can overflow a calendar.
MAX_TIME_MS: Final = 253_402_300_799_999
MAX_SEQ: Final = 2**62
#: Channels of one descriptor, letters of a name in an event's data, and letters of a spool's trouble.
MAX_CHANNELS: Final = 2000
MAX_DATA_NAME: Final = 100
MAX_TROUBLE: Final = 4000
#: Sources of one gateway in its status.
MAX_SOURCES: Final = 200
#: Ended epochs of one gateway in its status.
MAX_ENDED: Final = 20
#: Ranges of missing records of one gateway in its status.
MAX_SHORTENED: Final = 20
#: Names of refused and of replaced alarm rules of one gateway in its status, of each.
MAX_NAMED_RULES: Final = 20

_FLAGS: Final = frozenset((1, 2, 3, 4, 9))
_HOSTILE = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)


class _Envelope(Record, frozen=True, kw_only=True):
    """A batch with raw parts, so that a malformed block does not cost the others."""

    v: int
    gw: str
    epoch: str
    seq: int
    first: int | None = None
    blocks: list[msgspec.Raw] = msgspec.field(default_factory=list)
    events: list[msgspec.Raw] = msgspec.field(default_factory=list)


_ENCODER = msgspec.json.Encoder()
_BATCH = msgspec.json.Decoder(Batch)
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_BLOCK = msgspec.json.Decoder(Block)
_EVENT = msgspec.json.Decoder(Event)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])

R = TypeVar("R", Ack, Descriptor, GatewayStatus)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A batch of its valid parts, and a refusal for each other part."""

    batch: Batch
    refused: tuple[Refused, ...] = ()


def encode_batch(batch: Batch) -> bytes:
    """Return the message payload of a batch; the caller limits it to `MAX_PAYLOAD_BYTES`.

    NaN and infinity, which JSON does not have, become null.
    """
    return zlib.compress(_ENCODER.encode(batch), 1)


def decode_batch(payload: bytes) -> Decoded | Refused:
    """Return the batch in `payload` without its invalid parts, or why the whole is refused. Never raises."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        return Refused(Reason.TOO_LARGE, f"{len(payload)} bytes, {MAX_PAYLOAD_BYTES} are allowed")
    text = _inflate(payload)
    if isinstance(text, Refused):
        return text
    try:
        batch = _BATCH.decode(text)
        refused: list[Refused] = []
    except _HOSTILE:
        salvaged = _salvage(text)
        if isinstance(salvaged, Refused):
            return salvaged
        batch, refused = salvaged
    refusal = _check_envelope(batch)
    if refusal is not None:
        return refusal
    blocks = _valid_parts(batch.blocks, refused)
    events = _valid_parts(batch.events, refused)
    if refused:
        batch = msgspec.structs.replace(batch, blocks=blocks, events=events)
    return Decoded(batch, tuple(refused))


def readdress(payload: bytes, *, gateway: str, epoch: str, first: int, seq: int) -> bytes | Refused:
    """Return the message with another gateway, epoch and range and the same blocks, events and further fields.

    Parts that a reader would refuse are carried along. Never raises.
    """
    text = _inflate(payload)
    if isinstance(text, Refused):
        return text
    try:
        fields = _FIELDS.decode(text)
    except _HOSTILE as error:
        return Refused(Reason.NOT_JSON, str(error)[:200])
    header = {"gw": gateway, "epoch": epoch, "seq": seq} | ({} if first == seq else {"first": first})
    fields.pop("first", None)
    addressed = _ENCODER.encode({**fields, **header})
    packed = zlib.compress(addressed, 1)
    return packed if len(packed) <= MAX_PAYLOAD_BYTES else zlib.compress(addressed, 9)


def check_block(block: Block) -> Refused | None:
    """Return why a block of the right types is invalid, or None."""
    for name in (block.device, block.kind, block.site):
        if not is_name(name):
            return Refused(Reason.BAD_NAME, f"{name[:80]!r} is not a valid name of a device, kind or site")
    rows = len(block.dt)
    if rows == 0:
        return Refused(Reason.EMPTY, f"a block of {block.device} has no rows")
    latest = max(block.dt)
    if block.t0 < 0 or min(block.dt) < 0 or latest > MAX_BLOCK_SPAN_MS or block.t0 + latest > MAX_TIME_MS:
        return Refused(Reason.BAD_TIME, f"times of a block of {block.device} are out of range")
    for channel, column in block.c.items():
        if len(column) != rows:
            return Refused(Reason.UNEVEN_COLUMNS, f"{channel[:80]} has {len(column)} values for {rows} rows")
    for channel, flags in block.q.items():
        if channel not in block.c or len(flags) != rows or not _FLAGS.issuperset(flags):
            return Refused(Reason.BAD_QUALITY, f"the quality flags of {channel[:80]} do not match its values")
    return None


def check_event(event: Event) -> Refused | None:
    """Return why an event of the right types is invalid, or None."""
    for name in (event.device, event.kind, event.device_kind, event.site):
        if not is_name(name):
            return Refused(Reason.BAD_NAME, f"{name[:80]!r} is not a valid name of a device, kind or site")
    if not 0 <= event.t <= MAX_TIME_MS:
        return Refused(Reason.BAD_TIME, f"an event of {event.device} is at {_short(event.t)}")
    for name, value in event.data.items():
        if not is_displayable(name, MAX_DATA_NAME):
            return Refused(Reason.BAD_NAME, f"{name[:80]!r} is not a valid name in the data of an event")
        if (isinstance(value, str) and "\0" in value) or (isinstance(value, int) and abs(value) >= 2**63):
            return Refused(Reason.WRONG_SHAPE, f"{name[:80]!r} of an event of {event.device} cannot be stored")
    return None


def check_descriptor(descriptor: Descriptor) -> Refused | None:
    """Return why a descriptor of the right types is invalid, or None; its names are checked against its topic."""
    for text in (descriptor.name, descriptor.model, descriptor.software):
        if not is_displayable(text):
            return Refused(Reason.WRONG_SHAPE, f"{text[:80]!r} is too long or has control characters")
    if len(descriptor.channels) > MAX_CHANNELS:
        return Refused(Reason.TOO_LARGE, f"{len(descriptor.channels)} channels, {MAX_CHANNELS} are allowed")
    for channel, info in descriptor.channels.items():
        texts = (channel, info.unit, info.sensor or "", info.evidence or "", info.calibration or "")
        if not all(is_displayable(text) for text in texts):
            return Refused(Reason.WRONG_SHAPE, f"the channel {channel[:80]!r} is too long or has control characters")
    for degrees, most in ((descriptor.latitude_deg, 90.0), (descriptor.longitude_deg, 180.0)):
        if degrees is not None and not -most <= degrees <= most:
            return Refused(Reason.WRONG_SHAPE, f"{degrees} is not a latitude or longitude")
    return None


def check_status(status: GatewayStatus) -> Refused | None:
    """Return why a status of the right types is invalid, or None."""
    spool = status.spool
    words = (status.software, status.delete_on, status.instance, spool.epoch_reason)
    if not all(is_displayable(text) for text in words) or not is_readable(spool.trouble, MAX_TROUBLE):
        return Refused(Reason.WRONG_SHAPE, "a text is too long or has control characters")
    if len(status.sources) > MAX_SOURCES:
        return Refused(Reason.WRONG_SHAPE, f"{len(status.sources)} sources are more than {MAX_SOURCES}")
    if not all(
        is_displayable(text) for source in status.sources for text in (source.name, source.type, source.trouble)
    ):
        return Refused(Reason.WRONG_SHAPE, "a text of a source is too long or has control characters")
    for time_ms in (status.t, spool.oldest_ms, spool.epoch_ms, status.overdue_ms):
        if time_ms is not None and not 0 <= time_ms <= MAX_TIME_MS:
            return Refused(Reason.BAD_TIME, f"a time is {_short(time_ms)}")
    counts = (spool.records, spool.bytes, spool.dropped_records, spool.dropped_points, spool.thinned_points)
    restarts = (source.restarts for source in status.sources)
    acked = (status.acked_seq or 0, *(each.acked_seq for each in status.ended))
    for count in (*counts, spool.renewals, spool.shortened_records, *acked, *restarts):
        if not 0 <= count <= MAX_SEQ:
            return Refused(Reason.WRONG_SHAPE, f"a count is {_short(count)}")
    return _check_epochs(status) or _check_rules(status)


def _check_rules(status: GatewayStatus) -> Refused | None:
    """Return what is wrong with the report on the farm's rules in a status, or None."""
    rules = status.rules
    if rules is None:
        return None
    texts = (rules.revision, rules.rejected, rules.rejected_revision, *rules.refused_names, *rules.replaced_names)
    if not all(is_displayable(text, MAX_DATA_NAME) for text in texts):
        return Refused(Reason.WRONG_SHAPE, "a text about alarm rules is too long or has control characters")
    if max(len(rules.refused_names), len(rules.replaced_names)) > MAX_NAMED_RULES:
        return Refused(Reason.WRONG_SHAPE, f"more than {MAX_NAMED_RULES} names of alarm rules")
    for time_ms in (rules.since_ms, rules.rejected_ms):
        if time_ms is not None and not 0 <= time_ms <= MAX_TIME_MS:
            return Refused(Reason.BAD_TIME, f"a time is {_short(time_ms)}")
    for count in (rules.number, rules.applied, rules.refused, rules.replaced):
        if not 0 <= count <= MAX_SEQ:
            return Refused(Reason.WRONG_SHAPE, f"a count is {_short(count)}")
    return None


def _check_epochs(status: GatewayStatus) -> Refused | None:
    """Return what is wrong with the epochs that a status names, or None."""
    if len(status.ended) > MAX_ENDED:
        return Refused(Reason.WRONG_SHAPE, f"{len(status.ended)} ended epochs are more than {MAX_ENDED}")
    if len(status.shortened) > MAX_SHORTENED:
        return Refused(Reason.WRONG_SHAPE, f"{len(status.shortened)} missing ranges are more than {MAX_SHORTENED}")
    told = (*(each.epoch for each in status.ended), *(each.epoch for each in status.shortened))
    for epoch in (*([status.epoch] if status.epoch else []), *told):
        if not is_name(epoch):
            return Refused(Reason.BAD_NAME, f"{epoch[:80]!r} is not a valid epoch")
    for missing in status.shortened:
        if not 0 < missing.first_seq <= missing.last_seq <= MAX_SEQ:
            return Refused(Reason.WRONG_SHAPE, f"{missing.first_seq} to {missing.last_seq} is no range of records")
    return None


def encode_record(record: Ack | Descriptor | GatewayStatus) -> bytes:
    """Return the payload of an ack, a descriptor or a status: plain JSON, readable with any MQTT tool."""
    return _ENCODER.encode(record)


def decode_record(payload: bytes, kind: type[R]) -> R | Refused:
    """Return the record in `payload`, or why it is refused. Never raises."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        return Refused(Reason.TOO_LARGE, f"{len(payload)} bytes, {MAX_PAYLOAD_BYTES} are allowed")
    try:
        record = msgspec.json.decode(payload, type=kind)
    except msgspec.ValidationError as error:
        return Refused(Reason.WRONG_SHAPE, str(error)[:200])
    except _HOSTILE as error:
        return Refused(Reason.NOT_JSON, str(error)[:200])
    refusal: Refused | None = None
    if isinstance(record, Descriptor):
        refusal = check_descriptor(record)
    elif isinstance(record, GatewayStatus):
        refusal = check_status(record)
    return refusal or record


def _inflate(payload: bytes) -> bytes | Refused:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(payload, MAX_INFLATED_BYTES)
    except zlib.error as error:
        return Refused(Reason.NOT_DEFLATE, str(error))
    if inflater.unconsumed_tail or (len(text) >= MAX_INFLATED_BYTES and not inflater.eof):
        return Refused(Reason.TOO_LARGE, f"inflates to more than {MAX_INFLATED_BYTES} bytes")
    if not inflater.eof or inflater.unused_data:
        return Refused(Reason.NOT_DEFLATE, "the deflate stream is cut short or has bytes after its end")
    return text


def _salvage(text: bytes) -> tuple[Batch, list[Refused]] | Refused:
    """Decode each part by itself, so that a malformed one does not cost the others."""
    try:
        envelope = _ENVELOPE.decode(text)
    except msgspec.ValidationError as error:
        return Refused(Reason.WRONG_SHAPE, str(error)[:200])
    except _HOSTILE as error:
        return Refused(Reason.NOT_JSON, str(error)[:200])
    refused: list[Refused] = []
    batch = Batch(
        v=envelope.v,
        gw=envelope.gw,
        epoch=envelope.epoch,
        seq=envelope.seq,
        first=envelope.first,
        blocks=_decode_each(envelope.blocks, _BLOCK, refused),
        events=_decode_each(envelope.events, _EVENT, refused),
    )
    return batch, refused


P = TypeVar("P", Block, Event)


def _decode_each(raws: Sequence[msgspec.Raw], decoder: msgspec.json.Decoder[P], refused: list[Refused]) -> list[P]:
    parts: list[P] = []
    for raw in raws:
        try:
            parts.append(decoder.decode(raw))
        except _HOSTILE as error:
            refused.append(Refused(Reason.WRONG_SHAPE, str(error)[:200]))
    return parts


def _valid_parts(parts: list[P], refused: list[Refused]) -> list[P]:
    valid: list[P] = []
    for part in parts:
        refusal = check_block(part) if isinstance(part, Block) else check_event(part)
        if refusal is None:
            valid.append(part)
        else:
            refused.append(refusal)
    return valid


def _check_envelope(batch: Batch) -> Refused | None:
    if batch.v != VERSION:
        return Refused(Reason.WRONG_VERSION, f"version {_short(batch.v)}, this side supports {VERSION}")
    if not is_name(batch.gw) or not is_name(batch.epoch):
        return Refused(Reason.BAD_NAME, f"{batch.gw[:80]!r} or {batch.epoch[:80]!r} is not a valid gateway or epoch")
    first = batch.seq if batch.first is None else batch.first
    if not 0 < first <= batch.seq <= MAX_SEQ:
        return Refused(Reason.WRONG_SHAPE, f"sequence {_short(first)}..{_short(batch.seq)} is not a range")
    return None


def _short(number: int) -> str:
    """Return a number in readable length: JSON may hold thousands of digits."""
    return str(number) if abs(number) < 10**20 else f"{'-' if number < 0 else ''}{len(str(abs(number)))} digits"
