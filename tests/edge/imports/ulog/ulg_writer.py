"""A ULog of a few lines, written as PX4 lays it out; pyulog, which reads it, is somebody else's."""

from __future__ import annotations

import struct
from typing import Any

#: 2024-06-01T06:00:00Z.
NOON_MS = 1_717_221_600_000
NOON_US = NOON_MS * 1000
UUID = "000600000000383638393239510d0035002d"

CODES = {
    "uint8_t": "B", "bool": "?", "int8_t": "b", "int32_t": "i", "uint32_t": "I", "uint64_t": "Q", "float": "f",
    "double": "d",
}  # fmt: skip
GPS_OLD = (
    "uint64_t timestamp;uint64_t time_utc_usec;int32_t lat;int32_t lon;int32_t alt;float s_variance_m_s;float eph;"
    "float epv;float hdop;float vdop;float vel_m_s;float cog_rad;int32_t timestamp_time_relative;float heading;"
    "uint8_t fix_type;uint8_t satellites_used;"
)
GPS_NEW = (
    "uint64_t timestamp;uint64_t time_utc_usec;double latitude_deg;double longitude_deg;double altitude_msl_m;"
    "float vel_m_s;float cog_rad;uint8_t fix_type;uint8_t satellites_used;"
)
ATTITUDE = "uint64_t timestamp;float[4] q;"
STATUS = "uint64_t timestamp;uint8_t arming_state;uint8_t nav_state;uint8_t system_type;"
OUTPUTS = "uint64_t timestamp;uint32_t noutputs;float[16] output;"


class UlgWriter:
    """Writes a header, definitions and data; topics are described before their first message."""

    def __init__(self, **info: str) -> None:
        self.definitions = bytearray(b"\x55\x4c\x6f\x67\x01\x12\x35\x01" + struct.pack("<Q", 1_000_000))
        self.definitions += self._message("B", bytes(40))
        for name, value in {"sys_name": "PX4", "sys_uuid": UUID, "ver_hw": "PX4_FMU_V6X", **info}.items():
            key = f"char[{len(value)}] {name}".encode()
            self.definitions += self._message("I", bytes((len(key),)) + key + value.encode())
        self.data = bytearray()
        self._topics: dict[tuple[str, int], tuple[int, str]] = {}

    def topic(self, name: str, fields: str, instance: int = 0) -> UlgWriter:
        if not any(known == name for known, _ in self._topics):
            self.definitions += self._message("F", f"{name}:{fields}".encode())
        number = len(self._topics)
        code = "<"
        for field in fields.rstrip(";").split(";"):
            kind, _, count = field.split(" ")[0].partition("[")
            code += (count.rstrip("]") or "") + CODES[kind]
        self._topics[name, instance] = (number, code)
        self.data += self._message("A", struct.pack("<BH", instance, number) + name.encode())
        return self

    def put(self, name: str, *values: Any, instance: int = 0) -> UlgWriter:
        number, code = self._topics[name, instance]
        self.data += self._message("D", struct.pack("<H", number) + struct.pack(code, *values))
        return self

    def text(self, own_us: int, text: str, severity: int = 6) -> UlgWriter:
        self.data += self._message("L", struct.pack("<BQ", 48 + severity, own_us) + text.encode())
        return self

    def dropout(self, length_ms: int) -> UlgWriter:
        self.data += self._message("O", struct.pack("<H", length_ms))
        return self

    def parameter(self, name: str, value: int) -> UlgWriter:
        key = f"int32_t {name}".encode()
        self.definitions += self._message("P", bytes((len(key),)) + key + struct.pack("<i", value))
        return self

    def whole(self) -> bytes:
        return bytes(self.definitions + self.data)

    @staticmethod
    def _message(kind: str, body: bytes) -> bytes:
        return struct.pack("<HB", len(body), ord(kind)) + body


def make_flight(seconds: int = 20, **info: str) -> UlgWriter:
    """A quadrotor with a fix from its fifth second on; its own time was 0 at noon, its receiver 100 ms late."""
    log = UlgWriter(**info).parameter("MAV_SYS_ID", 3)
    log.topic("vehicle_gps_position", GPS_OLD).topic("vehicle_attitude", ATTITUDE).topic("vehicle_status", STATUS)
    for second in range(1, 1 + seconds):
        own_us = second * 1_000_000
        if second % 5 == 1:
            log.put("vehicle_status", own_us, 2 if second > 5 else 1, 3 if second > 10 else 17, 2)
        for tenth in range(10):
            log.put("vehicle_attitude", own_us + 100_000 * tenth, 0.7071068, 0.0, 0.0, 0.7071068)
        fix = 3 if second >= 5 else 0
        place = (494_000_000, -1_230_000_000, 50_000) if fix else (0, 0, 0)
        utc_us = NOON_US + own_us - 100_000 if fix else 0
        log.put(
            "vehicle_gps_position", own_us, utc_us, *place, 0.3, 1.5, 2.5, 0.9, 1.2, 5.0, -1.5707963, -100_000,
            float("nan"), fix, 14,
        )  # fmt: skip
    return log
