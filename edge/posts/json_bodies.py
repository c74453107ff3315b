"""JSON of any shape that a program posts, by the decoder and the field map of JSON over MQTT. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from edge.posts.mapped_values import body_of, field_of, map_values, tell_unmapped
from edge.sources.devices.device_clock import TimeSettings
from edge.sources.devices.nodes import name_device
from edge.sources.mqtt.message import MessageRefusal
from edge.sources.mqtt.plain_json import JsonDecoder
from headland.contract.posts.consoles import BodyMap
from headland.contract.posts.packs import PostedBody
from headland.contract.refusals import Reason, Refused
from headland.errors import SettingsError

_REASONS: Final = {MessageRefusal.JSON: Reason.NOT_JSON}
_WHY: Final = {
    MessageRefusal.JSON: "the body is no JSON",
    MessageRefusal.SHAPE: "the body has no value at `device_from`",
    MessageRefusal.TOO_MANY: "the body has more than 1,000 values, or is nested too deeply",
}


def read_json(body: bytes, channels: Sequence[str], about: BodyMap) -> PostedBody:
    """Return the records of a document. Raises SettingsError where the map cannot be used.

    Paths, names of elements of lists and units beside a value are as in a `channel` table of JSON over MQTT.
    """
    fields = [field_of(each) for each in channels]
    if (about.device is None) == (not about.device_from):
        raise SettingsError("name the device by `device`, or by `device_from`")
    given = {"from": about.time, "format": about.time_format}
    try:
        own_time = None if about.time is None else msgspec.convert(given, TimeSettings)
    except ValueError as error:
        raise SettingsError(f"time_format: {error}") from error
    decoder = JsonDecoder("+", None, about.device_from, own_time, [field.key for field in fields])
    decoded = decoder.decode(about.device or "json", body, 0)
    message = decoded if isinstance(decoded, MessageRefusal) else decoded[0]
    if isinstance(message, MessageRefusal):
        why = _WHY.get(message, "the body cannot be read")
        return PostedBody((), (Refused(_REASONS.get(message, Reason.WRONG_SHAPE), why),), device=about.device)
    device = about.device or name_device("json", message.name)
    if own_time is not None and message.time_ms is None:
        return PostedBody((), (Refused(Reason.BAD_TIME, f"{about.time} is no {about.time_format}"),), device=device)
    mapped = map_values(message.measurements, fields)
    return body_of(device, message.time_ms, mapped.values, tell_unmapped(mapped))
