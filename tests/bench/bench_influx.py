"""InfluxDB through this store beside bare loops of its client on the same server, in turns; medians of the rounds.

`write`: the same batches of 20,000 points as one string a request, a line a sample (`bare_lines`), a line an instant of
a device (`bare_wide_lines`), and through the store, which also judges duplicates and writes marks. `_ratio` is ours to
bare.
`read`: the daily buckets of 200 series, and 30 days of ten channels in 500 buckets, beside the same five aggregates in
InfluxQL: one statement a channel, one a channel and aggregate, or one for all. `ratio` is the fastest of these to ours,
and `_cpu_ms` the processor's time of the server, for machines that do other work meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from headland.store.influx.store import open_influx
from headland.store.port import SeriesFilter, WriteBatch
from tests.bench.bench_engines import CHANNELS, DAY_MS, make_batches
from tests.influx_server import InfluxServer

_SERIES: Final = 1000
_DAYS: Final = 30
_LINES: Final = 10_000


class Bare:
    """The server's own client, as its documents use it; numbers of answers are decoded and not looked at."""

    def __init__(self, server: InfluxServer, bucket: str) -> None:
        self._bucket = bucket
        self._client = InfluxDBClient(f"http://{server.host}:{server.port}", token="none", org="-", timeout=120_000)
        self._write = self._client.write_api(write_options=SYNCHRONOUS)
        self.ask(f'CREATE DATABASE "{bucket}"', "POST")

    def write(self, lines: list[str]) -> None:
        for start in range(0, len(lines), _LINES):
            body = "\n".join(lines[start : start + _LINES])
            self._write.write(self._bucket, record=body, write_precision="ms")  # type: ignore[arg-type]

    def sender(self, lines: Callable[[WriteBatch], list[str]]) -> Callable[[WriteBatch], object]:
        """Return a function that writes a batch as such lines."""
        return lambda batch: self.write(lines(batch))

    def ask(self, statement: str, method: str = "GET") -> int:
        """Return the number of rows."""
        answer = self._client.api_client.call_api(  # type: ignore[no-untyped-call]
            "/query", method, query_params=[("db", self._bucket), ("epoch", "ms"), ("q", statement)],
            header_params={"Accept": "application/json"}, auth_settings=[], _return_http_data_only=True,
            _preload_content=False,
        )  # fmt: skip
        results = json.loads(answer.data)["results"]
        assert not any("error" in result for result in results), results
        return sum(len(series["values"]) for result in results for series in result.get("series", []))

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]


def narrow_lines(batch: WriteBatch) -> list[str]:
    """Return a line a sample."""
    points = batch.points
    heads = [f"{key.kind},device={key.device},organisation=acme,site=home {key.channel}=%r %d" for key in points.series]
    columns = zip(points.index.tolist(), points.value.tolist(), points.time_ms.tolist(), strict=True)
    return [heads[at] % (value, time_ms) for at, value, time_ms in columns]


def wide_lines(batch: WriteBatch) -> list[str]:
    """Return a line for each instant of a device with its channels: whoever writes it knows that they come so."""
    points = batch.points
    values = points.value.reshape(_SERIES // CHANNELS, CHANNELS, -1).transpose(0, 2, 1)
    times = points.time_ms.reshape(_SERIES // CHANNELS, CHANNELS, -1)[:, 0, :]
    template = ",".join(f"{key.channel}=%r" for key in points.series[:CHANNELS])
    return [
        f"greenhouse,device=gh-{device},organisation=acme,site=home {template % tuple(row)} {time_ms}"
        for device, (rows, moments) in enumerate(zip(values.tolist(), times.tolist(), strict=True))
        for row, time_ms in zip(rows, moments, strict=True)
    ]


def bench_write(server: InfluxServer, points: int, rounds: int) -> dict[str, float]:
    """Return points a second of each way."""
    bare = {"bare_lines": (Bare(server, "narrow"), narrow_lines), "bare_wide_lines": (Bare(server, "wide"), wide_lines)}
    store = open_influx(server.url("ours"))
    ways: dict[str, Callable[[WriteBatch], object]] = {"ours": store.write}
    for name, (client, lines) in bare.items():
        ways[name] = client.sender(lines)
    random = np.random.default_rng(1)
    spent_s: dict[str, list[float]] = {name: [] for name in ways}
    batches = make_batches(points * rounds, _SERIES, _DAYS, 20)
    for _ in range(rounds):
        chosen = [next(batches) for _ in range(points // (_SERIES * 20))]
        # In turns, so that no way always has the server's compaction of another.
        for name, write in sorted(ways.items(), key=lambda _: random.random()):
            began_s = time.perf_counter()
            for batch in chosen:
                write(batch)
            spent_s[name].append(time.perf_counter() - began_s)
    store.close()
    counts = {name: client.ask("SELECT channel_0_degc FROM greenhouse") for name, (client, _) in bare.items()}
    assert set(counts.values()) == {rounds * points // CHANNELS}, counts
    for client, _ in bare.values():
        client.close()
    told = {f"{name}_points_s": points / statistics.median(each) for name, each in spent_s.items()}
    for name in bare:
        ratios = [other / own for other, own in zip(spent_s[name], spent_s["ours"], strict=True)]
        told[f"{name}_ratio"] = statistics.median(ratios)
    return told


def bench_read(server: InfluxServer, rounds: int) -> dict[str, float]:
    """Return the times of two questions about what `bench_write` stored."""
    store, bare = open_influx(server.url("ours")), Bare(server, "ours")
    batch = next(make_batches(_SERIES * 20, _SERIES, _DAYS, 20))
    start_ms = int(batch.points.time_ms.min())
    end_ms = start_ms + _DAYS * DAY_MS
    two = ["channel_0_degc", "channel_1_degc"]
    ten = [f"channel_{number}_degc" for number in range(CHANNELS)]
    questions = {
        "daily_200_series": (SeriesFilter("acme", channels=frozenset(two)), DAY_MS, two, ""),
        "buckets_500_of_ten": (SeriesFilter("acme", "gh-0"), _DAYS * DAY_MS // 500, ten, " AND device = 'gh-0'"),
    }
    told: dict[str, float] = {}
    for name, (which, step_ms, channels, more) in questions.items():

        def ask_ours(which: SeriesFilter = which, step_ms: int = step_ms) -> int:
            return sum(len(each.count) for each in store.buckets(which, start_ms, end_ms, step_ms))

        forms: dict[str, Callable[[], object]] = {"ours": ask_ours}
        for form, statements in _statements(channels, more, start_ms, end_ms, step_ms):
            forms[form] = lambda statements=statements: bare.ask(statements)  # type: ignore[misc]
        assert ask_ours() == forms["a_channel"](), name
        spent_s: dict[str, list[float]] = {form: [] for form in forms}
        cpu_s = dict.fromkeys(forms, 0.0)
        random = np.random.default_rng(1)
        for _ in range(rounds):
            # In turns, so that no form always pays for what another left to the server.
            for form, ask in sorted(forms.items(), key=lambda _: random.random()):
                began_s, began_cpu_s = time.perf_counter(), _cpu_s(server.pid)
                ask()
                spent_s[form].append(time.perf_counter() - began_s)
                cpu_s[form] += _cpu_s(server.pid) - began_cpu_s
        told |= {f"{name} {form}_ms": 1000 * statistics.median(each) for form, each in spent_s.items()}
        told |= {f"{name} {form}_cpu_ms": 1000 * each / rounds for form, each in cpu_s.items()}
        own = zip(*(each for form, each in spent_s.items() if form != "ours"), strict=True)
        ratios = [min(others) / ours for others, ours in zip(own, spent_s["ours"], strict=True)]
        told[f"{name} ratio"] = statistics.median(ratios)
    store.close()
    bare.close()
    return told


def _cpu_s(pid: int) -> float:
    """Return the processor's time of a process so far."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _statements(channels: list[str], more: str, start_ms: int, end_ms: int, step_ms: int) -> Iterator[tuple[str, str]]:
    functions = ("count", "mean", "min", "max", "last")
    ending = (
        f"FROM greenhouse WHERE time >= {start_ms}ms AND time < {end_ms}ms{more} "
        f"GROUP BY time({step_ms}ms, {start_ms % step_ms}ms), device fill(none)"
    )
    aggregates = {channel: ", ".join(f"{each}({channel})" for each in functions) for channel in channels}
    yield "a_channel", ";".join(f"SELECT {columns} {ending}" for columns in aggregates.values())
    if len(channels) < CHANNELS:
        # For more the address is longer than proxies take.
        yield "an_aggregate", ";".join(f"SELECT {each}({one}) {ending}" for one in channels for each in functions)
    yield "together", f"SELECT {', '.join(aggregates.values())} {ending}"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--points", type=int, default=200_000, help="of a round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        server = InfluxServer(Path(name))
        server.start()
        try:
            told = {
                "write": bench_write(server, options.points, options.rounds),
                "read": bench_read(server, options.rounds),
            }
        finally:
            server.close()
    rounded = {group: {name: round(value, 3) for name, value in values.items()} for group, values in told.items()}
    print(json.dumps({**rounded, "load_1min": os.getloadavg()[0]}, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
