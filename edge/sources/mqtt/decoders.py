"""Which decoder reads which format."""

from __future__ import annotations

from edge.sources.mqtt.home_assistant import HomeAssistantDecoder
from edge.sources.mqtt.line_protocol import LineProtocolDecoder
from edge.sources.mqtt.lorawan import ChirpStackDecoder, ThingsStackDecoder
from edge.sources.mqtt.message import Decoder
from edge.sources.mqtt.senml import SenmlDecoder
from edge.sources.mqtt.settings import MqttSettings
from edge.sources.mqtt.tasmota import TasmotaDecoder
from edge.sources.mqtt.zigbee import ZigbeeDecoder


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
