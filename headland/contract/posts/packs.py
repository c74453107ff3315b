"""Samples of a posted body: records with their devices, as the SenML packs by which ingest takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from headland.contract.codec import MAX_PAYLOAD_BYTES
from headland.contract.records import is_name
from headland.contract.refusals import Reason, Refused
from headland.contract.senml.channel_names import MAX_NAME, split_name
from headland.contract.senml.records import ABSOLUTE_FROM_S, parse_pack, resolve_records

#: Device in the topic of a body of which no device is known.
UNNAMED: Final = "unnamed"
_URN: Final = "urn:dev:"
#: A pack has less than the largest message.
_PACK_BYTES: Final = MAX_PAYLOAD_BYTES // 2


@dataclass(frozen=True, slots=True)
class PostedPack:
    """A SenML pack of a device with absolute times; with `refused` a body that could not be read, for quarantine."""

    device: Annotated[str, "Device of the pack."]
    payload: Annotated[bytes, "The pack, or a body that could not be read."]
    refused: Annotated[tuple[Refused, ...], "Why a part of the body could not be read."] = ()


@dataclass(frozen=True, slots=True)
class PostedResult:
    """What became of posted samples, after the commit: counts of samples, and why parts went to quarantine.

    `gateway` and `received_ms` are set for who posted them.
    """

    stored: Annotated[int, "Samples that are new."] = 0
    duplicate: Annotated[int, "Samples that were stored before with the same value."] = 0
    conflicting: Annotated[
        int, "Samples of which another value was stored before: that one remains, these are in the conflict record."
    ] = 0
    refused: Annotated[tuple[Refused, ...], "Why parts are in quarantine."] = ()
    gateway: Annotated[str, "Gateway in whose name the samples are stored: that of the key."] = ""
    received_ms: Annotated[
        int | None, "Time of samples without a time of their own; a repetition with the key has the same."
    ] = None
    unmapped: Annotated[
        tuple[str, ...],
        "Numbers of an uplink without a channel, each with what the webhook's address needs to store it.",
    ] = ()


class PacksToStore(msgspec.Struct, frozen=True, array_like=True):
    """Posted samples for the ingest worker of a gateway, and how many seconds the API waits for their commit."""

    packs: tuple[PostedPack, ...]
    within_s: Annotated[float, msgspec.Meta(ge=0, le=60)]

    def encode(self) -> bytes:
        """Return them as MessagePack."""
        return msgspec.msgpack.encode(self)


def read_packs(content: bytes) -> PacksToStore | None:
    """Return what `encode` wrote; None for anything else. Never raises."""
    try:
        return msgspec.msgpack.decode(content, type=PacksToStore)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class PostedRecord:
    """A number, text or truth of a device. `time_s` is relative to the receipt below `ABSOLUTE_FROM_S`."""

    device: str
    name: str
    unit: str
    time_s: float
    value: float | str | bool


@dataclass(frozen=True, slots=True)
class PostedBody:
    """Records of a body, and why others could not be read.

    Of an uplink: `unmapped` says what no channel is known for, and `device` is its device.
    """

    records: Sequence[PostedRecord]
    refused: Sequence[Refused] = ()
    unmapped: Sequence[str] = ()
    device: str | None = None

    @property
    def is_undated(self) -> bool:
        """Whether a record has no time of its own."""
        return any(record.time_s < ABSOLUTE_FROM_S for record in self.records)


def sum_results(results: Iterable[PostedResult]) -> PostedResult:
    """Return the sums of results."""
    stored = duplicate = conflicting = 0
    refused: list[Refused] = []
    for each in results:
        stored, duplicate = stored + each.stored, duplicate + each.duplicate
        conflicting += each.conflicting
        refused += each.refused
    return PostedResult(stored, duplicate, conflicting, tuple(refused))


def read_senml(body: bytes, device: str | None) -> PostedBody:
    """Return the records of a SenML JSON pack. Never raises.

    Without `device` the name of each record, base name included, begins with its device: `urn:dev:soil-1:co2_ppm`.
    """
    pack = parse_pack(body)
    if isinstance(pack, Refused):
        return PostedBody((), (pack,))
    records: list[PostedRecord] = []
    refused: list[Refused] = []
    for record in resolve_records(pack):
        if isinstance(record, Refused):
            refused.append(record)
            continue
        if len(record.name) > MAX_NAME:
            refused.append(Refused(Reason.BAD_NAME, f"{record.name[-60:]!r} is longer than {MAX_NAME}"))
            continue
        stem, name = split_name(record.name)
        own = device or stem.removeprefix(_URN)
        if not is_name(own):
            refused.append(Refused(Reason.BAD_NAME, f"{record.name[:60]!r} names no device"))
            continue
        records.append(PostedRecord(own, name, record.unit[:MAX_NAME], record.time_s, record.value))
    if not records and not refused:
        refused.append(Refused(Reason.EMPTY, "the pack has no records"))
    return PostedBody(records, refused)


def packs_of(posted: PostedBody, body: bytes, device: str | None, received_ms: int) -> list[PostedPack]:
    """Return the packs of a body: those of each device, and the body itself where a part of it could not be read.

    A record without a time of its own has that of the receipt. The same body and receipt give the same packs.
    """
    pieces: dict[str, list[bytes]] = {}
    for record in posted.records:
        pieces.setdefault(record.device, []).append(_encode(record, received_ms))
    packs = [PostedPack(name, pack) for name, records in pieces.items() for pack in _packed(records)]
    if posted.refused:
        packs.append(PostedPack(device or UNNAMED, body, tuple(posted.refused)))
    return packs


def _encode(record: PostedRecord, received_ms: int) -> bytes:
    is_absolute = record.time_s >= ABSOLUTE_FROM_S
    time_s = record.time_s if is_absolute else received_ms / 1000 + record.time_s
    value = record.value
    field = "vb" if isinstance(value, bool) else "vs" if isinstance(value, str) else "v"
    unit = {"u": record.unit} if record.unit else {}
    return msgspec.json.encode({"n": record.name, **unit, "t": time_s, field: value})


def _packed(records: Sequence[bytes]) -> Iterable[bytes]:
    """Yield packs of records, none of them too large for ingest but one with a record that is."""
    pack: list[bytes] = []
    size = 0
    for record in records:
        if pack and size + len(record) > _PACK_BYTES:
            yield b"[" + b",".join(pack) + b"]"
            pack, size = [], 0
        pack.append(record)
        size += len(record) + 1
    if pack:
        yield b"[" + b",".join(pack) + b"]"
