"""A gateway daemon on a small board: memory and processor time with one, ten and no vehicles, and of a further source.

`python -m tests.bench.bench_gateway [--json] [--seconds 20] [--vehicles 10] [--sources 10]`. `headland edge run` is
started as its service does, in a control group of 512 MB and half a core; `memory_limit_mb` is 0 where none could be
made here, and standard error says why. A broker and an ingest that acknowledges are outside of it. The vehicles say 21
kinds at their usual rates over UDP. Resident memory is Linux's VmRSS, the largest of readings each second.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.limited_cgroup import LimitedGroup, limited_group
from tests.bench.machine_load import busy_cores
from tests.broker import Broker
from tests.edge.ingest_stand_in import StandInIngest
from tests.ports import find_free_port
from tests.waiting import wait_until

MEMORY_MB = 512
CORES = 0.5
GATEWAY = "gw-bench"
SETTLE_S = 3.0


class Daemon:
    """`headland edge run` with so many MAVLink sources."""

    def __init__(self, folder: Path, broker_port: int, sources: int, group: LimitedGroup) -> None:
        self.ports = [find_free_port() for _ in range(sources)]
        tables = [
            f'[[source]]\nname = "drones-{number}"\ntype = "mavlink"\nurl = "udpin:127.0.0.1:{port}"\n'
            for number, port in enumerate(self.ports)
        ]
        self._data = folder / f"data-{sources}"
        config = folder / f"edge-{sources}.toml"
        config.write_text(
            f'[gateway]\nid = "{GATEWAY}"\nsite = "home"\ndata_dir = "{self._data}"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {broker_port}\n' + "".join(tables)
        )
        words = [sys.executable, "-m", "station", "edge", "run", "--config", str(config)]
        self.process = subprocess.Popen(group.command(words), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.counters() is not None, 60)
        time.sleep(SETTLE_S)

    def counters(self) -> dict[str, int] | None:
        """Return the counters of all sources together, None before the daemon wrote its status."""
        try:
            status: dict[str, Any] = json.loads((self._data / "status.json").read_text())
        except (OSError, ValueError):
            return None
        total: dict[str, int] = {}
        for source in status["sources"]:
            for name, count in source["counters"].items():
                total[name] = total.get(name, 0) + count
        return total

    def rss_mb(self) -> float:
        """Return the resident memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1000

    def cpu_s(self) -> float:
        """Return the processor time used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def watch(self, seconds: float) -> tuple[float, float]:
        """Return the largest resident memory in MB and the share of a core in %, over so many seconds."""
        largest_mb, used_s, began_s = 0.0, self.cpu_s(), time.monotonic()
        while time.monotonic() - began_s < seconds:
            time.sleep(1.0)
            largest_mb = max(largest_mb, self.rss_mb())
        return largest_mb, 100 * (self.cpu_s() - used_s) / (time.monotonic() - began_s)

    def stop(self) -> None:
        """End the daemon."""
        self.process.terminate()
        self.process.wait(20)


def fly(daemon: Daemon, vehicles: int, seconds: int) -> dict[str, float]:
    """Let so many vehicles send to the first source."""
    line = [sys.executable, "-m", "tests.bench.mavlink_stream", str(daemon.ports[0]), str(vehicles), str(seconds + 3)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdin is not None
        assert sender.stdout is not None
        sender.stdout.readline()
        before = (daemon.counters() or {}).get("frames", 0)
        sender.stdin.write("go\n")
        sender.stdin.flush()
        time.sleep(2.0)
        rss_mb, core_pct = daemon.watch(seconds)
        sent = json.loads(sender.stdout.readline())["sent"]
    time.sleep(SETTLE_S)
    lost = sent - (daemon.counters() or {}).get("frames", 0) + before
    return {"rss_mb": round(rss_mb, 1), "core_pct": round(core_pct, 1), "sent_count": sent, "lost_count": lost}


def measure(folder: Path, vehicles: int, seconds: int, sources: int) -> dict[str, Any]:
    """Return the figures."""
    figures: dict[str, Any] = {"busy_cores_before_count": busy_cores()}
    broker = Broker(folder, find_free_port())
    broker.start()
    ingest = StandInIngest(broker.host, broker.port, GATEWAY)
    try:
        with limited_group(MEMORY_MB, CORES) as group:
            if group.missing:
                print(f"no control group can be made here, so nothing is limited: {group.missing}", file=sys.stderr)
            figures["memory_limit_mb"] = 0 if group.missing else MEMORY_MB
            figures["core_limit_pct"] = 0.0 if group.missing else 100 * CORES
            daemon = Daemon(folder, broker.port, 1, group)
            rss_mb, core_pct = daemon.watch(seconds / 2)
            figures["idle"] = {"rss_mb": round(rss_mb, 1), "core_pct": round(core_pct, 1)}
            figures["1_vehicle"] = fly(daemon, 1, seconds)
            figures[f"{vehicles}_vehicles"] = fly(daemon, vehicles, seconds)
            daemon.stop()
            daemon = Daemon(folder, broker.port, 1 + sources, group)
            more_mb, _ = daemon.watch(seconds / 2)
            figures["further_idle_source_mb"] = round((more_mb - rss_mb) / sources, 2)
            daemon.stop()
    finally:
        ingest.close()
        broker.kill()
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--vehicles", type=int, default=10)
    parser.add_argument("--sources", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), options.vehicles, options.seconds, options.sources)
    print(json.dumps(figures) if options.json else json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
