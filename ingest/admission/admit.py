"""Validation of an MQTT message. Pure; never raises: returns the accepted parts and a refusal for each other part."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar

import msgspec

from headland.contract.codec import MAX_SEQ, decode_batch, decode_record
from headland.contract.delivery import RefusedDevice
from headland.contract.quantities import quantity_of, unit_of_channel
from headland.contract.records import SPOOL_DROPPED, Block, Descriptor, Event, GatewayStatus, Quality, is_name
from headland.contract.refusals import Reason, Refused
from headland.contract.senml.decoder import decode_senml
from headland.contract.topics import Topic, parse_topic
from headland.plain_numbers import is_digits
from headland.store.port import Mark

V = TypeVar("V")
DescriptorOf = Callable[[str, str], Descriptor | None]

#: Kind and site of a SenML device without a descriptor; they are never guessed.
UNDESCRIBED_KIND: Final = "undescribed"
UNDESCRIBED_SITE: Final = "undescribed"

#: Longer texts are not channels and never become keys of the cache below.
_MAX_CHANNEL: Final = 80


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """Range check of a channel: values outside [`low`, `high`] are impossible; `flag` is the flag of the others."""

    low: float
    high: float
    flag: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """Accepted content of a message; a message refused whole has only its `mark`, where that could be read.

    `refused` holds a refusal for the whole message or for each part that was left out, `foreign` the devices of other
    gateways among them. `is_reduced`: the gateway removed something of the records since it accepted them.
    `refused_reports`: events refused for their time or a quota, of which a gateway's reports about its spool count.
    """

    topic: Topic | None
    mark: Mark | None = None
    blocks: tuple[Block, ...] = ()
    events: tuple[Event, ...] = ()
    descriptor: Descriptor | None = None
    status: GatewayStatus | None = None
    refused: tuple[Refused, ...] = ()
    foreign: tuple[RefusedDevice, ...] = ()
    is_reduced: bool = False
    refused_reports: tuple[Event, ...] = ()


def admit(topic: str, payload: bytes, properties: Mapping[str, str], descriptor_of: DescriptorOf) -> Admitted:
    """Return the accepted content of a message. Never raises.

    `properties` are the MQTT 5 user properties; `descriptor_of(gateway, device)` returns a device's known descriptor.
    """
    parsed = parse_topic(topic)
    if parsed is None:
        return Admitted(None, refused=(Refused(Reason.UNKNOWN_TOPIC, topic[:200]),))
    match parsed.kind:
        case "data":
            return _admit_batch(parsed, payload, properties)
        case "senml":
            return _admit_senml(parsed, payload, descriptor_of)
        case "meta":
            return _admit_descriptor(parsed, payload)
        case "status":
            return _admit_status(parsed, payload)
    return Admitted(parsed, refused=(Refused(Reason.UNKNOWN_TOPIC, f"{topic[:200]} is not for ingest"),))


def mark_of_properties(gateway: str, properties: Mapping[str, str]) -> Mark | None:
    """Return the mark in a message's user properties, or None where they hold no valid one."""
    epoch = properties.get("epoch", "")
    last = _sequence(properties.get("seq", ""))
    first = _sequence(properties["first"]) if "first" in properties else last
    if not is_name(epoch) or first is None or last is None or first > last:
        return None
    return Mark(gateway, epoch, first, last)


def deleted_before(gateway: str, properties: Mapping[str, str]) -> Mark | None:
    """Return the records below a message's `base` property, which will never be sent again; None without the property.

    A gateway that deleted records on the commit ack of a store that was replaced since reports them this way; otherwise
    the gap would block the commit ack for ever.
    """
    if "base" not in properties:
        return None
    epoch = properties.get("epoch", "")
    base = _sequence(properties["base"])
    return Mark(gateway, epoch, 1, base - 1) if is_name(epoch) and base is not None and base > 1 else None


def find_rule(channel: str) -> ChannelRule | Refused:
    """Return the range check of a channel; a channel whose name ends in no known unit is refused."""
    if len(channel) > _MAX_CHANNEL:
        return Refused(Reason.UNKNOWN_CHANNEL, f"{channel[:80]!r}... is too long for a channel")
    return _rule_of(channel)


@lru_cache(maxsize=8192)
def _rule_of(channel: str) -> ChannelRule | Refused:
    quantity = quantity_of(channel)
    if quantity is not None:
        return ChannelRule(quantity.low, quantity.high, Quality.GOOD)
    if unit_of_channel(channel) is None:
        return Refused(Reason.UNKNOWN_CHANNEL, f"{channel[:80]!r} ends in no known unit")
    return ChannelRule(float("-inf"), float("inf"), Quality.NOT_EVALUATED)


def _admit_batch(topic: Topic, payload: bytes, properties: Mapping[str, str]) -> Admitted:
    decoded = decode_batch(payload)
    if isinstance(decoded, Refused):
        return Admitted(topic, mark_of_properties(topic.gateway, properties), refused=(decoded,))
    batch = decoded.batch
    if batch.gw != topic.gateway:
        refusal = Refused(Reason.WRONG_IDENTITY, f"{batch.gw} publishes on the topic of {topic.gateway}")
        return Admitted(topic, mark_of_properties(topic.gateway, properties), refused=(refusal,))
    mark = Mark(batch.gw, batch.epoch, batch.seq if batch.first is None else batch.first, batch.seq)
    refused = list(decoded.refused)
    blocks = _known_channels(batch.blocks, refused)
    is_reduced = batch.thinned > 0 or mark.first != mark.last or _has_dropped(batch.events)
    return Admitted(topic, mark, blocks, tuple(batch.events), refused=tuple(refused), is_reduced=is_reduced)


def _has_dropped(events: list[Event]) -> bool:
    return bool(events) and any(event.kind == SPOOL_DROPPED for event in events)


def _admit_senml(topic: Topic, payload: bytes, descriptor_of: DescriptorOf) -> Admitted:
    device = topic.device or ""
    known = descriptor_of(topic.gateway, device)
    if known is None:
        pack = decode_senml(payload, device, UNDESCRIBED_KIND, UNDESCRIBED_SITE)
    else:
        pack = decode_senml(payload, device, known.kind, known.site, simulated=known.simulated)
    if isinstance(pack, Refused):
        return Admitted(topic, refused=(pack,))
    refused = list(pack.refused)
    blocks = _known_channels(pack.blocks, refused)
    return Admitted(topic, None, blocks, pack.events, refused=tuple(refused))


def _admit_descriptor(topic: Topic, payload: bytes) -> Admitted:
    if not payload:
        return Admitted(topic)  # MQTT clears a topic with an empty retained message
    record = decode_record(payload, Descriptor)
    if isinstance(record, Refused):
        return Admitted(topic, refused=(record,))
    refusal: Refused | None = None
    if record.device != topic.device:
        refusal = Refused(Reason.WRONG_IDENTITY, f"{record.device[:80]} is described on the topic of {topic.device}")
    elif not is_name(record.kind) or not is_name(record.site):
        refusal = Refused(Reason.BAD_NAME, f"{record.kind[:80]!r} or {record.site[:80]!r} is not a valid kind or site")
    return Admitted(topic, refused=(refusal,)) if refusal else Admitted(topic, descriptor=record)


def _admit_status(topic: Topic, payload: bytes) -> Admitted:
    if not payload:
        return Admitted(topic)
    record = decode_record(payload, GatewayStatus)
    if isinstance(record, Refused):
        return Admitted(topic, refused=(record,))
    if record.gw != topic.gateway:
        refusal = Refused(Reason.WRONG_IDENTITY, f"{record.gw[:80]} publishes on the topic of {topic.gateway}")
        return Admitted(topic, refused=(refusal,))
    return Admitted(topic, status=record)


def _known_channels(blocks: list[Block] | tuple[Block, ...], refused: list[Refused]) -> tuple[Block, ...]:
    """Return the blocks without the channels whose unit is unknown."""
    known: list[Block] = []
    for block in blocks:
        unknown = {channel: rule for channel in block.c if isinstance(rule := find_rule(channel), Refused)}
        refused += unknown.values()
        accepted = (
            msgspec.structs.replace(block, c=_without(block.c, unknown), q=_without(block.q, unknown))
            if unknown
            else block
        )
        known.append(accepted)
    return tuple(known)


def _without(columns: dict[str, V], names: Collection[str]) -> dict[str, V]:
    return {name: column for name, column in columns.items() if name not in names}


def _sequence(text: str) -> int | None:
    if not is_digits(text, 19):
        return None
    number = int(text)
    return number if 0 < number <= MAX_SEQ else None
