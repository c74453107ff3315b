"""Choice of the decoder for a source's format."""

from __future__ import annotations

from edge.sources.mqtt.extension import load_decoder
from edge.sources.mqtt.home_assistant import HomeAssistantDecoder
from edge.sources.mqtt.line_protocol import LineProtocolDecoder
from edge.sources.mqtt.lorawan import ChirpStackDecoder, ThingsStackDecoder
from edge.sources.mqtt.message import Decoder
from edge.sources.mqtt.plain_json import JsonDecoder
from edge.sources.mqtt.ruuvi import RuuviDecoder
from edge.sources.mqtt.senml import SenmlDecoder
from edge.sources.mqtt.settings import DeviceFormat, MqttSettings
from edge.sources.mqtt.sparkplug import SparkplugDecoder
from edge.sources.mqtt.statestream import StatestreamDecoder
from edge.sources.mqtt.tasmota import TasmotaDecoder
from edge.sources.mqtt.zigbee import ZigbeeDecoder


def make_decoder(settings: MqttSettings, *, is_complete: bool = True) -> Decoder:
    """Return the decoder of a source's format, for the source's topic; `is_complete` as of a live connection.

    Raises ExtensionError where the `decoder` of another distribution cannot be loaded.
    """
    if settings.format is None:
        return load_decoder(settings.decoder or "", settings.topic_filter)
    return _decoder_of(settings.format, settings, is_complete=is_complete)


def _decoder_of(device_format: DeviceFormat, settings: MqttSettings, *, is_complete: bool) -> Decoder:
    match device_format:
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
        case "sparkplug":
            return SparkplugDecoder(settings.topic_filter, is_complete=is_complete)
        case "ruuvi":
            return RuuviDecoder([settings.topic_filter])
        case "statestream":
            return StatestreamDecoder(settings.topic_filter)
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
