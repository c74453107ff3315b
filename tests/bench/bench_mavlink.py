"""MAVLink bytes to rows, messages a second, against pymavlink's parse_buffer in the same run.

`python -m tests.bench.bench_mavlink [--json] [--seconds 60] [--rounds 5]`. The stream is a vehicle's, made with
pymavlink: 21 kinds at their usual rates, 13 of which Headland reads; and the same stream of those 13 alone, where
every frame must be decoded. CPU time, the best of the rounds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.mavlink.fleet import Fleet
from edge.mavlink.frame import FrameDecoder
from edge.mavlink.identity import Surroundings
from edge.mavlink.messages import MESSAGE_BY_ID, decode_message
from edge.mavlink.settings import SprayerSettings
from edge.mavlink.timeline import Patience

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
#: Four motors and a pump on output 9, eight channels of a remote control: as a small sprayer has them.
PULSES = {
    **{f"servo{n}_raw": 1500 if n < 5 else 1600 if n == 9 else 0 for n in range(1, 17)},
    **{f"chan{n}_raw": 1500 if n < 9 else 65535 for n in range(1, 19)},
}
FIXED = {**PULSES, "port": 0, "uid2": [7] + [0] * 17, "autopilot": 3, "fix_type": 3, "id": 0, "component_id": 1}


def make_stream(seconds: int, kinds: frozenset[str]) -> tuple[bytes, int]:
    """Return the bytes of a vehicle's stream and how many messages they hold."""
    encoder = dialect.MAVLink(None, srcSystem=1, srcComponent=1)
    classes = {kind.msgname: kind for kind in dialect.mavlink_map.values() if kind.msgname in kinds}
    out = bytearray()
    count = 0
    for tick in range(seconds * 50):
        boot_ms = 60_000 + tick * 20
        for name, kind in classes.items():
            if tick * RATES_HZ[name] // 50 == (tick + 1) * RATES_HZ[name] // 50:
                continue
            out += kind(*_values(kind, tick, boot_ms)).pack(encoder)
            encoder.seq = (encoder.seq + 1) & 255
            count += 1
    return bytes(out), count


def _values(kind: Any, tick: int, boot_ms: int) -> list[object]:
    values: list[object] = []
    for name, field_type, length in zip(
        kind.fieldnames, kind.fieldtypes, (kind.array_lengths[order] for order in kind.orders), strict=True
    ):
        if name == "time_boot_ms":
            values.append(boot_ms)
        elif name == "time_unix_usec":
            values.append((1_790_000_000_000 + boot_ms) * 1000)
        elif name in ("time_usec", "time_boot_us"):
            values.append(boot_ms * 1000)
        elif name in FIXED:
            values.append(FIXED[name])
        elif field_type == "char":
            values.append(b"EKF3 IMU0 is using GPS")
        elif field_type == "float":
            values.append([0.25 + tick % 7] * length if length else 0.25 + tick % 7)
        else:
            values.append([50 + tick % 50] * length if length else 50 + tick % 50)
    return values


def best_cpu_s(work: Callable[[], object], rounds: int) -> float:
    """Return the shortest CPU time of `rounds` runs."""
    times: list[float] = []
    for _ in range(rounds):
        start_s = time.process_time()
        work()
        times.append(time.process_time() - start_s)
    return min(times)


def measure(stream: bytes, count: int, rounds: int) -> dict[str, float]:
    """Return messages a second of each path over one stream, in reads of 64 KiB as a file has them."""
    chunks = [stream[at : at + 65536] for at in range(0, len(stream), 65536)]

    def frames() -> None:
        decoder = FrameDecoder()
        got = sum(len(decoder.feed(chunk)) for chunk in chunks)
        assert got == count, f"{got} of {count} frames"

    def typed() -> None:
        decoder = FrameDecoder()
        for chunk in chunks:
            for frame in decoder.feed(chunk):
                decode_message(frame)

    def rows() -> None:
        decoder = FrameDecoder()
        patience = Patience(wait_ms=10_000, rows=20_000)
        fleet = Fleet(Surroundings("gw", "home"), SprayerSettings(pump_servo=9), lambda _system: patience)
        for chunk in chunks:
            for frame in decoder.feed(chunk):
                fleet.take("bench", frame, 0)
            fleet.drain()

    def pymavlink_parse() -> None:
        parser = dialect.MAVLink(None)
        got = sum(len(parser.parse_buffer(chunk) or ()) for chunk in chunks)
        assert got == count, f"{got} of {count} messages"

    paths = {"frames": frames, "typed": typed, "rows": rows, "pymavlink_parse_buffer": pymavlink_parse}
    return {name: count / best_cpu_s(work, rounds) for name, work in paths.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    read = frozenset(RATES_HZ) & {dialect.mavlink_map[message_id].msgname for message_id in MESSAGE_BY_ID}
    result: dict[str, object] = {}
    for label, kinds in (("21_kinds", frozenset(RATES_HZ)), ("read_kinds", read)):
        stream, count = make_stream(options.seconds, kinds)
        rates = measure(stream, count, options.rounds)
        result[label] = {
            "message_count": count,
            "bytes_per_message": round(len(stream) / count, 1),
            **{f"{name}_msg_per_s": round(rate) for name, rate in rates.items()},
            "typed_over_pymavlink_ratio": round(rates["typed"] / rates["pymavlink_parse_buffer"], 2),
            "rows_over_pymavlink_ratio": round(rates["rows"] / rates["pymavlink_parse_buffer"], 2),
        }
    if options.json:
        print(json.dumps(result))
        return
    for label, figures in result.items():
        print(label, json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
