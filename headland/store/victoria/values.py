"""Values in VictoriaMetrics without loss: a rounded value that it stores exactly, and the residue.

It stores decimals of about 12 digits, and one exponent for a block of samples. Values are therefore rounded to 11
significant digits and 9 decimals; positions, to 1e-8 degrees, and most sensor values lose nothing by that. The others
have a residue: the number of floating-point numbers between the value and the rounded one, a small whole number. Value
and residue together are the value to the last bit.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.store.port import Values

Residues = NDArray[np.int64]

_DIGITS: Final = 11
_MOST_DECIMALS: Final = 9
#: Larger values cannot share an exponent with others without loss.
_LARGEST: Final = 9e9
#: Whole numbers are exact up to here.
_LARGEST_RESIDUE: Final = 2**52


def split(value: Values) -> tuple[Values, Residues, NDArray[np.bool_]]:
    """Return the rounded values, the residues (0 for exact ones), and a mask of the values that do not fit.

    These are above 9e9, or so near to 0 that they vanish at 9 decimals.
    """
    rounded = round_value(value)
    residue = _rank(value) - _rank(rounded)
    unfit = (np.abs(value) > _LARGEST) | (np.abs(residue.astype(np.float64)) > _LARGEST_RESIDUE)
    return rounded, np.where(unfit, 0, residue), unfit


def join(rounded: Values, residue: Residues) -> Values:
    """Return the values before `split`; an error of the server in the last digit is harmless."""
    return _of_rank(_rank(round_value(rounded)) + residue)


def round_value(value: Values) -> Values:
    """Return the nearest decimals of 11 significant digits and at most 9 decimals; finite for |value| <= 9e9."""
    size = np.maximum(np.abs(value), 1e-300)
    decimals = np.minimum(_MOST_DECIMALS, _DIGITS - 1 - np.floor(np.log10(size)))
    # Dividing a whole number by a power of ten gives the float nearest to that decimal.
    scale = 10.0 ** np.clip(decimals, 0, _MOST_DECIMALS)
    rounded: Values = np.round(np.clip(value, -_LARGEST, _LARGEST) * scale) / scale
    return rounded


def _rank(value: Values) -> Residues:
    """Return the position of each value in the order of all floats; that of 0 is 0."""
    bits = np.ascontiguousarray(value, np.float64).view(np.int64)
    return np.where(bits < 0, np.int64(-(2**63)) - bits, bits)


def _of_rank(rank: Residues) -> Values:
    return np.where(rank < 0, np.int64(-(2**63)) - rank, rank).view(np.float64)
