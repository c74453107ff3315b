"""VictoriaMetrics: a series for each truck and field, with what is known of the truck as labels; MetricsQL.

A question about ten minutes that begin anywhere is three requests: the part up to the next full ten minutes, these, and
the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np

from tests.bench.tsbs import spans
from tests.bench.tsbs.fleet import DIAGNOSTICS, READINGS, Rows, Truck
from tests.bench.tsbs.questions import TEN_MINUTES_MS, Answer, Question
from tests.bench.tsbs.spans import Spans
from tests.machine import describe_lack, find_program
from tests.victoria_server import VictoriaServer
from tests.waiting import wait_until

_FIELDS: Final = {"readings": READINGS, "diagnostics": DIAGNOSTICS}
_FLAGS: Final = (
    "-retentionPeriod=100y",
    "-search.latencyOffset=0s",
    "-http.connTimeout=10h",
    "-http.idleConnTimeout=10h",
    "-search.maxPointsSubqueryPerTimeseries=10000000",
    "-search.maxPointsPerTimeseries=1000000",
    "-search.maxQueryDuration=10m",
)


class Victoria:
    """A server of its own, over one kept connection."""

    def __init__(self, folder: Path, trucks: Sequence[Truck], every_ms: int) -> None:
        self._trucks = trucks
        self._folder = folder / "victoria"
        self._server = VictoriaServer(self._folder, _FLAGS)
        self._server.start()
        self._http = HTTPConnection(self._server.host, self._server.port, timeout=600)
        self._prefix = [
            ",".join(f"{name}={getattr(truck, name)}" for name in ("name", "fleet", "driver", "model"))
            + f",load_capacity={truck.load_capacity:.0f},nominal={truck.nominal_fuel_consumption:.0f}"
            for truck in trucks
        ]
        # A subquery that joins two series steps by it.
        self._every_ms = every_ms

    @property
    def remark(self) -> str:
        """What this build cannot do."""
        return ""

    def prepare(self, batch: Sequence[Rows]) -> bytes:
        """Return a batch in Influx's line protocol, as TSBS sends it."""
        lines = []
        for rows in batch:
            fields = _FIELDS[rows.table]
            for truck, time_ms, values in zip(
                rows.truck.tolist(), rows.time_ms.tolist(), rows.value.tolist(), strict=True
            ):
                pairs = [
                    f"{field}={value:g}" if value == round(value, 1) and abs(value) < 1e5 else f"{field}={value!r}"
                    for field, value in zip(fields, values, strict=True)
                    if value == value  # not NaN
                ]
                lines.append(f"{rows.table},{self._prefix[truck]} {','.join(pairs)} {time_ms}")
        return "\n".join(lines).encode()

    def load(self, prepared: bytes) -> None:
        """Send a batch; it is in the server's memory when this returns."""
        self._request("POST", "/write?precision=ms", prepared)

    def finish(self) -> None:
        """Have all written to the disk: a snapshot does that, and the server's acknowledgement does not."""
        name = json.loads(self._request("GET", "/snapshot/create"))["snapshot"]
        self._request("GET", f"/snapshot/delete?snapshot={name}")

    def settle(self, end_ms: int) -> None:
        """Merge all parts."""
        self.finish()
        self._request("GET", "/internal/force_merge")
        # It answers before it is done.
        wait_until(lambda: not re.search(r"vm_active_merges\{[^}]*\} [1-9]", self._request("GET", "/metrics").decode()))

    def size_bytes(self) -> int:
        """Return the bytes of the server's files."""
        return sum(path.stat().st_size for path in (self._folder / "data").rglob("*") if path.is_file())

    def ask(self, question: Question) -> Answer:
        """Answer a question."""
        return ANSWERS[question.name](self, question)

    def close(self) -> None:
        """Stop the server."""
        self._http.close()
        self._server.kill()

    def _request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._http.request(method, path, body)
        answer = self._http.getresponse()
        read = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"VictoriaMetrics answered {answer.status}: {read[:500].decode()}")
        return read

    def _query(self, expression: str, at_ms: int) -> list[dict[str, Any]]:
        """Return the vector of an instant."""
        words = urlencode({"query": expression, "time": f"{at_ms / 1000:.3f}", "nocache": 1})
        return list(json.loads(self._request("GET", f"/api/v1/query?{words}"))["data"]["result"])

    def _range(self, expression: str, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
        """Return the full ten minutes in a window; each value is labelled by its last millisecond."""
        low_ms, high_ms = start_ms + TEN_MINUTES_MS - 1, end_ms - 1
        if low_ms > high_ms:
            return []
        times = {"start": f"{low_ms / 1000:.3f}", "end": f"{high_ms / 1000:.3f}", "step": f"{TEN_MINUTES_MS}ms"}
        words = urlencode({"query": expression, **times, "nocache": 1})
        return list(json.loads(self._request("GET", f"/api/v1/query_range?{words}"))["data"]["result"])

    def _spans(self, expression: str, start_ms: int, end_ms: int) -> dict[str, Spans]:
        told = {}
        for series in self._range(expression, start_ms, end_ms):
            pairs = series["values"]
            last_ms = np.array([round(at * 1000) for at, _ in pairs], np.int64)
            values = np.array([float(value) for _, value in pairs])
            told[series["metric"]["name"]] = Spans(last_ms - TEN_MINUTES_MS + 1, values)
        return told

    def _newest(self, question: Question, metric: str) -> list[tuple[str, str, float]]:
        expression = f'last_over_time({metric}{{fleet="{question.fleet}"}}[1h])'
        return [
            (of["metric"]["name"], of["metric"]["driver"], float(of["value"][1]))
            for of in self._query(expression, question.end_ms - 1)
        ]

    def last_loc(self, question: Question) -> Answer:
        latitude = {name: value for name, _, value in self._newest(question, "readings_latitude")}
        return [
            (name, driver, value, latitude[name])
            for name, driver, value in self._newest(question, "readings_longitude")
            if name in latitude
        ]

    def low_fuel(self, question: Question) -> Answer:
        newest = self._newest(question, "diagnostics_fuel_state")
        return [row for row in newest if row[2] < question.limits.low_fuel]

    def high_load(self, question: Question) -> Answer:
        capacity = {truck.name: truck.load_capacity for truck in self._trucks}
        newest = self._newest(question, "diagnostics_current_load")
        return [row for row in newest if row[2] / capacity[row[0]] > question.limits.high_load]

    def stationary(self, question: Question) -> Answer:
        length_ms = question.end_ms - question.start_ms
        expression = (
            f'avg_over_time(readings_velocity{{fleet="{question.fleet}"}}[{length_ms}ms]) '
            f"< {question.limits.stationary}"
        )
        found = self._query(expression, question.end_ms - 1)
        return [(of["metric"]["name"], of["metric"]["driver"]) for of in found]

    def long_sessions(self, question: Question) -> Answer:
        metric = f'readings_velocity{{fleet="{question.fleet}"}}'
        first_ms = min(-(-question.start_ms // TEN_MINUTES_MS) * TEN_MINUTES_MS, question.end_ms)
        last_ms = max(question.end_ms // TEN_MINUTES_MS * TEN_MINUTES_MS, first_ms)
        counts: dict[str, int] = {}
        for low_ms, high_ms in ((question.start_ms, first_ms), (last_ms, question.end_ms)):
            if low_ms < high_ms:
                expression = f"avg_over_time({metric}[{high_ms - low_ms}ms]) > {question.limits.driving}"
                for of in self._query(expression, high_ms - 1):
                    counts[of["metric"]["name"]] = counts.get(of["metric"]["name"], 0) + 1
        for name, full in self._spans(f"avg_over_time({metric}[10m])", first_ms, last_ms).items():
            driving = int(np.count_nonzero(full.value > question.limits.driving))
            counts[name] = counts.get(name, 0) + driving
        return spans.long_sessions(self._trucks, counts, question)

    def daily_duration(self, question: Question) -> Answer:
        found = self._spans("avg_over_time(readings_velocity[10m])", question.start_ms, _up(question.end_ms))
        return spans.daily_duration(self._trucks, found, question)

    def daily_session(self, question: Question) -> Answer:
        found = self._spans("avg_over_time(readings_velocity[10m])", question.start_ms, _up(question.end_ms))
        return spans.daily_session(self._trucks, found, question)

    def daily_activity(self, question: Question) -> Answer:
        window = question.start_ms, _up(question.end_ms)
        mean = f"avg_over_time(diagnostics_status[10m]) < {question.limits.in_use}"
        found = self._spans(f"count_over_time(diagnostics_status[10m]) and ({mean})", *window)
        used = {
            name: Spans(of.start_ms, np.full(len(of.value), -1.0), of.value.astype(np.int64))
            for name, of in found.items()
        }
        return spans.daily_activity(self._trucks, used, question)

    def breakdowns(self, question: Question) -> Answer:
        found = self._spans("share_eq_over_time(diagnostics_status[10m], 0)", question.start_ms, _up(question.end_ms))
        return spans.breakdowns(self._trucks, found, question)

    def average_load(self, question: Question) -> Answer:
        length_ms = question.end_ms - question.start_ms
        expression = f"avg_over_time(diagnostics_current_load[{length_ms}ms])"
        found = self._query(expression, question.end_ms - 1)
        return spans.average_load(self._trucks, {of["metric"]["name"]: float(of["value"][1]) for of in found})

    def fuel(self, question: Question) -> Answer:
        length_ms = question.end_ms - question.start_ms
        step = f"{self._every_ms}ms"
        rows = (
            f"(default_rollup(readings_fuel_consumption[{step}]) and "
            f"(default_rollup(readings_velocity[{step}]) > {question.limits.driving}))[{length_ms}ms:{step}]"
        )
        told: dict[str, list[float]] = {}
        for function in ("count_over_time", "sum_over_time"):
            for of in self._query(f"{function}({rows})", question.end_ms - self._every_ms):
                told.setdefault(of["metric"]["name"], []).append(float(of["value"][1]))
        return spans.fuel_by_fleet(self._trucks, [(name, count, total) for name, (count, total) in told.items()])


ANSWERS: Final[Mapping[str, Callable[[Victoria, Question], Answer]]] = {
    "last-loc": Victoria.last_loc,
    "low-fuel": Victoria.low_fuel,
    "high-load": Victoria.high_load,
    "stationary-trucks": Victoria.stationary,
    "long-driving-sessions": Victoria.long_sessions,
    "long-daily-sessions": Victoria.long_sessions,
    "avg-vs-projected-fuel-consumption": Victoria.fuel,
    "avg-daily-driving-duration": Victoria.daily_duration,
    "avg-daily-driving-session": Victoria.daily_session,
    "avg-load": Victoria.average_load,
    "daily-activity": Victoria.daily_activity,
    "breakdown-frequency": Victoria.breakdowns,
}


def missing() -> str | None:
    """Return what is missing here to run it, or None."""
    return None if find_program("victoria-metrics") else describe_lack("victoria-metrics")


def _up(time_ms: int) -> int:
    return -(-time_ms // TEN_MINUTES_MS) * TEN_MINUTES_MS
