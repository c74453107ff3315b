"""Buckets made of samples here: of those in memory, and for servers that cannot filter samples by their flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headland.store.core.columns import Columns
from headland.store.core.packed_samples import Piece
from headland.store.port import Times, Values

#: The columns of buckets, in the order of the port's.
BUCKET_COLUMNS: Final = ("start", "n", "mean", "low", "high", "last")
#: Samples of a bucket from which on its begin is searched for.
_SAMPLES_OF_BUCKET: Final = 8
#: About as many as the processor's cache holds: what is unpacked is read once more at once.
_SAMPLES_AT_ONCE: Final = 2**17


def make_buckets(samples: Columns, start_ms: int, step_ms: int, max_quality: int) -> Columns:
    """Return the columns sid, start, n, mean, low, high and last of the samples whose flag is <= `max_quality`.

    `samples` has the columns sid, ts, v and q, in runs of one series, each in time order. Bucket k covers
    [start_ms + k step, start_ms + (k + 1) step).
    """
    sid, time_ms, value, quality = (samples[name] for name in ("sid", "ts", "v", "q"))
    good = quality <= max_quality
    if not good.all():
        sid, time_ms, value = sid[good], time_ms[good], value[good]
    label_ms = _label(time_ms, start_ms, step_ms)
    first = _find_begins(label_ms, sid)
    return _reduce(sid[first], label_ms[first], first, value)


def make_buckets_of_pieces(
    pieces_of: Mapping[int, Sequence[Piece]], start_ms: int, end_ms: int, step_ms: int, max_quality: int
) -> Columns:
    """Return what `make_buckets` does of packed samples of [start_ms, end_ms), in time order.

    No more of them are unpacked at once than need be.
    """
    done: list[Columns] = []
    waiting: list[tuple[int, _Cut]] = []
    samples = 0
    cutter = _Cutter(start_ms, end_ms, step_ms, max_quality)
    for sid, pieces in pieces_of.items():
        # A bucket may go on in the next piece, but never in the next series.
        if samples > _SAMPLES_AT_ONCE:
            done.append(_reduce_cuts(waiting, samples))
            waiting, samples = [], 0
        for piece in pieces:
            cut = cutter.cut(piece)
            if cut is not None:
                waiting.append((sid, cut))
                samples += cut.samples
    done.append(_reduce_cuts(waiting, samples))
    return {name: np.concatenate([columns[name] for columns in done]) for name in ("sid", *BUCKET_COLUMNS)}


class _Cut(NamedTuple):
    """A piece cut into buckets: where each begins; some may be empty. Of `piece`, `keep` is used; None is all of it."""

    piece: Piece
    samples: int
    label_ms: Times
    first: NDArray[np.int64]
    keep: NDArray[np.bool_] | None = None


class _Cutter:
    """Cuts the pieces of a window into buckets."""

    def __init__(self, start_ms: int, end_ms: int, step_ms: int, max_quality: int) -> None:
        self._start_ms = start_ms
        self._step_ms = step_ms
        self._max_quality = max_quality
        self._is_one = end_ms - start_ms <= step_ms
        self._one = np.array([start_ms], np.int64), np.zeros(1, np.int64)
        #: What the pieces of a day have in common: labels, and where their buckets begin in steps.
        self._known: dict[tuple[int, int, int, int, str], tuple[Times, NDArray[Any]]] = {}

    def cut(self, piece: Piece) -> _Cut | None:
        """Cut a piece; None where nothing of it is good enough."""
        packed, first, end = piece
        keep, count = None, end - first
        if isinstance(packed.quality, int):
            if packed.quality > self._max_quality:
                return None
        else:
            keep = packed.quality[first:end] <= self._max_quality
            if keep.all():
                keep = None
            else:
                count = int(np.count_nonzero(keep))
                if not count:
                    return None
        if self._is_one:
            return _Cut(piece, count, *self._one, keep)
        return (None if keep is not None else self._cut_few(piece)) or self._cut_many(piece, count, keep)

    def _cut_few(self, piece: Piece) -> _Cut | None:
        """Cut a piece of few buckets: to find where they begin takes less than to label each sample."""
        packed, first, end = piece
        low_ms, high_ms = packed.time_ms(first), packed.time_ms(end - 1)
        label_ms = self._start_ms + (low_ms - self._start_ms) // self._step_ms * self._step_ms
        further = (high_ms - label_ms) // self._step_ms
        if further * _SAMPLES_OF_BUCKET > end - first:
            return None
        like = (packed.start_ms, packed.step_ms, label_ms, further, packed.step.dtype.char)
        known = self._known.get(like)
        if known is None:
            label = label_ms + self._step_ms * np.arange(further + 1)
            steps = -((packed.start_ms - label[1:]) // packed.step_ms)
            self._known[like] = known = label, steps.astype(packed.step.dtype)
        begins = np.zeros(further + 1, np.int64)
        begins[1:] = packed.step[first:end].searchsorted(known[1])
        return _Cut(piece, end - first, known[0], begins)

    def _cut_many(self, piece: Piece, count: int, keep: NDArray[np.bool_] | None) -> _Cut:
        packed, first, end = piece
        time_ms = np.empty(end - first, np.int64)
        packed.unpack_times(first, end, time_ms)
        labels_ms = _label(time_ms if keep is None else time_ms[keep], self._start_ms, self._step_ms)
        begins = _find_begins(labels_ms)
        return _Cut(piece, count, labels_ms[begins], begins, keep)


def _reduce_cuts(cuts: Sequence[tuple[int, _Cut]], samples: int) -> Columns:
    value = np.empty(samples)
    at = 0
    begin_at = []
    for _, (piece, of_piece, _, _, keep) in cuts:
        packed, first, end = piece
        if keep is None:
            packed.unpack_values(first, end, value[at : at + of_piece])
        else:
            whole = np.empty(end - first)
            packed.unpack_values(first, end, whole)
            value[at : at + of_piece] = whole[keep]
        begin_at.append(at)
        at += of_piece
    buckets = np.array([len(cut.first) for _, cut in cuts], np.int64)
    sid = np.array([sid for sid, _ in cuts], np.int32).repeat(buckets)
    label_ms = _join([cut.label_ms for _, cut in cuts])
    begins = _join([cut.first for _, cut in cuts]) + np.array(begin_at, np.int64).repeat(buckets)
    filled = np.diff(begins, append=samples) > 0
    if not filled.all():
        sid, label_ms, begins = sid[filled], label_ms[filled], begins[filled]
    changes = _find_begins(label_ms, sid)
    return _reduce(sid[changes], label_ms[changes], begins[changes], value)


def _join(columns: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(columns) if columns else np.empty(0, np.int64)


def _find_begins(label_ms: Times, sid: NDArray[Any] | None = None) -> NDArray[np.int64]:
    """Return where the label, or the series, is another than before."""
    is_begin = np.ones(len(label_ms), np.bool_)
    np.not_equal(label_ms[1:], label_ms[:-1], out=is_begin[1:])
    if sid is not None:
        is_begin[1:] |= sid[1:] != sid[:-1]
    return np.flatnonzero(is_begin)


def _reduce(sid: NDArray[Any], label_ms: Times, first: NDArray[np.int64], value: Values) -> Columns:
    """Return buckets by their series, their label and where each begins in the values."""
    if not len(first):
        return {"sid": sid, "start": label_ms, "n": first, "mean": value, "low": value, "high": value, "last": value}
    count = np.diff(first, append=len(value))
    return {
        "sid": sid,
        "start": label_ms,
        "n": count,
        "mean": np.add.reduceat(value, first) / count,
        "low": np.minimum.reduceat(value, first),
        "high": np.maximum.reduceat(value, first),
        "last": value[np.append(first[1:], len(value)) - 1],
    }


def _label(time_ms: Times, start_ms: int, step_ms: int) -> Times:
    # Python's integers: with the widest windows and steps a sum overflows 64 bits.
    if max(abs(start_ms), step_ms) >= 2**61:
        labels = [start_ms + (one_ms - start_ms) // step_ms * step_ms for one_ms in time_ms.tolist()]
        return np.array(labels, np.int64)
    return start_ms + (time_ms - start_ms) // step_ms * step_ms
