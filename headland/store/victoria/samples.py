"""Samples on VictoriaMetrics: metric = kind_channel, labels = store and series; others in the SQL tables beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np

from headland.clock import wall_clock_ms
from headland.store.core.batch_rows import Rows
from headland.store.core.dedup import Positions, split_windows
from headland.store.core.newest import read_newest, tail_of
from headland.store.port import Buckets, Flags, Index, Samples, SeriesKey, Times, Values
from headland.store.server.line_protocol import QUALITY_ENDING, invalid_name_reason, tags_of
from headland.store.server.ports import Extent, RejectionReasons, Source, SourceNumbers
from headland.store.server.sample_buckets import aggregate, replace_buckets
from headland.store.server.sql_samples import SqlSamples, merge
from headland.store.victoria.client import VictoriaConnection
from headland.store.victoria.json_lines import JsonLines
from headland.store.victoria.parsing import (
    ENDINGS,
    FUNCTIONS,
    join_metrics,
    labels_of,
    make_buckets,
    make_extent,
    parse_metric,
)
from headland.store.victoria.values import split
from headland.units_of_time import HOUR_MS, MINUTE_MS

#: VictoriaMetrics reads 0 as "now", refuses earlier times, and drops times more than two days ahead of its clock.
_FIRST_MS: Final = 1
_AHEAD_MS: Final = 24 * HOUR_MS
_LAST_MS: Final = 4_000_000_000_000
_WINDOW_GAP_MS: Final = 15 * MINUTE_MS
_MOST_WINDOWS: Final = 8
_NAMED: Final = 20
#: The metric of how many records of a source are accounted for, and its label of the store: reads of samples, which
#: name the label "store", never find it.
_NUMBER: Final = "headland_record_number"
_NUMBERS_OF: Final = "numbers_of"
_ENCODER: Final = msgspec.json.Encoder()
#: A query returns at most 30,000 steps a metric; more buckets are made of samples.
_MOST_BUCKETS: Final = 20_000


class VictoriaSamples:
    """The `SampleServer` of one store."""

    def __init__(self, connection: VictoriaConnection, beside: SqlSamples) -> None:
        #: Tells the time; the owner may know a better one than the clock of the system.
        self.now_ms: Callable[[], int] = wall_clock_ms
        self._connection = connection
        self._beside = beside
        self._store = connection.address.store
        self._lines = JsonLines(self._store)

    def open(self) -> None:
        """Check the server, and finish a move that a crash interrupted."""
        self._connection.open()
        self._beside.open()
        self._finish_move()

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def rejection_reason(self, key: SeriesKey) -> str | None:
        """Return why a series can never be stored here, or None."""
        return invalid_name_reason(key)

    def limits_ms(self) -> tuple[int, int]:
        """Return the first and last instants that can be stored now: the server discards older ones silently."""
        return round(self.now_ms() - self._connection.retention_h * HOUR_MS), 2**62

    def extents(self, since_ms: int | None = None) -> list[Extent]:
        """Return every series with samples; with `since_ms` those with any since then."""
        selector = "{" + f"store={json.dumps(self._store)}" + "}"
        functions = '"count_over_time", "last_over_time", "tlast_over_time"'
        at_ms = self.now_ms() + 3 * _AHEAD_MS
        length_ms = _LAST_MS if since_ms is None else max(at_ms - since_ms + 1, 1)
        answer = self._connection.query(
            f"aggr_over_time(({functions}), {selector}[{length_ms}ms]) keep_metric_names", at_ms
        )
        figures: dict[tuple[SeriesKey, str], dict[str, float]] = {}
        for vector in answer:
            figures.setdefault(parse_metric(vector.metric), {})[vector.metric["rollup"]] = float(vector.value[1])
        extents = {key: make_extent(key, figures) for key, ending in figures if not ending}
        for extent in self._beside.load():
            on_server = extents.get(extent.latest.key)
            if on_server is not None:
                latest = max(on_server.latest, extent.latest, key=lambda latest: latest.time_ms)
                extents[extent.latest.key] = Extent(latest, on_server.points + extent.points)
            else:
                extents[extent.latest.key] = extent
        return list(extents.values())

    def numbers(self, source: Source | None = None, since_ms: int | None = None) -> SourceNumbers:
        """Return the highest number of each source, or of one since an instant."""
        labels = {_NUMBERS_OF: self._store}
        if source is not None:
            labels |= {"gateway": source[0], "epoch": source[1]}
        conditions = ",".join(f"{name}={json.dumps(word)}" for name, word in labels.items())
        at_ms = wall_clock_ms() + _AHEAD_MS
        length_ms = _LAST_MS if since_ms is None else max(at_ms - since_ms + 1, 1)
        answer = self._connection.query(f"max_over_time({_NUMBER}{{{conditions}}}[{length_ms}ms])", at_ms)
        return {
            (vector.metric.get("gateway", ""), vector.metric.get("epoch", "")): int(float(vector.value[1]))
            for vector in answer
        }

    def put(self, keys: Sequence[SeriesKey], rows: Rows, numbers: SourceNumbers) -> RejectionReasons:
        """Store samples and numbers; returns once they survive a crash of the server."""
        rounded, residue, unfit = split(rows.value)
        is_beside = unfit | (rows.time_ms < _FIRST_MS) | (rows.time_ms > self.now_ms() + _AHEAD_MS)
        if is_beside.any():
            self._beside.add(keys, rows.take(np.flatnonzero(is_beside)))
        at = np.flatnonzero(~is_beside)
        if len(at) or numbers:
            self._send(keys, rows.take(at), rounded[at], residue[at], numbers)
        return {}

    def look_up(self, keys: Sequence[SeriesKey], sid: Index, time_ms: Times) -> tuple[Positions, Values]:
        """Return which of these samples are stored, and the stored values."""
        position_of = {
            (keys[number], moment): at
            for at, (number, moment) in enumerate(zip(sid.tolist(), time_ms.tolist(), strict=True))
        }
        series = [keys[number] for number in np.unique(sid).tolist()]
        stored: dict[int, float] = {}
        for low_ms, high_ms in split_windows(time_ms, _WINDOW_GAP_MS, _MOST_WINDOWS):
            for samples in self.raw(series, low_ms, high_ms + 1, None):
                for moment, value in zip(samples.time_ms.tolist(), samples.value.tolist(), strict=True):
                    at = position_of.get((samples.key, moment))
                    if at is not None:
                        stored[at] = value
        return np.array(list(stored), np.intp), np.array(list(stored.values()), np.float64)

    def newest(self, key: SeriesKey, count: int) -> Samples | None:
        """Return the newest samples of a series in time order, at most `count`."""
        for samples in self.raw([key], -(2**62), 2**62, None):
            return Samples(key, samples.time_ms[-count:], samples.value[-count:], samples.quality[-count:])
        return None

    def raw(self, keys: Sequence[SeriesKey], start_ms: int, end_ms: int, limit: int | None) -> list[Samples]:
        """Return the samples of each series that has any in the window."""
        requested = set(keys)
        found = self._beside.read(keys, start_ms, end_ms)
        low_ms, high_ms = max(start_ms, _FIRST_MS), min(end_ms, _LAST_MS)
        if low_ms < high_ms:
            exported = self._connection.export(self._selector(keys, ENDINGS), low_ms, high_ms)
            for key, samples in join_metrics(exported).items():
                if key in requested:
                    found[key] = merge(samples, found[key]) if key in found else samples
        if limit is None:
            return list(found.values())
        return [
            Samples(key, samples.time_ms[:limit], samples.value[:limit], samples.quality[:limit])
            for key, samples in found.items()
        ]

    def newest_of(self, latest_ms: Mapping[SeriesKey, int], start_ms: int, end_ms: int, limit: int) -> list[Samples]:
        """Return the newest samples of each series that has any in the window, at most `limit` of each."""

        def read(keys: Sequence[SeriesKey], low_ms: int, high_ms: int) -> dict[SeriesKey, Samples]:
            return {samples.key: tail_of(samples, limit) for samples in self.raw(keys, low_ms, high_ms, None)}

        return list(read_newest(latest_ms, start_ms, end_ms, limit, read).values())

    def buckets(
        self, keys: Sequence[SeriesKey], start_ms: int, end_ms: int, step_ms: int, max_quality: int
    ) -> list[Buckets]:
        """Return the buckets of each series with any; those that the server cannot aggregate are made of samples here.

        These are a shortened last bucket, and buckets with samples of worse flags or beside the server.
        """
        whole = (end_ms - start_ms) // step_ms
        if whole > _MOST_BUCKETS or whole < 1 or start_ms < _FIRST_MS or start_ms + whole * step_ms > _LAST_MS:
            made = (
                aggregate(samples, start_ms, step_ms, max_quality) for samples in self.raw(keys, start_ms, end_ms, None)
            )
            return [buckets for buckets in made if buckets is not None]
        requested, cut_ms = set(keys), start_ms + whole * step_ms
        window = (start_ms + step_ms - 1, cut_ms - 1, step_ms)
        names = ", ".join(f'"{function}"' for function in FUNCTIONS)
        range_of = f"[{step_ms}ms]"
        vectors = self._connection.query_range(
            f"aggr_over_time(({names}), {self._selector(keys)}{range_of}) keep_metric_names", *window
        )
        worse = self._connection.query_range(
            f"count_gt_over_time({self._selector(keys, (QUALITY_ENDING,), bare=False)}{range_of}, {max_quality}) "
            "keep_metric_names",
            *window,
        )
        found = {key: made for key, made in make_buckets(vectors, step_ms).items() if key in requested}
        replaced = labels_of(worse, step_ms)
        for key, samples in self._beside.read(keys, start_ms, cut_ms).items():
            labels = np.unique(start_ms + (samples.time_ms - start_ms) // step_ms * step_ms)
            replaced[key] = sorted({*replaced.get(key, ()), *labels.tolist()})
        for key in requested & replaced.keys():
            replacement = self._of_samples(key, replaced[key], start_ms, step_ms, max_quality)
            remaining = replace_buckets(found.pop(key, None), replaced[key], replacement)
            if remaining is not None:
                found[key] = remaining
        if cut_ms < end_ms:
            for samples in self.raw(keys, cut_ms, end_ms, None):
                rest = aggregate(samples, cut_ms, step_ms, max_quality)
                if rest is not None:
                    joined = replace_buckets(found.get(samples.key), [], rest)
                    found[samples.key] = rest if joined is None else joined
        return list(found.values())

    def delete_before(self, keys: Sequence[SeriesKey], cut_ms: int) -> int:
        """Delete the samples of series before `cut_ms`; return how many.

        VictoriaMetrics deletes whole series only: the remaining samples are moved to the tables beside it and written
        again, which costs as much as writing them did. To delete by age in general, set its retention instead.
        """
        deleted = 0
        for key in keys:
            old = sum(len(samples.time_ms) for samples in self.raw([key], -(2**62), cut_ms, None))
            if old:
                deleted += old
                self._beside.delete_before(key, cut_ms)
                for samples in self.raw([key], cut_ms, 2**62, None):
                    self._beside.add([key], _rows_of(samples), moves=True)
                self._connection.delete(self._exactly(key))
                self._finish_move()
        return deleted

    def _finish_move(self) -> None:
        """Write the samples that wait beside the server to it."""
        moving = self._beside.moving()
        for samples in moving:
            rounded, residue, _ = split(samples.value)
            self._send([samples.key], _rows_of(samples), rounded, residue)
        if moving:
            self._beside.finish_move()

    def _send(
        self,
        keys: Sequence[SeriesKey],
        rows: Rows,
        rounded: Values,
        residue: Times,
        numbers: SourceNumbers = MappingProxyType({}),
    ) -> None:
        waiting = b""
        for body in self._lines.write(keys, rows, rounded, residue):
            if waiting:
                self._connection.write(waiting)
            waiting = body
        self._connection.write(waiting + self._number_lines(numbers))
        self._connection.flush()

    def _number_lines(self, numbers: SourceNumbers) -> bytes:
        """Return the lines of numbers, for the request of the samples."""
        now_ms = wall_clock_ms()
        return _ENCODER.encode_lines(
            {
                "metric": {"__name__": _NUMBER, _NUMBERS_OF: self._store, "gateway": gateway, "epoch": epoch},
                "values": [number],
                "timestamps": [now_ms],
            }
            for (gateway, epoch), number in numbers.items()
        )

    def _of_samples(
        self, key: SeriesKey, label_ms: list[int], start_ms: int, step_ms: int, max_quality: int
    ) -> Buckets | None:
        """Return the buckets labelled `label_ms`, made of samples."""
        for samples in self.raw([key], min(label_ms), max(label_ms) + step_ms, None):
            labels = start_ms + (samples.time_ms - start_ms) // step_ms * step_ms
            selected = np.isin(labels, np.array(label_ms, np.int64))
            chosen = Samples(key, samples.time_ms[selected], samples.value[selected], samples.quality[selected])
            return aggregate(chosen, start_ms, step_ms, max_quality)
        return None

    def _selector(self, keys: Sequence[SeriesKey], endings: Sequence[str] = (), *, bare: bool = True) -> str:
        """Return a selector of the metrics of series, possibly of others as well, with those of `endings`."""
        owners = _either({key.organisation for key in keys})
        labels = [f"store={json.dumps(self._store)}", f"organisation=~{json.dumps(owners)}"]
        names = {f"{key.kind}_{key.channel}" for key in keys}
        devices = {key.device for key in keys}
        if len(names) <= _NAMED or not bare:
            ending = f"(?:{'|'.join(map(re.escape, endings))}){'?' if bare else ''}" if endings else ""
            names_pattern = f"(?:{_either(names)})" if len(names) <= _NAMED else ".+"
            labels.append(f"__name__=~{json.dumps(names_pattern + ending)}")
        elif not endings:
            labels.append(f"__name__!~{json.dumps(f'.+(?:{_either(ENDINGS)})')}")
        if len(devices) <= _NAMED:
            labels.append(f"device=~{json.dumps(_either(devices))}")
        return "{" + ",".join(labels) + "}"

    def _exactly(self, key: SeriesKey) -> str:
        """Return a selector of the metrics of one series only: a missing label is empty."""
        labels = {**tags_of(key), "kind": key.kind, "store": self._store}
        conditions = [f"{label}={json.dumps(word)}" for label, word in labels.items()]
        name = re.escape(f"{key.kind}_{key.channel}") + f"(?:{_either(ENDINGS)})?"
        return "{" + ",".join([*conditions, f"__name__=~{json.dumps(name)}"]) + "}"


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words))


def _rows_of(samples: Samples) -> Rows:
    count = len(samples.time_ms)
    zeros: Index = np.zeros(count, np.int32)
    quality: Flags = samples.quality
    return Rows(zeros, samples.time_ms, samples.value, quality, zeros, np.ones(count, np.bool_), quality)
