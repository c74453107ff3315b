"""What of a message may enter the store. Pure: any topic and any bytes give a value, never an exception."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar

import msgspec

from headland.contract.codec import MAX_SEQ, decode_batch, decode_record
from headland.contract.quantities import quantity_of, split_channel, unit_of_name
from headland.contract.records import Block, Descriptor, Event, GatewayStatus, Quality, is_name
from headland.contract.refusals import Reason, Refused
from headland.contract.senml.decoder import decode_senml
from headland.contract.topics import Topic, parse_topic
from headland.store.port import Mark

V = TypeVar("V")
DescriptorOf = Callable[[str, str], Descriptor | None]

#: A SenML device that no descriptor speaks of is stored under these, and never under a guess.
UNDESCRIBED_KIND: Final = "undescribed"
UNDESCRIBED_SITE: Final = "undescribed"

#: Longer texts are no channels, and never become keys of the cache below.
_MAX_CHANNEL: Final = 80


@dataclass(frozen=True, slots=True)
class Rule:
    """How a channel's values are judged: outside [`low`, `high`] is impossible; `flag` is what a good value gets."""

    low: float
    high: float
    flag: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a message brings: nothing of it where it is refused whole, but its `mark` where that could be read.

    `refused` holds why the message, or each part of it that is missing here, was left out.
    """

    topic: Topic | None
    mark: Mark | None = None
    blocks: tuple[Block, ...] = ()
    events: tuple[Event, ...] = ()
    descriptor: Descriptor | None = None
    status: GatewayStatus | None = None
    refused: tuple[Refused, ...] = ()


def admit(topic: str, payload: bytes, properties: Mapping[str, str], descriptor_of: DescriptorOf) -> Admitted:
    """Return what the message brings. Never raises.

    `properties` are the MQTT 5 user properties; `descriptor_of(gateway, device)` is what is known of a device.
    """
    where = parse_topic(topic)
    if where is None:
        return Admitted(None, refused=(Refused(Reason.UNKNOWN_TOPIC, topic[:200]),))
    match where.kind:
        case "data":
            return _admit_batch(where, payload, properties)
        case "senml":
            return _admit_senml(where, payload, descriptor_of)
        case "meta":
            return _admit_descriptor(where, payload)
        case "status":
            return _admit_status(where, payload)
    return Admitted(where, refused=(Refused(Reason.UNKNOWN_TOPIC, f"{topic[:200]} is not for ingest"),))


def mark_of_properties(gateway: str, properties: Mapping[str, str]) -> Mark | None:
    """Return the mark that a message's user properties state, or None where they state no sound one."""
    epoch = properties.get("epoch", "")
    last = _sequence(properties.get("seq", ""))
    first = _sequence(properties["first"]) if "first" in properties else last
    if not is_name(epoch) or first is None or last is None or first > last:
        return None
    return Mark(gateway, epoch, first, last)


def gone_before(gateway: str, properties: Mapping[str, str]) -> Mark | None:
    """Return the records that a message's `base` property says will never come (again), or None where it has none.

    A gateway that deleted records on the commit ack of a store that has been replaced since says so by this, else the
    gap would hold the commit ack back for ever.
    """
    epoch = properties.get("epoch", "")
    base = _sequence(properties.get("base", ""))
    return Mark(gateway, epoch, 1, base - 1) if is_name(epoch) and base is not None and base > 1 else None


def rule_of(channel: str) -> Rule | Refused:
    """Return how a channel is judged, or why it is refused: its name says no unit that is known."""
    if len(channel) > _MAX_CHANNEL:
        return Refused(Reason.UNKNOWN_CHANNEL, f"{channel[:80]!r}... is too long for a channel")
    return _rule_of(channel)


@lru_cache(maxsize=8192)
def _rule_of(channel: str) -> Rule | Refused:
    quantity = quantity_of(channel)
    if quantity is not None:
        return Rule(quantity.low, quantity.high, Quality.GOOD)
    parts = split_channel(channel)
    if parts is None or unit_of_name(parts[0]) is None:
        return Refused(Reason.UNKNOWN_CHANNEL, f"{channel[:80]!r} ends in no known unit")
    return Rule(float("-inf"), float("inf"), Quality.NOT_EVALUATED)


def _admit_batch(where: Topic, payload: bytes, properties: Mapping[str, str]) -> Admitted:
    stated = mark_of_properties(where.gateway, properties)
    decoded = decode_batch(payload)
    if isinstance(decoded, Refused):
        return Admitted(where, stated, refused=(decoded,))
    batch = decoded.batch
    if batch.gw != where.gateway:
        wrong = Refused(Reason.WRONG_IDENTITY, f"{batch.gw} speaks on the topic of {where.gateway}")
        return Admitted(where, stated, refused=(wrong,))
    mark = Mark(batch.gw, batch.epoch, batch.seq if batch.first is None else batch.first, batch.seq)
    refused = list(decoded.refused)
    blocks = _known_channels(batch.blocks, refused)
    return Admitted(where, mark, blocks, tuple(batch.events), refused=tuple(refused))


def _admit_senml(where: Topic, payload: bytes, descriptor_of: DescriptorOf) -> Admitted:
    device = where.device or ""
    known = descriptor_of(where.gateway, device)
    if known is None:
        pack = decode_senml(payload, device, UNDESCRIBED_KIND, UNDESCRIBED_SITE)
    else:
        pack = decode_senml(payload, device, known.kind, known.site, simulated=known.simulated)
    if isinstance(pack, Refused):
        return Admitted(where, refused=(pack,))
    refused = list(pack.refused)
    blocks = _known_channels(pack.blocks, refused)
    return Admitted(where, None, blocks, pack.events, refused=tuple(refused))


def _admit_descriptor(where: Topic, payload: bytes) -> Admitted:
    if not payload:
        return Admitted(where)  # an empty retained message is how MQTT clears a topic
    record = decode_record(payload, Descriptor)
    if isinstance(record, Refused):
        return Admitted(where, refused=(record,))
    wrong: Refused | None = None
    if record.device != where.device:
        wrong = Refused(Reason.WRONG_IDENTITY, f"{record.device[:80]} is described on the topic of {where.device}")
    elif not is_name(record.kind) or not is_name(record.site):
        wrong = Refused(Reason.BAD_NAME, f"{record.kind[:80]!r} or {record.site[:80]!r} is no kind or site")
    return Admitted(where, refused=(wrong,)) if wrong else Admitted(where, descriptor=record)


def _admit_status(where: Topic, payload: bytes) -> Admitted:
    if not payload:
        return Admitted(where)
    record = decode_record(payload, GatewayStatus)
    if isinstance(record, Refused):
        return Admitted(where, refused=(record,))
    if record.gw != where.gateway:
        wrong = Refused(Reason.WRONG_IDENTITY, f"{record.gw[:80]} states itself on the topic of {where.gateway}")
        return Admitted(where, refused=(wrong,))
    return Admitted(where, status=record)


def _known_channels(blocks: list[Block] | tuple[Block, ...], refused: list[Refused]) -> tuple[Block, ...]:
    """Return the blocks without the channels whose unit nobody can tell."""
    kept: list[Block] = []
    for block in blocks:
        wrong = {channel: rule for channel in block.c if isinstance(rule := rule_of(channel), Refused)}
        refused += wrong.values()
        sound = (
            msgspec.structs.replace(block, c=_without(block.c, wrong), q=_without(block.q, wrong)) if wrong else block
        )
        kept.append(sound)
    return tuple(kept)


def _without(columns: dict[str, V], names: Collection[str]) -> dict[str, V]:
    return {name: column for name, column in columns.items() if name not in names}


def _sequence(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    number = int(text)
    return number if 0 < number <= MAX_SEQ else None
