"""Downsampling for charts: columns in, row numbers out. Samples are selected, never interpolated.

`select_extremes` selects the lowest and the highest sample of each pixel, so no peak is lost. `select_triangles` is
Largest-Triangle-Three-Buckets: S. Steinarsson, Downsampling Time Series for Visual Representation, MSc thesis,
University of Iceland 2013, section 4.2.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headland.store.port import Times, Values

Rows = NDArray[np.intp]
Method = Literal["min_max", "lttb"]


def select_rows(time_ms: Times, columns: list[Values], width: int, method: Method) -> Rows:
    """Return the rows that a chart `width` pixels wide needs of any of `columns` (NaN: no value), in order.

    A row that one column needs is selected for all of them. `width` is at least 3.
    """
    selected: list[Rows] = []
    for values in columns:
        present = np.flatnonzero(~np.isnan(values))
        select = select_extremes if method == "min_max" else select_triangles
        selected.append(present[select(time_ms[present], values[present], width)])
    return np.unique(np.concatenate(selected)) if selected else np.empty(0, np.intp)


def select_extremes(time_ms: Times, value: Values, width: int) -> Rows:
    """Return the rows of the lowest and highest value of each of `width` equal spans of time, of the first and last.

    At most 2 `width` + 2 rows; where values are equal, the earliest. `time_ms` ascends, `value` is finite.
    """
    count = len(time_ms)
    if count <= 2 * width:
        return np.arange(count)
    pixel = (time_ms - time_ms[0]) * width // (time_ms[-1] - time_ms[0] + 1)
    starts = np.flatnonzero(np.diff(pixel, prepend=-1))
    lows = _first_of(np.lexsort((value, pixel)), starts)
    highs = _first_of(np.lexsort((-value, pixel)), starts)
    return np.unique(np.concatenate(([0, count - 1], lows, highs)))


def select_triangles(time_ms: Times, value: Values, width: int) -> Rows:
    """Return `width` rows, or all of fewer: the first, the last, and one of each bucket between.

    It makes the largest triangle with the row selected before and the mean of the next bucket.
    `time_ms` ascends, `value` is finite, `width` is at least 3.
    """
    count = len(time_ms)
    if count <= width:
        return np.arange(count)
    x, y = (time_ms - time_ms[0]).astype(np.float64), value
    bounds = np.floor(np.arange(width - 1) * (count - 2) / (width - 2)).astype(np.intp) + 1
    bounds = np.append(bounds, count)
    sizes = np.diff(bounds)
    mean_x, mean_y = (np.add.reduceat(axis, bounds[:-1]) / sizes for axis in (x, y))
    selected = [0]
    for bucket in range(width - 2):
        rows = slice(bounds[bucket], bounds[bucket + 1])
        x0, y0 = x[selected[-1]], y[selected[-1]]
        area = np.abs((x0 - mean_x[bucket + 1]) * (y[rows] - y0) - (x0 - x[rows]) * (mean_y[bucket + 1] - y0))
        selected.append(int(bounds[bucket] + np.argmax(area)))
    return np.array([*selected, count - 1], np.intp)


def _first_of(order: Rows, starts: Rows) -> Rows:
    first: Rows = order[starts]
    return first
