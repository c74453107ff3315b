"""Samples of one series in one span of time, in as few bytes as hold them exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headland.store.core.columns import Columns
from headland.store.port import Flags, Times, Values

#: Powers of ten by which values are whole numbers: those of most sensors are, with up to four decimals.
_DIVISORS: Final = (1.0, 10.0, 100.0, 1000.0, 10000.0)
_INTEGERS: Final = (np.int8, np.int16, np.int32)
#: The highest step by the bytes of one.
_HIGHEST: Final = {1: 2**8 - 1, 2: 2**16 - 1, 4: 2**32 - 1, 8: 2**63 - 1}
#: Values that are tried before all are.
_FIRST: Final = 32
#: What the objects of a part take beside their columns.
_OBJECTS_BYTES: Final = 600


@dataclass(frozen=True, slots=True)
class PackedSamples:
    """Samples in time order: their instants in steps since `start_ms`, and their values times `divisor`.

    `quality` is one number where all samples have the same flag.
    """

    start_ms: int
    step_ms: int
    step: NDArray[Any]
    divisor: float
    value: NDArray[Any]
    quality: Flags | int

    def __len__(self) -> int:
        return len(self.step)

    @property
    def size_bytes(self) -> int:
        """The memory that it takes."""
        quality_bytes = 0 if isinstance(self.quality, int) else self.quality.nbytes
        return self.step.nbytes + self.value.nbytes + quality_bytes + _OBJECTS_BYTES

    def find(self, bounds: NDArray[Any]) -> tuple[int, int]:
        """Return where the samples between two bounds, as of `bounds_of`, begin and end."""
        first, end = self.step.searchsorted(bounds).tolist()
        return first, max(first, end)

    def bounds_of(self, start_ms: int, end_ms: int) -> NDArray[Any]:
        """Return the bounds of a window in steps: the same for all parts with this `start_ms`, step and `step` type."""
        steps = [-((self.start_ms - bound_ms) // self.step_ms) for bound_ms in (start_ms, end_ms)]
        steps = [min(max(0, step), _HIGHEST[8]) for step in steps]
        # Of the column's type where that holds them: for another, all of the column is converted at each search.
        fits = max(steps) <= _HIGHEST[self.step.dtype.itemsize]
        return np.array(steps, self.step.dtype if fits else np.int64)

    def time_ms(self, at: int) -> int:
        """Return the instant of a sample."""
        return self.start_ms + int(self.step[at]) * self.step_ms

    def unpack_times(self, first: int, end: int, time_ms: Times) -> None:
        """Write the instants of the samples from `first` to `end` into a column of that length."""
        time_ms[:] = self.step[first:end]
        if self.step_ms != 1:
            time_ms *= self.step_ms
        time_ms += self.start_ms

    def unpack_values(self, first: int, end: int, value: Values) -> None:
        """Write the values of the samples from `first` to `end` into a column of that length."""
        if self.divisor == 1.0:
            value[:] = self.value[first:end]
        else:
            np.divide(self.value[first:end], self.divisor, out=value)

    def unpack_quality(self, first: int, end: int, quality: Flags) -> None:
        """Write the flags of the samples from `first` to `end` into a column of that length."""
        quality[:] = self.quality if isinstance(self.quality, int) else self.quality[first:end]


class Piece(NamedTuple):
    """The samples of a part from `first` to `end`: at least one."""

    packed: PackedSamples
    first: int
    end: int


def join_pieces(pieces_of: Mapping[int, Sequence[Piece]]) -> tuple[Columns, dict[int, slice]]:
    """Return the columns ts, v and q of the pieces of series, one after another, and where each series is."""
    part_of: dict[int, slice] = {}
    total = 0
    for sid, pieces in pieces_of.items():
        count = sum(end - first for _, first, end in pieces)
        part_of[sid] = slice(total, total + count)
        total += count
    time_ms, value, quality = np.empty(total, np.int64), np.empty(total, np.float64), np.empty(total, np.uint8)
    at = 0
    for pieces in pieces_of.values():
        for packed, first, end in pieces:
            place = slice(at, at + end - first)
            packed.unpack_times(first, end, time_ms[place])
            packed.unpack_values(first, end, value[place])
            packed.unpack_quality(first, end, quality[place])
            at = place.stop
    return {"ts": time_ms, "v": value, "q": quality}, part_of


def pack(start_ms: int, time_ms: Times, value: Values, quality: Flags) -> PackedSamples:
    """Return samples packed; they are in time order, from `start_ms` on and at most 49 days later."""
    if not len(time_ms):
        nothing = np.empty(0, np.uint8)
        return PackedSamples(start_ms, 1, nothing, 1.0, nothing, 0)
    step_ms, step = _pack_times(time_ms - start_ms)
    divisor, packed = _pack_values(value)
    flag = int(quality[0])
    return PackedSamples(
        start_ms, step_ms, step, divisor, packed, flag if (quality == flag).all() else quality.astype(np.uint8)
    )


def wrap(time_ms: Times, value: Values, quality: Flags) -> PackedSamples:
    """Return at least one sample as they are, to be read as packed ones."""
    return PackedSamples(int(time_ms[0]), 1, time_ms - time_ms[0], 1.0, value, quality)


def _pack_times(offset_ms: Times) -> tuple[int, NDArray[Any]]:
    """Return the largest step by which all offsets are whole numbers, where that saves something, and these."""
    step_ms = int(np.gcd.reduce(offset_ms))
    if step_ms and int(offset_ms[-1]) // step_ms <= np.iinfo(np.uint16).max:
        return step_ms, (offset_ms // step_ms).astype(np.uint16)
    return 1, offset_ms.astype(np.uint16 if not step_ms else np.uint32)


@np.errstate(over="ignore")
def _pack_values(value: Values) -> tuple[float, NDArray[Any]]:
    for divisor in _DIVISORS:
        if _as_integers(value[:_FIRST], divisor) is not None:
            packed = _as_integers(value, divisor)
            if packed is not None:
                return divisor, packed
    single = value.astype(np.float32)
    return 1.0, single if _are_same(single.astype(np.float64), value) else value.copy()


def _as_integers(value: Values, divisor: float) -> NDArray[Any] | None:
    """Return the values times a divisor where these are whole numbers that give exactly them back."""
    whole = np.rint(value * divisor)
    most = float(np.abs(whole).max())
    for integer in _INTEGERS:
        if most <= np.iinfo(integer).max:
            packed: NDArray[Any] = whole.astype(integer)
            return packed if _are_same(np.divide(packed, divisor), value) else None
    return None


def _are_same(one: Values, other: Values) -> bool:
    """Return whether all bits are the same: zero has a sign."""
    return bool((one.view(np.int64) == np.ascontiguousarray(other).view(np.int64)).all())
