"""Messages of an autopilot, encoded by pymavlink; a sink that stores all; a .tlog from frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.frame import Frame
from edge.sources.mavlink.vehicle.device_output import Output
from edge.sources.source import Reading, Readings
from headland.contract.records import Descriptor, Event

#: 2024-06-01T06:00:00Z.
NOON_MS = 1_717_221_600_000
UID_A = [0xA1, 0xB2, 0xC3] + [0] * 15
UID_B = [0xD4, 0xE5] + [0] * 16
UID_SIMULATOR = [*b"HLSIM", 1, 0, 7] + [0] * 10


@dataclass
class Autopilot:
    """Encodes the messages of one component. `utc_at_boot_ms` is the UTC at which its boot time was 0."""

    system: int = 1
    component: int = 1
    version: int = 2
    utc_at_boot_ms: int = NOON_MS
    state: Any = field(init=False)

    def __post_init__(self) -> None:
        self.state = dialect.MAVLink(None, srcSystem=self.system, srcComponent=self.component)

    def encode(self, message: Any) -> bytes:
        frame = bytes(message.pack(self.state, force_mavlink1=self.version == 1))
        self.state.seq = (self.state.seq + 1) & 255
        return frame

    def heartbeat(self, *, kind: int = 2, autopilot: int = 3, mode: int = 0, armed: bool = False) -> bytes:
        base_mode = 1 | (128 if armed else 0)
        return self.encode(dialect.MAVLink_heartbeat_message(kind, autopilot, base_mode, mode, 4, 3))

    def system_time(self, boot_ms: int, *, utc_ms: int | None = None) -> bytes:
        utc_ms = self.utc_at_boot_ms + boot_ms if utc_ms is None else utc_ms
        return self.encode(dialect.MAVLink_system_time_message(utc_ms * 1000, boot_ms))

    def attitude(self, boot_ms: int, roll: float = 0.125) -> bytes:
        return self.encode(dialect.MAVLink_attitude_message(boot_ms, roll, 0.25, 0.5, 0.0, 0.0, 0.0))

    def position(self, boot_ms: int, lat: int = 494_000_000, lon: int = -1_230_000_000) -> bytes:
        return self.encode(
            dialect.MAVLink_global_position_int_message(boot_ms, lat, lon, 50_000, 20_000, 300, 400, -100, 9_000)
        )

    def gps(self, boot_ms: int, fix: int = 3) -> bytes:
        return self.encode(
            dialect.MAVLink_gps_raw_int_message(
                boot_ms * 1000, fix, 494_000_000, -1_230_000_000, 50_000, 90, 65535, 500, 18_000, 14
            )
        )

    def hud(self, airspeed: float = 4.0) -> bytes:
        return self.encode(dialect.MAVLink_vfr_hud_message(airspeed, 5.0, 90, 40, 50.0, 0.5))

    def identity(self, uid2: list[int], uid: int = 0) -> bytes:
        zeros = [0] * 8
        return self.encode(
            dialect.MAVLink_autopilot_version_message(0, 0x04050700, 0, 0, 0, zeros, zeros, zeros, 0, 0, uid, uid2)
        )

    def text(self, text: bytes, number: int = 0, chunk: int = 0, severity: int = 4) -> bytes:
        return self.encode(dialect.MAVLink_statustext_message(severity, text, number, chunk))


@dataclass
class Collector:
    """A sink that stores what it gets."""

    readings: list[Reading] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    descriptors: list[Descriptor] = field(default_factory=list)

    def reading(self, reading: Reading) -> None:
        self.readings.append(reading)

    def runs(self, runs: Sequence[Readings]) -> None:
        self.readings += rows_of(runs)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def describe(self, descriptor: Descriptor) -> None:
        self.descriptors.append(descriptor)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


def rows_of(outputs: Iterable[Output]) -> list[Reading]:
    """Return the single rows among outputs, in the order of their times."""
    rows = (row for output in outputs if isinstance(output, Readings) for row in output.rows())
    return sorted(rows, key=lambda row: row.time_ms)


def frames_of(data: bytes) -> list[Frame]:
    decoder = FrameDecoder()
    return decoder.feed(data) + decoder.finish()


def make_tlog(frames: Iterable[tuple[int, bytes]]) -> bytes:
    """Return a recording: each frame behind its time in ms as 8 bytes of microseconds."""
    return b"".join((at_ms * 1000).to_bytes(8, "big") + frame for at_ms, frame in frames)
