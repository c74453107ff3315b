"""Radiation of a clear sky by the sun's height: the one that stamps, plausibility and bounds of light are judged by.

Sources
-------
.. [1] Haurwitz (1945), J. Meteorol. 2, 154-166, as in Reno, Hansen and Stein (2012), SAND2012-2389: 1098 cos z
   exp(-0.057 / cos z) W/m2.
"""

from __future__ import annotations

import numpy as np

from headland.agronomy.series.arrays import Values


def clear_sky_w_m2(sine: Values) -> Values:
    """Return the global radiation [W/m2] of a clear sky at sea level by the sine of the sun's elevation; 0 below."""
    high = np.maximum(sine, 0.001)
    return np.asarray(np.where(sine > 0.0, 1098.0 * high * np.exp(-0.057 / high), 0.0))
