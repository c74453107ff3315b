"""Uplinks that network servers of LoRaWAN post, as records of their devices. Pure.

Decoders, times, units and channels are those of the same messages over MQTT; what is not mapped is proposed, as
`edge.survey` proposes tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import msgspec

from edge.sources.devices.device_clock import CREDIBLE_FROM_MS
from edge.sources.devices.nodes import name_device
from edge.sources.mapping.field_map import FieldMap, FieldSettings
from edge.sources.mqtt.lorawan import ChirpStackDecoder, ThingsStackDecoder
from edge.sources.mqtt.message import DecodedMessage, Decoder, MessageRefusal, read_object, text_of
from edge.survey.proposals import ProposedSource, propose_sources
from edge.survey.survey import BrokerSurvey
from headland.contract.posts.packs import PostedBody, PostedRecord
from headland.contract.posts.uplinks import UplinkServer
from headland.contract.refusals import Reason, Refused
from headland.errors import SettingsError

_MOST_UNMAPPED: Final = 50
_LONGEST_DETAIL: Final = 400
#: Values of The Things Stack's normalized payload: its documentation states what each one is, and its unit.
_DOCUMENTED: Final = "normalized/"


@dataclass(frozen=True, slots=True)
class _Server:
    """A kind of network server: its decoder, a topic by which the survey knows its messages, what names a device."""

    decoder: Decoder
    topic: str
    device: tuple[str, ...]
    #: Where the server's own names are unique, where a device's name is unique in its application alone.
    application: tuple[str, ...] = ()


_SERVERS: Final = {
    UplinkServer.THINGS_STACK: _Server(
        ThingsStackDecoder(()),
        "v3/application/devices/device/up",
        ("end_device_ids", "device_id"),
        ("end_device_ids", "application_ids", "application_id"),
    ),
    UplinkServer.CHIRPSTACK: _Server(
        ChirpStackDecoder(()), "application/application/device/device/event/up", ("deviceInfo", "devEui")
    ),
}


def read_uplink(server: UplinkServer, body: bytes, channels: Sequence[str]) -> PostedBody:
    """Return the records of an uplink, in the units of their channels, and what no channel is known for.

    `channels` are `CHANNEL,UNIT,NAME` with the name of a decoded value; the unit may be empty where the server states
    it. Raises SettingsError where one of them cannot be used.
    """
    fields = [_field_of(each) for each in channels]
    known = _SERVERS[server]
    event = read_object(body)
    if isinstance(event, MessageRefusal):
        why = Reason.NOT_JSON if event is MessageRefusal.JSON else Reason.WRONG_SHAPE
        return PostedBody((), (Refused(why, "the body is no JSON object"),))
    name, application = text_of(event, *known.device), text_of(event, *known.application)
    if not name or bool(known.application) > bool(application):
        lacking = ".".join(known.application if name else known.device)
        return PostedBody((), (Refused(Reason.WRONG_SHAPE, f"{lacking} is not there"),))
    device = name_device(application or server.value, name)
    decoded = known.decoder.decode(known.topic, body, 0)
    message = decoded if isinstance(decoded, MessageRefusal) else decoded[0]
    if isinstance(message, MessageRefusal):
        why_empty = "it has no decoded values: give the device a payload formatter or codec"
        return PostedBody((), (Refused(Reason.EMPTY, why_empty),), device=device)
    if message.simulated:
        return PostedBody((), (Refused(Reason.STORE_REFUSED, "a simulated uplink is no measurement"),), device=device)
    proposed = _propose(known.topic, body)
    return _records_of(message, device, fields, proposed)


def _field_of(text: str) -> FieldSettings:
    parts = text.split(",", 2)
    if len(parts) < 3 or not parts[2]:
        raise SettingsError(f"{text[:80]!r} is not CHANNEL,UNIT,NAME")
    channel, unit, key = parts
    try:
        return msgspec.convert({"from": key, "channel": channel, "unit": unit or None}, FieldSettings)
    except ValueError as error:
        raise SettingsError(f"{text[:80]!r}: {error}") from error


def _propose(topic: str, body: bytes) -> ProposedSource | None:
    survey = BrokerSurvey()
    survey.add(topic, body, retained=False)
    return next(iter(propose_sources(survey.topics)), None)


def _records_of(
    message: DecodedMessage, device: str, fields: Sequence[FieldSettings], proposed: ProposedSource | None
) -> PostedBody:
    """Return the mapped values, those of names that are channels, and what is proposed for the others."""
    given = {field.key for field in fields}
    chosen = [] if proposed is None else [each for each in proposed.channels if each.key not in given]
    documented = [each for each in chosen if each.key.startswith(_DOCUMENTED) and not each.doubt]
    tables = [{"from": each.key, "channel": each.channel, "unit": each.unit or None} for each in documented]
    counts: Counter[str] = Counter()
    field_map = FieldMap([*fields, *(msgspec.convert(table, FieldSettings) for table in tables)], counts)
    values: dict[str, float | None] = {}
    read, told = {each.key for each in documented}, []
    for measurement in message.measurements:
        counts.clear()
        for channel, value in field_map.convert([measurement]).items():
            if channel in values:
                told.append(f"{measurement.name} ({measurement.value}): another number is {channel} already")
            values.setdefault(channel, value)
            read.add(str(measurement.name))
        if counts["refused_unit"] or counts["refused_value"]:
            fault = "its unit does not fit its channel" if counts["refused_unit"] else "it is no number"
            told.append(f"{measurement.name} ({str(measurement.value)[:40]}): {fault}")
    told += [
        f"{each.key} ({each.value}): channel={quote(f'{each.channel},{_unit_of(each.unit)},{each.key}', safe=',/:')}"
        for each in chosen
        if each.key not in read
    ]
    unknown = () if proposed is None else proposed.unknown
    told += [text for text in unknown if text.partition(" (")[0] not in read | given]
    time_ms = message.time_ms if message.time_ms is not None and message.time_ms >= CREDIBLE_FROM_MS else None
    time_s = 0.0 if time_ms is None else time_ms / 1000
    records = [PostedRecord(device, name, "", time_s, value) for name, value in values.items() if value is not None]
    unmapped = told[:_MOST_UNMAPPED]
    if values:
        return PostedBody(records, (), unmapped, device)
    why = f"no number has a channel: {'; '.join(unmapped) or 'it has no number'}"
    return PostedBody((), (Refused(Reason.UNKNOWN_CHANNEL, why[:_LONGEST_DETAIL]),), unmapped, device)


def _unit_of(unit: str) -> str:
    return "UNIT" if unit == "?" else unit
