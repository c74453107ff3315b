"""Samples on an InfluxDB server: measurement = device kind, tags = identity of the series, field = channel."""

# ruff: noqa: S608 - names are quoted by `name`, everything else is bound

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.clock import wall_clock_ms
from headland.errors import PeerRefused, RetryLater
from headland.store.core.batch_rows import Rows
from headland.store.core.dedup import Positions, split_windows
from headland.store.influx.client import InfluxConnection, InfluxSeries, name
from headland.store.port import Buckets, Index, Latest, Samples, SeriesKey, Times, Values
from headland.store.server.line_protocol import (
    GOOD,
    OWN_PREFIX,
    QUALITY_ENDING,
    SeriesLines,
    invalid_name_reason,
    tags_of,
)
from headland.store.server.ports import Extent, RejectionReasons, Source, SourceNumbers
from headland.store.server.sample_buckets import aggregate, replace_buckets
from headland.units_of_time import HOUR_MS, MINUTE_MS

#: Range of 64 bits of nanoseconds; InfluxDB reserves the outermost instants.
FIRST_MS: Final = -9_223_372_036_854
LAST_MS: Final = 9_223_372_036_853
_TAGS: Final = "organisation, site, device, simulated"
#: InfluxQL's longest group, more than the whole range. Longer buckets are made of samples here.
_LONGEST_STEP_MS: Final = 2 * LAST_MS
WINDOW_GAP_MS: Final = 15 * MINUTE_MS
MOST_WINDOWS: Final = 8
#: Number of devices named in a statement; for more, all devices are read and the others left out.
_NAMED_DEVICES: Final = 20
#: Number of channels named in a statement, below what the address of a request may have.
_CHANNELS_TOGETHER: Final = 20

Group = tuple[str, str]
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class InfluxSamples:
    """The `SampleServer` of one bucket."""

    def __init__(self, connection: InfluxConnection) -> None:
        #: Tells the time; the owner may know a better one than the clock of the system.
        self.now_ms: Callable[[], int] = wall_clock_ms
        self._connection = connection
        self._lines = SeriesLines()

    def open(self) -> None:
        """Connect to the server and create the bucket."""
        self._connection.open()

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def rejection_reason(self, key: SeriesKey) -> str | None:
        """Return why a series can never be stored here, or None."""
        return invalid_name_reason(key)

    def limits_ms(self) -> tuple[int, int]:
        """Return the first and last instants that can be stored now."""
        retention_h = self._connection.address.retention_h
        if retention_h is None:
            return FIRST_MS, LAST_MS
        return max(FIRST_MS, self.now_ms() - retention_h * HOUR_MS), LAST_MS

    def extents(self, since_ms: int | None = None) -> list[Extent]:
        """Return every series with samples; with `since_ms` those with any since then, uncounted."""
        groups = self._known_groups()
        where = "" if since_ms is None else f"WHERE time >= {_clamped(since_ms)}ms "
        newest = self._connection.query(_newest_statement(*group, where) for group in groups)
        points: dict[SeriesKey, int] = {}
        if since_ms is None:
            counts = self._connection.query(_count_statement(*group) for group in groups)
            for (_, channel), answer in zip(groups, counts, strict=True):
                points |= {_key(series, channel): int(_number(series.values[0][1])) for series in answer}
        extents = []
        for (_, channel), answer in zip(groups, newest, strict=True):
            for series in answer:
                key = _key(series, channel)
                time_ms, value, quality = series.values[-1]
                latest = Latest(key, int(_number(time_ms)), _number(value), GOOD if quality is None else int(quality))
                extents.append(Extent(latest, points.get(key, 0)))
        return extents

    def numbers(self, source: Source | None = None, since_ms: int | None = None) -> SourceNumbers | None:
        """Return None: the marks themselves are in the bucket."""
        del source, since_ms
        return None

    def put(self, keys: Sequence[SeriesKey], rows: Rows, numbers: SourceNumbers) -> RejectionReasons:
        """Store samples; after a partial write the server is queried for the stored ones."""
        del numbers
        if not len(rows.sid) or self._connection.write(self._lines.write_together(keys, rows)) is None:
            return {}
        # A line is refused as a whole: samples beside a refused one are written again alone.
        missing = self._missing(keys, rows)
        error = self._connection.write(self._lines.write(keys, rows.take(missing)))
        if error is None:
            return {}
        missing = missing[self._missing(keys, rows.take(missing))]
        return dict.fromkeys(missing.tolist(), error)

    def _missing(self, keys: Sequence[SeriesKey], rows: Rows) -> NDArray[np.intp]:
        """Return the positions of the samples that the server does not hold."""
        stored, _ = self.look_up(keys, rows.sid, rows.time_ms)
        missing = np.ones(len(rows.sid), np.bool_)
        missing[stored] = False
        return np.flatnonzero(missing)

    def look_up(self, keys: Sequence[SeriesKey], sid: Index, time_ms: Times) -> tuple[Positions, Values]:
        """Return which of these samples are stored, and the stored values."""
        position_of: dict[tuple[SeriesKey, int], int] = {}
        members: dict[Group, list[int]] = {}
        for position, (number, moment) in enumerate(zip(sid.tolist(), time_ms.tolist(), strict=True)):
            key = keys[number]
            position_of[key, moment] = position
            members.setdefault((key.kind, key.channel), []).append(position)
        found: dict[int, float] = {}
        for (kind, channel), positions in members.items():
            devices = {keys[sid[position]].device for position in positions}
            for low_ms, high_ms in split_windows(time_ms[positions], WINDOW_GAP_MS, MOST_WINDOWS):
                where, values = _where(devices, None, low_ms, high_ms + 1)
                (answer,) = self._connection.query((_raw_statement(kind, channel, where, ""),), values)
                for series in answer:
                    key = _key(series, channel)
                    for moment, value, _ in series.values:
                        at = position_of.get((key, int(_number(moment))))
                        if at is not None and value is not None:
                            found[at] = float(value)
        return np.array(list(found), np.intp), np.array(list(found.values()), np.float64)

    def newest(self, key: SeriesKey, count: int) -> Samples | None:
        """Return the newest samples of a series in time order, at most `count`."""
        where, values = _where({key.device}, key.organisation, FIRST_MS, LAST_MS + 1)
        statement = _raw_statement(key.kind, key.channel, where, f" ORDER BY time DESC LIMIT {count}")
        for series in self._connection.query((statement,), values)[0]:
            if _key(series, key.channel) == key:
                series.values.reverse()
                return _samples(key, series)
        return None

    def raw(self, keys: Sequence[SeriesKey], start_ms: int, end_ms: int, limit: int | None) -> list[Samples]:
        """Return the samples of each series that has any in the window."""
        return self._raw(keys, start_ms, end_ms, "" if limit is None else f" LIMIT {limit}")

    def newest_of(self, latest_ms: Mapping[SeriesKey, int], start_ms: int, end_ms: int, limit: int) -> list[Samples]:
        """Return the newest samples of each series that has any in the window, at most `limit` of each."""
        found = self._raw(list(latest_ms), start_ms, end_ms, f" ORDER BY time DESC LIMIT {limit}")
        return [Samples(each.key, each.time_ms[::-1], each.value[::-1], each.quality[::-1]) for each in found]

    def _raw(self, keys: Sequence[SeriesKey], start_ms: int, end_ms: int, ending: str) -> list[Samples]:
        requested, groups = set(keys), _groups_of(keys)
        where, values = _where({key.device for key in keys}, keys[0].organisation, start_ms, end_ms)
        answers = self._connection.query((_raw_statement(*group, where, ending) for group in groups), values)
        return [
            samples
            for (_, channel), answer in zip(groups, answers, strict=True)
            for series in answer
            if (key := _key(series, channel)) in requested and (samples := _samples(key, series)) is not None
        ]

    def buckets(
        self, keys: Sequence[SeriesKey], start_ms: int, end_ms: int, step_ms: int, max_quality: int
    ) -> list[Buckets]:
        """Return the buckets of each series with any; buckets with worse samples are made of the other samples here."""
        if step_ms > _LONGEST_STEP_MS:
            made = (
                aggregate(samples, start_ms, step_ms, max_quality) for samples in self.raw(keys, start_ms, end_ms, None)
            )
            return [buckets for buckets in made if buckets is not None]
        requested, groups = set(keys), _groups_of(keys)
        where, values = _where({key.device for key in keys}, keys[0].organisation, start_ms, end_ms)
        tags, shared = _TAGS, _shared_tags(keys)
        # InfluxDB 3 has another notion of a tag that is missing.
        if shared is not None and self._connection.major < 3:
            # Grouping by each tag costs a server a quarter more than by the device alone.
            tags = "device"
            where = f"{where} AND site = $site AND simulated = $simulated"
            values |= shared
        every = f"GROUP BY time({step_ms}ms, {start_ms % step_ms}ms), {tags} fill(none)"
        together = _together(groups)
        answers = self._connection.query(
            [
                *(_bucket_statement(*group, where, every) for group in groups),
                *(_worst_statement(kind, channels, where) for kind, channels in together),
            ],
            values,
        )
        bound = {} if tags == _TAGS else values
        buckets_of = {
            key: _buckets(key, series)
            for (_, channel), answer in zip(groups, answers, strict=False)
            for series in answer
            if (key := _key(series, channel, bound)) in requested
        }
        flagged = [
            (kind, channel)
            for (kind, channels), answer in zip(together, answers[len(groups) :], strict=True)
            for series in answer
            for channel, worst in zip(channels, series.values[0][1:], strict=True)
            if worst is not None and _number(worst) > max_quality
        ]
        worse: dict[SeriesKey, list[int]] = {}
        statements = [_worse_statement(*group, where, every, max_quality) for group in flagged]
        for (_, channel), answer in zip(flagged, self._connection.query(statements, values), strict=True):
            for series in answer:
                worse[_key(series, channel, bound)] = [int(_number(row[0])) for row in series.values]
        for key in requested & worse.keys():
            replacement = self._without_worse(key, worse[key], start_ms, end_ms, step_ms, max_quality)
            remaining = replace_buckets(buckets_of.pop(key, None), worse[key], replacement)
            if remaining is not None:
                buckets_of[key] = remaining
        return list(buckets_of.values())

    def delete_before(self, keys: Sequence[SeriesKey], cut_ms: int) -> int:
        """Delete the samples of an organisation's series before `cut_ms`; return how many."""
        if self._connection.major >= 3:
            raise PeerRefused("InfluxDB 3 deletes by its retention only: set the retention on the server.")
        values = {"organisation": keys[0].organisation}
        where = f"organisation = $organisation AND time < {_clamped(cut_ms)}ms"
        counts = self._connection.query(
            (f"SELECT count({name(channel)}) FROM {name(kind)} WHERE {where}" for kind, channel in _groups_of(keys)),
            values,
        )
        kinds = sorted({key.kind for key in keys})
        self._connection.change(*(f"DELETE FROM {name(kind)} WHERE {where}" for kind in kinds), words=values)
        return sum(int(_number(row[1])) for answer in counts for series in answer for row in series.values)

    def _known_groups(self) -> list[Group]:
        """Return all kinds and channels of the bucket."""
        (fields,) = self._connection.query(("SHOW FIELD KEYS",))
        return [
            (series.name, str(row[0]))
            for series in fields
            if not series.name.startswith(OWN_PREFIX)
            for row in series.values
            if not str(row[0]).endswith(QUALITY_ENDING)
        ]

    def _without_worse(
        self, key: SeriesKey, label_ms: list[int], start_ms: int, end_ms: int, step_ms: int, max_quality: int
    ) -> Buckets | None:
        """Return the buckets labelled `label_ms`, made of the samples whose flag is good enough."""
        low_ms, high_ms = max(start_ms, min(label_ms)), min(end_ms, max(label_ms) + step_ms)
        for samples in self.raw([key], low_ms, high_ms, None):
            labels = start_ms + (samples.time_ms - start_ms) // step_ms * step_ms
            selected = np.isin(labels, np.array(label_ms, np.int64))
            chosen = Samples(key, samples.time_ms[selected], samples.value[selected], samples.quality[selected])
            return aggregate(chosen, start_ms, step_ms, max_quality)
        return None


def _shared_tags(keys: Sequence[SeriesKey]) -> dict[str, str] | None:
    """Return the tags of all series but the device, None where they differ."""
    first = tags_of(keys[0])
    shared = {tag: first[tag] for tag in ("site", "simulated")}
    same = all((key.site, key.simulated) == (keys[0].site, keys[0].simulated) for key in keys)
    return shared if same else None


def _groups_of(keys: Iterable[SeriesKey]) -> list[Group]:
    return list(dict.fromkeys((key.kind, key.channel) for key in keys))


def _together(groups: Sequence[Group]) -> list[tuple[str, list[str]]]:
    """Return kinds with some channels of each, as many as a statement may name."""
    channels_of: dict[str, list[str]] = {}
    for kind, channel in groups:
        channels_of.setdefault(kind, []).append(channel)
    return [
        (kind, channels[start : start + _CHANNELS_TOGETHER])
        for kind, channels in channels_of.items()
        for start in range(0, len(channels), _CHANNELS_TOGETHER)
    ]


def _newest_statement(kind: str, channel: str, where: str) -> str:
    columns = f"last({name(channel)}) AS v, {name(channel + QUALITY_ENDING)} AS q"
    return f"SELECT {columns} FROM {name(kind)} {where}GROUP BY {_TAGS}"


def _count_statement(kind: str, channel: str) -> str:
    return f"SELECT count({name(channel)}) AS n FROM {name(kind)} GROUP BY {_TAGS}"


def _raw_statement(kind: str, channel: str, where: str, ending: str) -> str:
    columns = f"{name(channel)} AS v, {name(channel + QUALITY_ENDING)} AS q"
    return f"SELECT {columns} FROM {name(kind)} WHERE {where} GROUP BY {_TAGS}{ending}"


def _bucket_statement(kind: str, channel: str, where: str, every: str) -> str:
    columns = ", ".join(f"{function}({name(channel)})" for function in ("count", "mean", "min", "max", "last"))
    return f"SELECT {columns} FROM {name(kind)} WHERE {where} {every}"


def _worst_statement(kind: str, channels: Sequence[str], where: str) -> str:
    """Return the statement for the worst flag of each channel: fewer rows than of all buckets, and seldom any."""
    columns = ", ".join(f"max({name(channel + QUALITY_ENDING)})" for channel in channels)
    return f"SELECT {columns} FROM {name(kind)} WHERE {where}"


def _worse_statement(kind: str, channel: str, where: str, every: str, max_quality: int) -> str:
    """Return the statement for the buckets with samples of worse flags."""
    flag = name(channel + QUALITY_ENDING)
    return f"SELECT count({flag}) FROM {name(kind)} WHERE {where} AND {flag} > {max_quality} {every}"


def _where(devices: set[str], organisation: str | None, start_ms: int, end_ms: int) -> tuple[str, dict[str, str]]:
    """Return a condition and the values bound in it."""
    conditions = [f"time >= {_clamped(start_ms)}ms", f"time < {_clamped(end_ms)}ms"]
    values = {}
    if organisation is not None:
        conditions.append("organisation = $organisation")
        values["organisation"] = organisation
    if len(devices) <= _NAMED_DEVICES:
        named = {f"device{number}": device for number, device in enumerate(sorted(devices))}
        conditions.append("(" + " OR ".join(f"device = ${word}" for word in named) + ")")
        values |= named
    return " AND ".join(conditions), values


def _clamped(time_ms: int) -> int:
    return max(FIRST_MS, min(LAST_MS, time_ms))


def _key(series: InfluxSeries, channel: str, bound: Mapping[str, str] = _NOTHING) -> SeriesKey:
    """Return the key of a series of a response; tags that are bound in the statement are not in it."""
    tags = {**bound, **series.tags}
    return SeriesKey(
        tags.get("organisation", ""),
        tags.get("site", ""),
        series.name,
        tags.get("device", ""),
        channel,
        tags.get("simulated", "") == "true",
    )


def _samples(key: SeriesKey, series: InfluxSeries) -> Samples | None:
    """Return rows of time, value and flag as columns; None where only flags remain."""
    rows = [row for row in series.values if row[1] is not None]
    if not rows:
        return None
    time_ms, value, quality = zip(*rows, strict=True)
    return Samples(
        key,
        np.array(time_ms, np.int64),
        np.array(value, np.float64),
        np.array([GOOD if flag is None else flag for flag in quality], np.uint8),
    )


def _buckets(key: SeriesKey, series: InfluxSeries) -> Buckets:
    start_ms, count, mean, low, high, last = zip(*series.values, strict=True)
    return Buckets(
        key,
        np.array(start_ms, np.int64),
        np.array(count, np.int64),
        *(np.array(column, np.float64) for column in (mean, low, high, last)),
    )


def _number(value: object) -> float:
    """Return a number of a response. Raises RetryLater for anything else, which InfluxDB never sends."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RetryLater(f"The store's response is not one of InfluxDB: {value!r} is not a number.")
    return value
