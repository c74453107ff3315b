"""Choice of the decoder for a source's format."""

from __future__ import annotations

from edge.sources.mqtt.home_assistant import HomeAssistantDecoder
from edge.sources.mqtt.line_protocol import LineProtocolDecoder
from edge.sources.mqtt.lorawan import ChirpStackDecoder, ThingsStackDecoder
from edge.sources.mqtt.message import Decoder
from edge.sources.mqtt.plain_json import JsonDecoder
from edge.sources.mqtt.senml import SenmlDecoder
from edge.sources.mqtt.settings import MqttSettings
from edge.sources.mqtt.tasmota import TasmotaDecoder
from edge.sources.mqtt.zigbee import ZigbeeDecoder


def make_decoder(settings: MqttSettings) -> Decoder:
    """Return the decoder of a source's format, for the source's topic."""
    match settings.format:
        case "senml":
            return SenmlDecoder([settings.topic_filter])
        case "home_assistant":
            return HomeAssistantDecoder(settings.topic_filter)
        case "zigbee2mqtt":
            return ZigbeeDecoder(settings.topic_filter)
        case "tasmota":
            return TasmotaDecoder([settings.topic_filter])
        case "chirpstack":
            return ChirpStackDecoder([settings.topic_filter])
        case "things_stack":
            return ThingsStackDecoder([settings.topic_filter])
        case "json":
            return JsonDecoder(
                settings.topic_filter,
                settings.device_level,
                settings.device_from,
                settings.time,
                settings.mapped_names,
            )
        case "line_protocol":
            return LineProtocolDecoder([settings.topic_filter], settings.precision, settings.sender)
