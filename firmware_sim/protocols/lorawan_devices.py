"""LoRaWAN nodes as published over MQTT by their network servers, ChirpStack v4 and The Things Stack v3. Pure.

Both report when a message was received. The radio link may lose messages, which leaves a gap in the frame counter.
"""

from __future__ import annotations

import base64
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from firmware_sim.protocols.mqtt_message import Message, json_message
from firmware_sim.protocols.readings import Readings

APPLICATION_ID: Final = "6f1c1a52-6f4e-4c3b-9d5a-0000000000a1"
TTS_APPLICATION: Final = "headland-sim@ttn"
_HUB: Final = uuid.UUID("6f1c1a52-6f4e-4c3b-9d5a-000000000000")


def dev_eui(name: str, unit: int) -> str:
    """Return the EUI-64 of the node in a compartment; it depends on the fleet's name."""
    fleet = 0 if name == "gh" else 1 + zlib.crc32(name.encode()) % 255
    return f"70b3d57ed{fleet:02x}{unit:05x}"


@dataclass(frozen=True, slots=True)
class ChirpStack:
    """ChirpStack v4: an uplink event in JSON with the decoded object, over a radio link that may lose it."""

    name: str
    dev_eui: str
    unit: int

    #: property -> channel, decimals.
    PROPERTIES = (
        ("air_temperature", "air_temperature_degc", 2),
        ("air_humidity", "relative_humidity_pct", 2),
        ("soil_temperature", "soil_temperature_degc", 2),
        ("soil_moisture", "substrate_moisture_pct", 1),
        ("leaf_temperature", "leaf_temperature_degc", 2),
        ("co2", "co2_ppm", 0),
        ("par", "par_umol_m2_s", 0),
    )

    def birth(self) -> list[Message]:
        """Return none: a LoRaWAN server publishes uplinks only."""
        return []

    def telemetry(self, time_ms: int, count: int, readings: Readings) -> list[Message]:
        """Return the uplink; a missing value is left out of the object."""
        values = dict(_decoded(self.PROPERTIES, readings))
        event = {
            "deduplicationId": str(uuid.uuid5(_HUB, f"{self.dev_eui}-{time_ms}-{count}")),
            "time": _rfc3339(time_ms),
            "deviceInfo": {
                "tenantId": str(_HUB),
                "tenantName": "Headland",
                "applicationId": APPLICATION_ID,
                "applicationName": "greenhouse",
                "deviceProfileId": str(uuid.uuid5(_HUB, "profile")),
                "deviceProfileName": "climate-node",
                "deviceName": self.name,
                "devEui": self.dev_eui,
                "tags": {"simulated": "true"},
            },
            "devAddr": f"01{self.unit:06x}",
            "adr": True,
            "dr": 3,
            "fCnt": count,
            "fPort": 2,
            "confirmed": False,
            "data": _packed(values),
            "object": values,
            "rxInfo": [
                {
                    "gatewayId": "ac1f09fffe000001",
                    "uplinkId": 1000 + count,
                    "rssi": -97 - count % 11,
                    "snr": 4.5 - count % 7,
                    "crcStatus": "CRC_OK",
                }
            ],
            "txInfo": {
                "frequency": 470300000,
                "modulation": {"lora": {"bandwidth": 125000, "spreadingFactor": 9, "codeRate": "CR_4_5"}},
            },
        }
        topic = f"application/{APPLICATION_ID}/device/{self.dev_eui}/event/up"
        return [json_message(topic, event, radio=True)]

    def will(self) -> list[Message]:
        """Return none: a LoRaWAN device has no will."""
        return []


@dataclass(frozen=True, slots=True)
class ThingsStack:
    """The Things Stack v3: an uplink message in JSON with the decoded payload."""

    device: str
    unit: int

    #: property -> channel, decimals.
    PROPERTIES = (("leaf_temperature", "leaf_temperature_degc", 2), ("co2", "co2_ppm", 0))

    def birth(self) -> list[Message]:
        """Return none: a LoRaWAN server publishes uplinks only."""
        return []

    def telemetry(self, time_ms: int, count: int, readings: Readings) -> list[Message]:
        """Return the uplink; a missing value is left out of the payload."""
        values = dict(_decoded(self.PROPERTIES, readings))
        application = TTS_APPLICATION.partition("@")[0]
        uplink = {
            "session_key_id": base64.b64encode(b"headland-simulat").decode(),
            "f_port": 1,
            "f_cnt": count,
            "frm_payload": _packed(values),
            "decoded_payload": values,
            "rx_metadata": [
                {
                    "gateway_ids": {"gateway_id": "hill-1", "eui": "AC1F09FFFE000002"},
                    "time": _rfc3339(time_ms),
                    "rssi": -104,
                    "channel_rssi": -104,
                    "snr": 2.2,
                }
            ],
            "settings": {
                "data_rate": {"lora": {"bandwidth": 125000, "spreading_factor": 9, "coding_rate": "4/5"}},
                "frequency": "470500000",
            },
            "received_at": _rfc3339(time_ms),
            "consumed_airtime": "0.185s",
        }
        message = {
            "end_device_ids": {
                "device_id": self.device,
                "application_ids": {"application_id": application},
                "dev_eui": f"70B3D57ED01{self.unit:05X}",
                "join_eui": "0000000000000000",
                "dev_addr": f"27{self.unit:06X}",
            },
            "correlation_ids": [f"as:up:{count:026d}"],
            "received_at": _rfc3339(time_ms + 200),
            "uplink_message": uplink,
            "simulated": True,
        }
        return [json_message(f"v3/{TTS_APPLICATION}/devices/{self.device}/up", message, radio=True)]

    def will(self) -> list[Message]:
        """Return none: a LoRaWAN device has no will."""
        return []


def _decoded(properties: tuple[tuple[str, str, int], ...], readings: Readings) -> Iterator[tuple[str, float]]:
    for name, channel, decimals in properties:
        value = readings.get(channel)
        if value is not None:
            yield name, round(value, decimals)


def _packed(values: dict[str, float]) -> str:
    """Return the radio payload in base64: the values as signed hundredths."""
    raw = b"".join(round(value * 100).to_bytes(4, "big", signed=True) for value in values.values())
    return base64.b64encode(raw).decode()


def _rfc3339(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
