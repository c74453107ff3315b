"""Flight logs to rows, each format through its own source, against the others' readers in one run.

`python -m tests.bench.bench_logs [--json] [--seconds 300] [--rounds 3]`. A .tlog and the same bytes without stamps
(.rlog), 21 kinds at their usual rates; a .BIN as a copter writes it, of which a third becomes rows, with pymavlink's
DFReader beside it; a .ulg, which pyulog reads first. Both looks at each file are in it. CPU time, the best of the
rounds; the peak of memory is of one import of a .BIN fifty times as long, over what the process had before.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from pymavlink import DFReader

from edge.imports.dataflash.source import DataflashSource
from edge.imports.mavlink_log.raw_log import RawLogSource
from edge.imports.mavlink_log.tlog import TlogSource
from edge.imports.ulog.source import UlogSource
from tests.bench.bench_mavlink import CountingSink, best_cpu_s
from tests.bench.mavlink_stream import RATES_HZ, make_stream
from tests.edge.imports.dataflash.bin_writer import make_flight as make_bin
from tests.edge.imports.ulog.ulg_writer import make_flight as make_ulg

LONG = 50


def measure(folder: Path, seconds: int, rounds: int) -> dict[str, float]:
    """Return messages a second of each reader, and what a long .BIN takes of memory."""
    stream = make_stream(seconds, frozenset(RATES_HZ))
    tlog, rlog, log, ulg = (folder / f"bench.{kind}" for kind in ("tlog", "rlog", "BIN", "ulg"))
    tlog.write_bytes(b"".join((at_ms * 1000).to_bytes(8) + frame for at_ms, frame in stream))
    rlog.write_bytes(b"".join(frame for _, frame in stream))
    log.write_bytes(make_bin(seconds).data)
    ulg.write_bytes(make_ulg(seconds).whole())
    figures: dict[str, float] = {}
    for name, path, open_source in (
        ("tlog", tlog, lambda path: TlogSource(path, None, "gw", "home")),
        ("rlog", rlog, lambda path: RawLogSource(path, None, "gw", "home")),
        ("dataflash", log, lambda path: DataflashSource(path, None, "home")),
        ("ulog", ulg, lambda path: UlogSource(path, None, "home")),
    ):
        counts: list[int] = []

        def work(path: Path = path, open_source: object = open_source, counts: list[int] = counts) -> None:
            source, sink = open_source(path), CountingSink()  # type: ignore[operator]  # one of the four
            source.run(sink)
            counts.append(source.counters().get("messages", 0) or source.counters().get("frames", 0))
            assert sink.rows > 0

        took_s = best_cpu_s(work, rounds)
        figures[f"{name}_to_rows_msg_per_s"] = round(counts[-1] / took_s)

    def with_dfreader() -> None:
        reader = DFReader.DFReader_binary(str(log), zero_time_base=True)
        while reader.recv_msg() is not None:
            pass
        reader.data_map.close()
        reader.filehandle.close()

    messages = len(make_bin(seconds).messages)
    figures["pymavlink_dfreader_msg_per_s"] = round(messages / best_cpu_s(with_dfreader, min(rounds, 2)))
    figures["dataflash_over_pymavlink_ratio"] = round(
        figures["dataflash_to_rows_msg_per_s"] / figures["pymavlink_dfreader_msg_per_s"], 2
    )
    with log.open("ab") as file:  # later flights on one card, of which each knows its own time
        for _ in range(LONG - 1):
            file.write(make_bin(seconds).data)
    return {**figures, "dataflash_long_mb": round(log.stat().st_size / 1e6, 1), "dataflash_long_peak_mb": peak_mb(log)}


def peak_mb(path: Path) -> float:
    """Return how far an import of `path` raises the peak of a process's memory."""
    line = [sys.executable, "-m", "tests.bench.bench_logs", "--peak-of", str(path)]
    return float(subprocess.run(line, capture_output=True, text=True, check=True).stdout)


def memory_kb(name: str) -> int:
    """Return one of the sizes that Linux keeps of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peak-of", type=Path)
    options = parser.parse_args()
    if options.peak_of is not None:
        before_kb = memory_kb("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        DataflashSource(options.peak_of, None, "home").run(CountingSink())
        print(round((memory_kb("VmHWM") - before_kb) / 1000, 1))
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), options.seconds, options.rounds)
    print(json.dumps(figures) if options.json else json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
