"""Uplinks that network servers of LoRaWAN post, as records of their devices. Pure.

Decoders, times, units and channels are those of the same messages over MQTT; what is not mapped is proposed, as
`edge.survey` proposes tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import msgspec

from edge.posts.mapped_values import body_of, field_of, map_values
from edge.sources.devices.nodes import name_device
from edge.sources.mapping.field_map import FieldSettings
from edge.sources.mqtt.lorawan import ChirpStackDecoder, ThingsStackDecoder
from edge.sources.mqtt.message import DecodedMessage, Decoder, MessageRefusal, read_object, text_of
from edge.survey.channel_choice import ChosenChannel
from edge.survey.proposals import ProposedSource, propose_sources
from edge.survey.survey import BrokerSurvey
from headland.contract.posts.packs import PostedBody
from headland.contract.posts.uplinks import UplinkServer
from headland.contract.refusals import Reason, Refused

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
    fields = [field_of(each) for each in channels]
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
    mapped = map_values(message.measurements, [*fields, *(msgspec.convert(table, FieldSettings) for table in tables)])
    read, told = mapped.read | {each.key for each in documented}, list(mapped.told)
    told += [f"{each.key} ({each.value}): {_proposal(each)}" for each in chosen if each.key not in read]
    unknown = () if proposed is None else proposed.unknown
    told += [text for text in unknown if text.partition(" (")[0] not in read | given]
    return body_of(device, message.time_ms, mapped.values, told)


def _proposal(chosen: ChosenChannel) -> str:
    """Return the `channel=` that stores a number; where its place is open, one for each place."""
    unit = _unit_of(chosen.unit)
    texts = [
        f"channel={quote(f'{channel},{unit},{chosen.key}', safe=',/:')}"
        for channel in chosen.choices or (chosen.channel,)
    ]
    return f"of {chosen.about} {texts[0]}; or of the air {texts[1]}" if chosen.about else texts[0]


def _unit_of(unit: str) -> str:
    return "UNIT" if unit == "?" else unit
