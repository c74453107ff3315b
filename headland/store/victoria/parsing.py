"""Responses of VictoriaMetrics as series, samples and buckets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from headland.store.port import Buckets, Latest, Samples, SeriesKey, Times, Values
from headland.store.server.line_protocol import GOOD, QUALITY_ENDING, RESIDUE_ENDING
from headland.store.server.ports import Extent
from headland.store.victoria.client import Exported, Vector
from headland.store.victoria.values import join

#: Functions of a bucket query, in the order of `Buckets`.
FUNCTIONS: Final = ("count_over_time", "avg_over_time", "min_over_time", "max_over_time", "last_over_time")
#: Endings of the metrics beside a series' own.
ENDINGS: Final = (QUALITY_ENDING, RESIDUE_ENDING)


def parse_metric(metric: Mapping[str, str]) -> tuple[SeriesKey, str]:
    """Return the series of a metric's labels, and the ending of its name."""
    kind, name = metric.get("kind", ""), metric.get("__name__", "")
    ending = next((ending for ending in ENDINGS if name.endswith(ending)), "")
    channel = name[len(kind) + 1 :].removesuffix(ending)
    simulated = metric.get("simulated", "") == "true"
    key = SeriesKey(
        metric.get("organisation", ""), metric.get("site", ""), kind, metric.get("device", ""), channel, simulated
    )
    return key, ending


def join_metrics(exported: Iterable[Exported]) -> dict[SeriesKey, Samples]:
    """Return the samples of values, flags and residues."""
    columns: dict[str, dict[SeriesKey, Exported]] = {"": {}, QUALITY_ENDING: {}, RESIDUE_ENDING: {}}
    for metric in exported:
        key, ending = parse_metric(metric.metric)
        columns[ending][key] = metric
    results = {}
    for key, values in columns[""].items():
        time_ms = np.array(values.timestamps, np.int64)
        residue = _beside(time_ms, columns[RESIDUE_ENDING].get(key), 0).astype(np.int64)
        quality = _beside(time_ms, columns[QUALITY_ENDING].get(key), GOOD)
        value = join(np.array(values.values, np.float64), residue)
        order = np.argsort(time_ms, kind="stable")
        results[key] = Samples(key, time_ms[order], value[order], quality[order].astype(np.uint8))
    return results


def _beside(time_ms: Times, other: Exported | None, missing: float) -> Values:
    """Return the other metric's value at each instant, or `missing`."""
    results = np.full(len(time_ms), float(missing))
    if other is not None:
        _, here, there = np.intersect1d(time_ms, np.array(other.timestamps, np.int64), return_indices=True)
        results[here] = np.array(other.values, np.float64)[there]
    return results


def make_extent(key: SeriesKey, answers: Mapping[tuple[SeriesKey, str], Mapping[str, float]]) -> Extent:
    """Return a series' newest sample, with flag and residue where they have the same instant."""
    value, when_s = answers[key, ""]["last_over_time"], answers[key, ""]["tlast_over_time"]
    beside = {}
    for ending in ENDINGS:
        other = answers.get((key, ending), {})
        if other.get("tlast_over_time") == when_s:
            beside[ending] = other["last_over_time"]
    residue = np.array([beside.get(RESIDUE_ENDING, 0)], np.int64)
    whole = float(join(np.array([value]), residue)[0])
    latest = Latest(key, round(when_s * 1000), whole, int(beside.get(QUALITY_ENDING, GOOD)))
    return Extent(latest, int(answers[key, ""]["count_over_time"]))


def make_buckets(vectors: Iterable[Vector], step_ms: int) -> dict[SeriesKey, Buckets]:
    """Return the buckets of steps that end at the instants of the results."""
    columns: dict[SeriesKey, dict[str, Vector]] = {}
    for vector in vectors:
        columns.setdefault(parse_metric(vector.metric)[0], {})[vector.metric["rollup"]] = vector
    results = {}
    for key, by_function in columns.items():
        counts = by_function[FUNCTIONS[0]].values
        start_ms = np.array([round(when_s * 1000) - step_ms + 1 for when_s, _ in counts], np.int64)
        count, mean, low, high, last = (
            np.array([float(number) for _, number in by_function[function].values]) for function in FUNCTIONS
        )
        results[key] = Buckets(key, start_ms, count.astype(np.int64), mean, low, high, last)
    return results


def labels_of(vectors: Iterable[Vector], step_ms: int) -> dict[SeriesKey, list[int]]:
    """Return the buckets in which something was counted."""
    return {
        parse_metric(vector.metric)[0]: [
            round(when_s * 1000) - step_ms + 1 for when_s, number in vector.values if float(number)
        ]
        for vector in vectors
        if any(float(number) for _, number in vector.values)
    }
