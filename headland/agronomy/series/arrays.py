"""Names of the array types that the science, the analyses and the alarms share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Measured or computed numbers; NaN where a value is unknown.
Values = NDArray[np.float64]
#: Instants in epoch milliseconds, ascending.
Times = NDArray[np.int64]
#: Numbers of samples or grid steps, and positions on a grid.
Counts = NDArray[np.int64]
#: Whether something is true of each element.
Mask = NDArray[np.bool_]
#: QARTOD flags: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing.
QualityFlags = NDArray[np.uint8]
