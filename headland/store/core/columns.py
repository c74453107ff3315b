"""Columns of rows of several series: their order, and where each series is."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headland.store.core.dedup import find_order

#: Columns by name, equally long; `sid` is the series.
Columns = dict[str, NDArray[Any]]


def put_in_order(columns: Columns) -> Columns:
    """Return samples by series and time."""
    order = find_order(columns["sid"], columns["ts"])
    return columns if order is None else {name: column[order] for name, column in columns.items()}


def parts_of(sids: NDArray[Any]) -> dict[int, slice]:
    """Return where each series is in rows that are in order of series."""
    if not len(sids):
        return {}
    starts = [0, *(np.flatnonzero(np.diff(sids)) + 1).tolist(), len(sids)]
    return {int(sids[start]): slice(start, end) for start, end in pairwise(starts)}
