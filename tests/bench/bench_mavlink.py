"""MAVLink against pymavlink and mavutil in one run: bytes to rows, a log file, and a hundred vehicles on a live link.

`python -m tests.bench.bench_mavlink [--json] [--seconds 100] [--rounds 5] [--vehicles 100] [--live 10]`. The stream is
a vehicle's: 21 kinds at their usual rates, of which Headland reads 15; and those alone, where every frame becomes
something. CPU time, the best of the rounds; the live link is measured once for each reader, by the CPU time of its
process after the first seconds, in which vehicles are met and asked for their rates; losses are counted from the first.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ["MAVLINK20"] = "1"

from pymavlink import mavutil
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.agent.gc_tuning import tune_gc
from edge.imports.mavlink_log.tlog import TlogSource
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.messages import MESSAGE_BY_ID, decode_message
from edge.sources.mavlink.settings import MavlinkSettings, SprayerSettings
from edge.sources.mavlink.source import MavlinkSource
from edge.sources.mavlink.timing.clock_choice import HoldPolicy
from edge.sources.mavlink.vehicle.device_naming import SourceContext
from edge.sources.mavlink.vehicle.fleet import Fleet
from edge.sources.source import Reading, Readings
from headland.contract.records import Descriptor, Event
from tests.bench.machine_load import busy_cores
from tests.bench.mavlink_stream import RATES_HZ, make_stream
from tests.ports import find_free_port

CHUNK_BYTES = 65536
WARM_UP_S = 4
SPRAYER = SprayerSettings(pump_servo=9, pump_off_us=1100, flow_battery_id=1)


class CountingSink:
    """Takes all and keeps none."""

    def __init__(self) -> None:
        self.rows = 0

    def reading(self, _reading: Reading) -> None:
        """Take a row."""
        self.rows += 1

    def runs(self, runs: Sequence[Readings]) -> None:
        """Take rows by column."""
        self.rows += sum(map(len, runs))

    def event(self, _event: Event) -> None:
        """Take an event."""

    def describe(self, _descriptor: Descriptor) -> None:
        """Take a descriptor."""


def best_cpu_s(work: Callable[[], object], rounds: int) -> float:
    """Return the shortest CPU time of `rounds` runs."""
    times: list[float] = []
    for _ in range(rounds):
        start_s = time.process_time()
        work()
        times.append(time.process_time() - start_s)
    return min(times)


def measure_bytes(stream: list[tuple[int, bytes]], rounds: int) -> dict[str, float]:
    """Return messages a second of each path over one stream, in reads of 64 KiB as a file has them."""
    data, count = b"".join(frame for _, frame in stream), len(stream)
    chunks = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]

    def frames() -> None:
        decoder = FrameDecoder()
        got = sum(len(decoder.read(chunk)) for chunk in chunks)
        assert got == count, f"{got} of {count} frames"

    def typed() -> None:
        decoder = FrameDecoder(wanted=MESSAGE_BY_ID)
        for chunk in chunks:
            for frame in decoder.read(chunk):
                decode_message(frame)

    def rows() -> None:
        decoder = FrameDecoder(wanted=MESSAGE_BY_ID)
        policy = HoldPolicy(wait_ms=10_000, rows=20_000)
        fleet = Fleet(SourceContext("gw", "home"), SPRAYER, lambda _system, _component: policy)
        for chunk in chunks:
            read = decoder.read(chunk)
            fleet.read("bench", read, [0] * len(read))

    def pymavlink_parse() -> None:
        parser = dialect.MAVLink(None)
        got = sum(len(parser.parse_buffer(chunk) or ()) for chunk in chunks)
        assert got == count, f"{got} of {count} messages"

    paths = {"frames": frames, "typed": typed, "rows": rows, "pymavlink_parse_buffer": pymavlink_parse}
    rates = {name: count / best_cpu_s(work, rounds) for name, work in paths.items()}
    return {
        "message_count": count,
        "bytes_per_message": round(len(data) / count, 1),
        **{f"{name}_msg_per_s": round(rate) for name, rate in rates.items()},
        "typed_over_pymavlink_ratio": round(rates["typed"] / rates["pymavlink_parse_buffer"], 2),
        "rows_over_pymavlink_ratio": round(rates["rows"] / rates["pymavlink_parse_buffer"], 2),
    }


def measure_log(stream: list[tuple[int, bytes]], rounds: int) -> dict[str, float]:
    """Return messages a second from a .tlog to rows, both looks at the file included, and of mavutil reading it."""
    count = len(stream)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.tlog"
        path.write_bytes(b"".join((at_ms * 1000).to_bytes(8) + frame for at_ms, frame in stream))

        def headland() -> None:
            source = TlogSource(path, None, "gw", "home")
            source.run(CountingSink())
            assert source.report().frames == count

        def with_mavutil() -> None:
            log = mavutil.mavlink_connection(str(path))
            got = 0
            while log.recv_msg() is not None:
                got += 1
            log.close()
            assert got >= count - 1, f"{got} of {count} messages"

        ours = count / best_cpu_s(headland, rounds)
        theirs = count / best_cpu_s(with_mavutil, min(rounds, 2))
    return {
        "tlog_to_rows_msg_per_s": round(ours),
        "mavutil_recv_msg_msg_per_s": round(theirs),
        "tlog_over_mavutil_ratio": round(ours / theirs, 2),
    }


def measure_live(vehicles: int, seconds: int, read: Callable[[int, threading.Event], int]) -> dict[str, float]:
    """Return what a reader of a live link used of a core and what it missed; `read(port, stop)` returns frames."""
    port, stop = find_free_port(), threading.Event()
    whole_s = seconds + WARM_UP_S
    line = [sys.executable, "-m", "tests.bench.mavlink_stream", str(port), str(vehicles), str(whole_s)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdin is not None
        assert sender.stdout is not None
        sender.stdout.readline()
        got: list[int] = []
        reader = threading.Thread(target=lambda: got.append(read(port, stop)))
        reader.start()
        time.sleep(1.0)
        sender.stdin.write("go\n")
        sender.stdin.flush()
        time.sleep(WARM_UP_S)
        start_s, began_s = time.process_time(), time.monotonic()
        told = json.loads(sender.stdout.readline())
        used_s, lasted_s = time.process_time() - start_s, time.monotonic() - began_s
        time.sleep(0.5)
        stop.set()
        reader.join()
    sent_per_s = told["sent"] / told["seconds"]
    return {
        "sent_msg_per_s": round(sent_per_s),
        "core_pct": round(100 * used_s / lasted_s, 1),
        "us_per_message": round(used_s / lasted_s / sent_per_s * 1e6, 2),
        "lost_count": told["sent"] - got[0],
    }


def read_by_source(port: int, stop: threading.Event) -> int:
    """Read as the gateway does, to rows."""
    settings = MavlinkSettings(name="bench", url=f"udpin:127.0.0.1:{port}", sprayer=SPRAYER)
    source = MavlinkSource(settings, "gw", "home")
    thread = threading.Thread(target=source.run, args=(CountingSink(),))
    thread.start()
    stop.wait()
    source.stop()
    thread.join()
    return source.counters().get("frames", 0)


def read_by_mavutil(port: int, stop: threading.Event) -> int:
    """Read as a ground station in Python does."""
    link: Any = mavutil.mavlink_connection(f"udpin:127.0.0.1:{port}")
    got = 0
    while not stop.is_set():
        message = link.recv_match(blocking=True, timeout=0.2)
        got += message is not None and message.get_type() != "BAD_DATA"
    with contextlib.suppress(OSError):
        link.close()
    return got


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--vehicles", type=int, default=100)
    parser.add_argument("--live", type=int, default=10, help="seconds on the live link; 0 leaves it out")
    options = parser.parse_args()
    tune_gc()  # as the gateway does; it is the same for all readers
    read = frozenset(RATES_HZ) & {dialect.mavlink_map[message_id].msgname for message_id in MESSAGE_BY_ID}
    result: dict[str, object] = {"busy_cores_before_count": busy_cores()}
    for label, kinds in (("21_kinds", frozenset(RATES_HZ)), ("read_kinds", read)):
        result[label] = measure_bytes(make_stream(options.seconds, kinds), options.rounds)
    result["log"] = measure_log(make_stream(options.seconds, frozenset(RATES_HZ)), options.rounds)
    if options.live:
        readers = (("live_source", read_by_source), ("live_mavutil", read_by_mavutil))
        for label, reader in readers:
            result[label] = measure_live(options.vehicles, options.live, reader)
    if options.json:
        print(json.dumps(result))
        return
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
