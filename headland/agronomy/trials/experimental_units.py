"""Experimental units of a trial: the strips of which plots are only places, seen by their treatments and places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Neighbours with one treatment and block are places of one strip where runs of them are so long on average.
_LEAST_PLACES: Final = 3.0


def find_trial_strips(
    row: Sequence[int], column: Sequence[int], treatment: Sequence[int], block: Sequence[int]
) -> NDArray[np.int64] | None:
    """Return the number of the strip of each plot, None where plots are units of their own.

    A treatment is drawn for a strip, so its places say nothing of how treatments differ by chance: they are one unit
    (Hurlbert 1984, "Pseudoreplication and the design of ecological field experiments", Ecol. Monogr. 54, 187-211; not
    re-read). A strip is a run of neighbours along a column, or along a row, with one treatment and one block. Where
    plots are drawn one by one, such runs are rare: a block has each treatment once.
    """
    if not len(row):
        return None
    along = [_runs(row, column, treatment, block), _runs(column, row, treatment, block)]
    strips = min(along, key=lambda found: int(found.max()))
    return strips if len(row) >= _LEAST_PLACES * (int(strips.max()) + 1) else None


def _runs(
    along: Sequence[int], line: Sequence[int], treatment: Sequence[int], block: Sequence[int]
) -> NDArray[np.int64]:
    """Return the number of the run of each plot, by place along lines."""
    places = np.column_stack((line, along, treatment, block)).astype(np.int64)
    order = np.lexsort((places[:, 1], places[:, 0]))
    sorted_ = places[order]
    step = np.diff(sorted_, axis=0)
    is_new = np.r_[True, (step[:, 0] != 0) | (step[:, 1] != 1) | (step[:, 2] != 0) | (step[:, 3] != 0)]
    runs = np.empty(len(places), np.int64)
    runs[order] = np.cumsum(is_new) - 1
    return runs
