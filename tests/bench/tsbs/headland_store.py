"""Headland's store as ingest and API use it: writes in batches, reads of `last`, `raw` and `buckets`.

What a truck is (fleet, driver, model, capacities) is in the registry, which the API has in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from headland.store.core.sample_cache import SampleCache, choose_size_bytes
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Mark, Points, SeriesFilter, SeriesKey, WriteBatch
from headland.units_of_time import DAY_MS
from station.server.process_memory import read_memory_bytes
from tests.bench.tsbs import spans
from tests.bench.tsbs.fleet import FIELDS, TABLES, Rows, Truck
from tests.bench.tsbs.questions import TEN_MINUTES_MS, Answer, Question
from tests.bench.tsbs.spans import Spans

ORGANISATION: Final = "haulage"
KIND: Final = "truck"


class HeadlandStore:
    """The DuckDB engine behind the store port."""

    def __init__(self, folder: Path, trucks: Sequence[Truck], every_ms: int) -> None:
        self._path = folder / "store.duckdb"
        self._trucks = trucks
        self._by_name = {truck.name: truck for truck in trucks}
        self._keys = [
            SeriesKey(ORGANISATION, truck.fleet, KIND, truck.name, field) for truck in trucks for field in FIELDS
        ]
        # It is asked at once after loading: days are past as they are in a farm a minute after midnight.
        cache = SampleCache(choose_size_bytes(read_memory_bytes()), quiet_s=0.0)
        self._store = DuckDBStore(self._path, cache=cache)
        self._sent = 0

    def prepare(self, batch: Sequence[Rows]) -> WriteBatch:
        """Return a batch as ingest builds it of messages: each series' samples side by side, with a mark."""
        index, time_ms, value = [], [], []
        for rows in batch:
            fields = np.arange(len(FIELDS))[TABLES[rows.table]]
            at = (rows.truck[:, np.newaxis] * len(FIELDS) + fields).reshape(-1)
            values = rows.value.reshape(-1)
            is_sent = ~np.isnan(values)
            index.append(at[is_sent].astype(np.int32))
            time_ms.append(rows.time_ms.repeat(len(fields))[is_sent])
            value.append(values[is_sent])
        all_index, all_ms, all_values = np.concatenate(index), np.concatenate(time_ms), np.concatenate(value)
        order = np.lexsort((all_ms, all_index))
        self._sent += 1
        quality = np.ones(len(order), np.uint8)
        points = Points(self._keys, all_index[order], all_ms[order], all_values[order], quality)
        return WriteBatch(points, (), (Mark("gw-1", "e1", self._sent, self._sent),))

    def load(self, prepared: WriteBatch) -> None:
        """Store a batch; it is on the disk when this returns."""
        self._store.write(prepared)

    def finish(self) -> None:
        """Nothing is left to do: each batch is on the disk."""

    def settle(self, end_ms: int) -> None:
        """Do what the maintenance thread does half a minute and the night after."""
        self._store.roll_up()
        self._store.compact(end_ms + DAY_MS)

    def size_bytes(self) -> int:
        """Return the bytes of the file."""
        size = self._store.info().size_bytes
        assert size is not None
        return size

    def ask(self, question: Question) -> Answer:
        """Answer a question."""
        return ANSWERS[question.name](self, question)

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _which(self, *fields: str) -> SeriesFilter:
        return SeriesFilter(ORGANISATION, channels=frozenset(fields), kind=KIND)

    def _latest(self, question: Question, *fields: str) -> dict[str, dict[str, float]]:
        """Return the newest values of a fleet's trucks by field."""
        told: dict[str, dict[str, float]] = {}
        for latest in self._store.last(self._which(*fields)):
            if self._by_name[latest.key.device].fleet == question.fleet:
                told.setdefault(latest.key.device, {})[latest.key.channel] = latest.value
        return told

    def last_loc(self, question: Question) -> Answer:
        return [
            (name, self._by_name[name].driver, place["longitude"], place["latitude"])
            for name, place in self._latest(question, "longitude", "latitude").items()
            if len(place) == 2
        ]

    def low_fuel(self, question: Question) -> Answer:
        return [
            (name, self._by_name[name].driver, newest["fuel_state"])
            for name, newest in self._latest(question, "fuel_state").items()
            if newest["fuel_state"] < question.limits.low_fuel
        ]

    def high_load(self, question: Question) -> Answer:
        return [
            (name, self._by_name[name].driver, newest["current_load"])
            for name, newest in self._latest(question, "current_load").items()
            if newest["current_load"] / self._by_name[name].load_capacity > question.limits.high_load
        ]

    def stationary(self, question: Question) -> Answer:
        window = question.start_ms, question.end_ms, question.end_ms - question.start_ms
        return [
            (buckets.key.device, self._by_name[buckets.key.device].driver)
            for buckets in self._store.buckets(self._which("velocity"), *window)
            if self._by_name[buckets.key.device].fleet == question.fleet
            and buckets.mean[0] < question.limits.stationary
        ]

    def long_sessions(self, question: Question) -> Answer:
        counts: dict[str, int] = {}
        cut_ms = -(-question.start_ms // TEN_MINUTES_MS) * TEN_MINUTES_MS
        for low_ms, high_ms in ((question.start_ms, cut_ms), (cut_ms, question.end_ms)):
            if low_ms < high_ms:
                for buckets in self._store.buckets(self._which("velocity"), low_ms, high_ms, TEN_MINUTES_MS):
                    driving = int(np.count_nonzero(buckets.mean > question.limits.driving))
                    counts[buckets.key.device] = counts.get(buckets.key.device, 0) + driving
        return spans.long_sessions(self._trucks, counts, question)

    def _ten_minutes(self, question: Question, field: str) -> dict[str, Spans]:
        found = self._store.buckets(self._which(field), question.start_ms, question.end_ms, TEN_MINUTES_MS)
        return {buckets.key.device: Spans(buckets.start_ms, buckets.mean, buckets.count) for buckets in found}

    def daily_duration(self, question: Question) -> Answer:
        return spans.daily_duration(self._trucks, self._ten_minutes(question, "velocity"), question)

    def daily_session(self, question: Question) -> Answer:
        return spans.daily_session(self._trucks, self._ten_minutes(question, "velocity"), question)

    def daily_activity(self, question: Question) -> Answer:
        return spans.daily_activity(self._trucks, self._ten_minutes(question, "status"), question)

    def breakdowns(self, question: Question) -> Answer:
        shares = {}
        for samples in self._store.raw(self._which("status"), question.start_ms, question.end_ms):
            start_ms, first, count = np.unique(
                samples.time_ms // TEN_MINUTES_MS * TEN_MINUTES_MS, return_index=True, return_counts=True
            )
            zero = np.add.reduceat(samples.value == 0.0, first, dtype=np.int64)
            shares[samples.key.device] = Spans(start_ms, zero / count)
        return spans.breakdowns(self._trucks, shares, question)

    def average_load(self, question: Question) -> Answer:
        window = question.start_ms, question.end_ms, question.end_ms - question.start_ms
        found = self._store.buckets(self._which("current_load"), *window)
        return spans.average_load(self._trucks, {buckets.key.device: float(buckets.mean[0]) for buckets in found})

    def fuel(self, question: Question) -> Answer:
        told = []
        for truck in self._trucks:
            # A truck at a time: the samples of all would be hundreds of megabytes.
            which = SeriesFilter(ORGANISATION, truck.name, frozenset({"velocity", "fuel_consumption"}))
            of = {
                samples.key.channel: samples for samples in self._store.raw(which, question.start_ms, question.end_ms)
            }
            if len(of) == 2:
                fuel, velocity = of["fuel_consumption"], of["velocity"]
                is_driving = velocity.value > question.limits.driving
                both = is_driving
                if not np.array_equal(fuel.time_ms, velocity.time_ms):
                    both = np.isin(fuel.time_ms, velocity.time_ms[is_driving], assume_unique=True)
                told.append((truck.name, float(np.count_nonzero(both)), float(fuel.value[both].sum())))
        return spans.fuel_by_fleet(self._trucks, told)


ANSWERS: Final[Mapping[str, Callable[[HeadlandStore, Question], Answer]]] = {
    "last-loc": HeadlandStore.last_loc,
    "low-fuel": HeadlandStore.low_fuel,
    "high-load": HeadlandStore.high_load,
    "stationary-trucks": HeadlandStore.stationary,
    "long-driving-sessions": HeadlandStore.long_sessions,
    "long-daily-sessions": HeadlandStore.long_sessions,
    "avg-vs-projected-fuel-consumption": HeadlandStore.fuel,
    "avg-daily-driving-duration": HeadlandStore.daily_duration,
    "avg-daily-driving-session": HeadlandStore.daily_session,
    "avg-load": HeadlandStore.average_load,
    "daily-activity": HeadlandStore.daily_activity,
    "breakdown-frequency": HeadlandStore.breakdowns,
}
