"""Which decoder reads which format."""

from __future__ import annotations

from edge.mqtt_devices.home_assistant import HomeAssistantDecoder
from edge.mqtt_devices.line_protocol import LineProtocolDecoder
from edge.mqtt_devices.lorawan import ChirpStackDecoder, ThingsStackDecoder
from edge.mqtt_devices.said import Decoder
from edge.mqtt_devices.senml import SenmlDecoder
from edge.mqtt_devices.settings import MqttSettings
from edge.mqtt_devices.tasmota import TasmotaDecoder
from edge.mqtt_devices.zigbee import ZigbeeDecoder


def make_decoder(settings: MqttSettings) -> Decoder:
    """Return the decoder of a source's format, subscribing where the source says."""
    match settings.format:
        case "senml":
            return SenmlDecoder([settings.where])
        case "home_assistant":
            return HomeAssistantDecoder(settings.where)
        case "zigbee2mqtt":
            return ZigbeeDecoder(settings.where)
        case "tasmota":
            return TasmotaDecoder([settings.where])
        case "chirpstack":
            return ChirpStackDecoder([settings.where])
        case "things_stack":
            return ThingsStackDecoder([settings.where])
        case "line_protocol":
            return LineProtocolDecoder([settings.where], settings.precision, settings.sender)
