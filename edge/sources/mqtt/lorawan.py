"""Decoders of LoRaWAN uplinks from ChirpStack v4 and The Things Stack v3: decoded values and times of reception."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from edge.sources.devices.device_clock import CREDIBLE_FROM_MS, read_time_ms
from edge.sources.mapping.field_map import Measurement
from edge.sources.mqtt.message import (
    DecodedMessage,
    MessageRefusal,
    PlainDecoder,
    measurements_of,
    read_object,
    text_of,
)

#: Units of The Things Stack's normalized payload, by its documentation.
_NORMALIZED_UNITS: Final = {
    "air/temperature": "degC", "air/relativeHumidity": "%", "air/pressure": "hPa", "air/co2": "ppm",
    "air/lightIntensity": "lx", "soil/temperature": "degC", "soil/moisture": "%", "soil/ec": "dS/m", "soil/pH": "pH",
    "wind/speed": "m/s", "wind/direction": "deg", "battery": "V",
}  # fmt: skip


class ChirpStackDecoder(PlainDecoder):
    """`application/<id>/device/<EUI>/event/up`: the device has its EUI and its name; `object` holds the values.

    The time is that of reception at the first LoRa gateway with a clock, else at the network server. A device
    with the tag `simulated = "true"` is a simulator.
    """

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage] | MessageRefusal:
        """Return the measurements of an uplink; one whose payload the server did not decode has the wrong shape."""
        del topic, now_ms
        event = read_object(payload)
        if isinstance(event, MessageRefusal):
            return event
        eui = text_of(event, "deviceInfo", "devEui")
        measurements = measurements_of(event.get("object"))
        if not eui or isinstance(measurements, MessageRefusal):
            return MessageRefusal.SHAPE
        received_ms = _first_ms(info.get("gwTime") or info.get("time") for info in _objects(event.get("rxInfo")))
        time_ms = read_time_ms(event.get("time")) if received_ms is None else received_ms
        about = event["deviceInfo"]
        simulated = text_of(about, "tags", "simulated") == "true"
        name, model = text_of(about, "deviceName"), text_of(about, "deviceProfileName")
        return [DecodedMessage(eui, measurements, time_ms, (name,), model, simulated)]


class ThingsStackDecoder(PlainDecoder):
    """`v3/<application>@<tenant>/devices/<id>/up`: the device has its id and its EUI.

    Values come from `normalized_payload`, with its fixed units, where the server makes one, and from `decoded_payload`.
    """

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage] | MessageRefusal:
        """Return the measurements of an uplink; one whose payload the server did not decode has the wrong shape."""
        del topic, now_ms
        message = read_object(payload)
        if isinstance(message, MessageRefusal):
            return message
        device, uplink = text_of(message, "end_device_ids", "device_id"), message.get("uplink_message")
        if not device or not isinstance(uplink, dict):
            return MessageRefusal.SHAPE
        measurements = [] if uplink.get("decoded_payload") is None else measurements_of(uplink["decoded_payload"])
        if isinstance(measurements, MessageRefusal):
            return measurements
        measurements += _normalized(uplink.get("normalized_payload"))
        if not measurements:
            return MessageRefusal.SHAPE
        received_ms = _first_ms(metadata.get("time") for metadata in _objects(uplink.get("rx_metadata")))
        time_ms = read_time_ms(uplink.get("received_at")) if received_ms is None else received_ms
        eui = text_of(message, "end_device_ids", "dev_eui")
        return [DecodedMessage(device, measurements, time_ms, (eui,), simulated=message.get("simulated") is True)]


def _normalized(payload: object) -> list[Measurement]:
    """Return the values of the newest normalized measurement with their units; older ones are the device's history."""
    # Version 1 of the schema is an object, later ones are lists of them.
    newest = payload if isinstance(payload, dict) else (_objects(payload) or [{}])[-1]
    leaves = measurements_of(newest)
    if isinstance(leaves, MessageRefusal):
        return []
    return [
        Measurement(f"normalized/{leaf.name}", leaf.value, _NORMALIZED_UNITS[str(leaf.name)])
        for leaf in leaves
        if leaf.name in _NORMALIZED_UNITS
    ]


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _first_ms(times: Iterable[object]) -> int | None:
    """Return the earliest of the times, as epoch ms, of gateways whose clock is set."""
    times_ms = (read_time_ms(time) for time in times)
    return min((ms for ms in times_ms if ms is not None and ms >= CREDIBLE_FROM_MS), default=None)
