"""Answers made of ten-minute aggregates, for the engines that have no SQL: Headland's store and VictoriaMetrics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headland.units_of_time import DAY_MS
from tests.bench.tsbs.fleet import Truck
from tests.bench.tsbs.questions import TEN_MINUTES_MS, Answer, Question


@dataclass(frozen=True, slots=True)
class Spans:
    """Ten minutes of one truck, in time order: where each starts, a value of each, and the number of samples."""

    start_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    count: NDArray[np.int64] | None = None


def long_sessions(trucks: Sequence[Truck], counts: Mapping[str, int], question: Question) -> Answer:
    """Return the trucks of the fleet that drove in more than so many ten minutes."""
    return [
        (truck.name, truck.driver)
        for truck in trucks
        if truck.fleet == question.fleet and counts.get(truck.name, 0) > question.ten_minutes
    ]


def daily_duration(trucks: Sequence[Truck], spans: Mapping[str, Spans], question: Question) -> Answer:
    """Return for each truck the mean of the hours that it drove, over the days on which it did."""
    told: Answer = []
    for truck in trucks:
        of = spans.get(truck.name)
        if of is None:
            continue
        _, ten_minutes = np.unique(of.start_ms[of.value > question.limits.driving] // DAY_MS, return_counts=True)
        if len(ten_minutes):
            told.append((truck.fleet, truck.name, truck.driver, float(ten_minutes.mean()) / 6))
    return told


def daily_session(trucks: Sequence[Truck], spans: Mapping[str, Spans], question: Question) -> Answer:
    """Return for each truck and day the mean length in seconds of the sessions that began then and have ended."""
    told: Answer = []
    for truck in trucks:
        of = spans.get(truck.name)
        if of is None:
            continue
        drives = of.value > question.limits.session
        changes = np.flatnonzero(drives[1:] != drives[:-1]) + 1
        begins = changes[:-1][drives[changes[:-1]]]
        ends = changes[1:][drives[changes[:-1]]]
        start_ms, length_s = of.start_ms[begins], (of.start_ms[ends] - of.start_ms[begins]) / 1000
        day_ms = start_ms // DAY_MS * DAY_MS
        told += [(truck.name, float(day), float(length_s[day_ms == day].mean())) for day in np.unique(day_ms)]
    return told


def daily_activity(trucks: Sequence[Truck], spans: Mapping[str, Spans], question: Question) -> Answer:
    """Return for each fleet, model and day the samples in ten minutes of trucks in use, in days of such ten minutes."""
    samples: dict[tuple[str, str, int], int] = defaultdict(int)
    for truck in trucks:
        of = spans.get(truck.name)
        if of is None:
            continue
        assert of.count is not None
        used = of.value < question.limits.in_use
        day_ms = of.start_ms[used] // DAY_MS * DAY_MS
        for day in np.unique(day_ms).tolist():
            samples[truck.fleet, truck.model, day] += int(of.count[used][day_ms == day].sum())
    return [
        (fleet, model, float(day), count / (DAY_MS / TEN_MINUTES_MS)) for (fleet, model, day), count in samples.items()
    ]


def breakdowns(trucks: Sequence[Truck], shares: Mapping[str, Spans], question: Question) -> Answer:
    """Return for each model how often a truck went from working to broken, by the shares of samples that say so."""
    times: dict[str, int] = defaultdict(int)
    for truck in trucks:
        of = shares.get(truck.name)
        if of is None:
            continue
        broken = of.value >= question.limits.broken_share
        times[truck.model] += int(np.count_nonzero(broken[1:] & ~broken[:-1]))
    return [(model, float(count)) for model, count in times.items() if count]


def average_load(trucks: Sequence[Truck], load: Mapping[str, float]) -> Answer:
    """Return for each fleet, model and capacity the mean share of the capacity that trucks carried."""
    shares: dict[tuple[str, str, float], list[float]] = defaultdict(list)
    for truck in trucks:
        if truck.name in load:
            shares[truck.fleet, truck.model, truck.load_capacity].append(load[truck.name] / truck.load_capacity)
    return [(*group, float(np.mean(of_group))) for group, of_group in shares.items()]


def fuel_by_fleet(trucks: Sequence[Truck], fuel: Iterable[tuple[str, float, float]]) -> Answer:
    """Return for each fleet the mean and nominal consumption while driving; `fuel` is each truck's count and total."""
    by_name = {truck.name: truck for truck in trucks}
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for name, count, total in fuel:
        truck = by_name[name]
        of = sums[truck.fleet]
        of[0] += count
        of[1] += total
        of[2] += count * truck.nominal_fuel_consumption
    return [(fleet, total / count, nominal / count) for fleet, (count, total, nominal) in sums.items() if count]
