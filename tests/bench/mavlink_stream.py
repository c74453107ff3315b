"""What a vehicle says, as bytes, made with pymavlink; run as a program it is many vehicles on real sockets.

`python -m tests.bench.mavlink_stream PORT VEHICLES SECONDS` sends each frame as a datagram of its own, each vehicle
from its own socket, and prints how many it sent and how long that took.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

#: Kind -> messages in one second.
RATES_HZ = {
    "HEARTBEAT": 1,
    "SYSTEM_TIME": 1,
    "SYS_STATUS": 2,
    "GPS_RAW_INT": 5,
    "ATTITUDE": 25,
    "GLOBAL_POSITION_INT": 10,
    "SERVO_OUTPUT_RAW": 10,
    "VFR_HUD": 10,
    "BATTERY_STATUS": 4,
    "EXTENDED_SYS_STATE": 1,
    "STATUSTEXT": 1,
    "COMMAND_ACK": 1,
    "AUTOPILOT_VERSION": 1,
    "RAW_IMU": 25,
    "SCALED_PRESSURE": 10,
    "RC_CHANNELS": 10,
    "NAV_CONTROLLER_OUTPUT": 10,
    "VIBRATION": 5,
    "EKF_STATUS_REPORT": 5,
    "LOCAL_POSITION_NED": 10,
    "AHRS2": 10,
}
TICKS_HZ = 50
#: Four motors and a pump on output 9, eight channels of a remote control: as a small sprayer has them.
PULSES = {
    **{f"servo{n}_raw": 1500 if n < 5 else 1600 if n == 9 else 0 for n in range(1, 17)},
    **{f"chan{n}_raw": 1500 if n < 9 else 65535 for n in range(1, 19)},
}
FIXED = {**PULSES, "port": 0, "autopilot": 3, "fix_type": 3, "id": 0, "component_id": 1}
START_MS = 1_790_000_000_000
BOOT_MS = 60_000


class Voice:
    """One vehicle's encoder."""

    def __init__(self, system: int = 1, kinds: frozenset[str] = frozenset(RATES_HZ)) -> None:
        self._encoder = dialect.MAVLink(None, srcSystem=system, srcComponent=1)
        self._classes = {kind.msgname: kind for kind in dialect.mavlink_map.values() if kind.msgname in kinds}
        self._uid2 = [system, *[0] * 17]

    def frames(self, tick: int) -> Iterator[bytes]:
        """Yield what is due at a tick, 50 a second."""
        boot_ms = BOOT_MS + tick * 1000 // TICKS_HZ
        for name, kind in self._classes.items():
            rate_hz = RATES_HZ[name]
            if tick * rate_hz // TICKS_HZ != (tick + 1) * rate_hz // TICKS_HZ:
                yield bytes(kind(*self._values(kind, tick, boot_ms)).pack(self._encoder))
                self._encoder.seq = (self._encoder.seq + 1) & 255

    def _values(self, kind: Any, tick: int, boot_ms: int) -> list[object]:
        values: list[object] = []
        lengths = (kind.array_lengths[order] for order in kind.orders)
        for name, field_type, length in zip(kind.fieldnames, kind.fieldtypes, lengths, strict=True):
            if name == "time_boot_ms":
                values.append(boot_ms)
            elif name == "time_unix_usec":
                values.append((START_MS + boot_ms) * 1000)
            elif name in ("time_usec", "time_boot_us"):
                values.append(boot_ms * 1000)
            elif name == "uid2":
                values.append(self._uid2)
            elif name in FIXED:
                values.append(FIXED[name])
            elif field_type == "char":
                values.append(b"EKF3 IMU0 is using GPS")
            elif field_type == "float":
                values.append([0.25 + tick % 7] * length if length else 0.25 + tick % 7)
            else:
                values.append([50 + tick % 50] * length if length else 50 + tick % 50)
        return values


def make_stream(seconds: int, kinds: frozenset[str]) -> list[tuple[int, bytes]]:
    """Return (UTC in ms, frame) of all that one vehicle says."""
    voice = Voice(kinds=kinds)
    return [
        (START_MS + BOOT_MS + tick * 1000 // TICKS_HZ, frame)
        for tick in range(seconds * TICKS_HZ)
        for frame in voice.frames(tick)
    ]


def wait_for_reader(port: int) -> None:
    """Return once somebody reads the port: a datagram to a closed one is refused, and the next call says so."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("127.0.0.1", port))
        for _ in range(1200):
            with contextlib.suppress(ConnectionRefusedError):
                probe.send(b"")
                time.sleep(0.05)
                probe.send(b"")
                return
            time.sleep(0.05)
    raise TimeoutError(f"nobody reads UDP port {port}")


def send_live(port: int, vehicles: int, seconds: int) -> dict[str, float]:
    """Send what so many vehicles say, in real time; returns how much it was."""
    voices = [Voice(system) for system in range(1, vehicles + 1)]
    ticks = [[list(voice.frames(tick)) for voice in voices] for tick in range(seconds * TICKS_HZ)]
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in voices]
    for endpoint in sockets:
        endpoint.connect(("127.0.0.1", port))
    print("ready", flush=True)
    sys.stdin.readline()
    wait_for_reader(port)
    sent, start_s = 0, time.monotonic()
    for number, tick in enumerate(ticks):
        for endpoint, frames in zip(sockets, tick, strict=True):
            for frame in frames:
                endpoint.send(frame)
            sent += len(frames)
        time.sleep(max(0.0, start_s + (number + 1) / TICKS_HZ - time.monotonic()))
    return {"sent": sent, "seconds": time.monotonic() - start_s}


if __name__ == "__main__":
    print(json.dumps(send_live(*map(int, sys.argv[1:4]))), flush=True)
