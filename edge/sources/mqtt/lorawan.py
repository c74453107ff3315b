"""LoRaWAN uplinks as ChirpStack v4 and The Things Stack v3 publish them: decoded values, and when they were heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from edge.sources.devices.device_clock import CREDIBLE_FROM_MS, read_time_ms
from edge.sources.mapping.field_map import Measurement
from edge.sources.mqtt.message import DecodedMessage, PlainDecoder, Refusal, measurements_of, read_object, text_of

#: The units of The Things Stack's normalized payload, which its documentation fixes.
_NORMALIZED_UNITS: Final = {
    "air/temperature": "degC", "air/relativeHumidity": "%", "air/pressure": "hPa", "air/co2": "ppm",
    "air/lightIntensity": "lx", "soil/temperature": "degC", "soil/moisture": "%", "soil/ec": "dS/m", "soil/pH": "pH",
    "wind/speed": "m/s", "wind/direction": "deg", "battery": "V",
}  # fmt: skip


class ChirpStackDecoder(PlainDecoder):
    """`application/<id>/device/<EUI>/event/up`: the device is called by its EUI, and by its name; `object` has values.

    The time is when the first LoRa gateway heard it where it has a clock, else when the network server did. A device
    with the tag `simulated = "true"` is a simulator.
    """

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage] | Refusal:
        """Return what an uplink says; one whose payload the server did not decode has the wrong shape."""
        del topic, now_ms
        event = read_object(payload)
        if isinstance(event, Refusal):
            return event
        eui = text_of(event, "deviceInfo", "devEui")
        measurements = measurements_of(event.get("object"))
        if not eui or isinstance(measurements, Refusal):
            return Refusal.SHAPE
        heard = _first_ms(one.get("gwTime") or one.get("time") for one in _objects(event.get("rxInfo")))
        time_ms = read_time_ms(event.get("time")) if heard is None else heard
        about = event["deviceInfo"]
        simulated = text_of(about, "tags", "simulated") == "true"
        name, model = text_of(about, "deviceName"), text_of(about, "deviceProfileName")
        return [DecodedMessage(eui, measurements, time_ms, (name,), model, simulated)]


class ThingsStackDecoder(PlainDecoder):
    """`v3/<application>@<tenant>/devices/<id>/up`: the device is called by its id, and by its EUI.

    Values come from `normalized_payload` with its fixed units where the server makes one, and from `decoded_payload`.
    """

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage] | Refusal:
        """Return what an uplink says; one whose payload the server did not decode has the wrong shape."""
        del topic, now_ms
        message = read_object(payload)
        if isinstance(message, Refusal):
            return message
        device, uplink = text_of(message, "end_device_ids", "device_id"), message.get("uplink_message")
        if not device or not isinstance(uplink, dict):
            return Refusal.SHAPE
        measurements = [] if uplink.get("decoded_payload") is None else measurements_of(uplink["decoded_payload"])
        if isinstance(measurements, Refusal):
            return measurements
        measurements += _normalized(uplink.get("normalized_payload"))
        if not measurements:
            return Refusal.SHAPE
        heard = _first_ms(one.get("time") for one in _objects(uplink.get("rx_metadata")))
        time_ms = read_time_ms(uplink.get("received_at")) if heard is None else heard
        eui = text_of(message, "end_device_ids", "dev_eui")
        return [DecodedMessage(device, measurements, time_ms, (eui,), simulated=message.get("simulated") is True)]


def _normalized(payload: object) -> list[Measurement]:
    """Return the newest normalized measurement's values with their units; older ones are the device's own history."""
    # Version 1 of the schema is an object, later ones are lists of them.
    found = payload if isinstance(payload, dict) else (_objects(payload) or [{}])[-1]
    leaves = measurements_of(found)
    if isinstance(leaves, Refusal):
        return []
    return [
        Measurement(f"normalized/{one.name}", one.value, _NORMALIZED_UNITS[str(one.name)])
        for one in leaves
        if one.name in _NORMALIZED_UNITS
    ]


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _first_ms(times: Iterable[object]) -> int | None:
    """Return the first of the times, as epoch ms, of gateways whose clock is set."""
    read = (read_time_ms(time) for time in times)
    return min((ms for ms in read if ms is not None and ms >= CREDIBLE_FROM_MS), default=None)
