"""Leaf temperature for the condensation margin: measured where a sensor is current, else estimated by one rule.

Gateway and station take it from here, for one number or for an array of numpy: nothing is imported.
"""

from __future__ import annotations

from typing import Any, Final

#: The channels of a leaf's temperature and of a screen's position, and from which position on it is closed [%].
LEAF_TEMPERATURE: Final = "leaf_temperature_degc"
SCREEN: Final = "screen_closed_pct"
SCREEN_CLOSED_PCT: Final = 50.0
#: For how long a sample of a greenhouse's climate is valid.
HOLD_S: Final = 900.0
#: The cooling of a leaf below the air in a clear night, under an open roof and under a closed screen [K].
LEAF_OFFSET_OPEN_K: Final = 1.5
LEAF_OFFSET_SCREEN_K: Final = 0.5


def estimate_leaf_degc(air_degc: Any, by_day: Any, screen_closed: Any = False) -> Any:
    """Return the estimated leaf temperature: the air's by day, 1.5 K below by night, 0.5 K under a closed screen.

    All three are numbers and truth values, or arrays. Where it is not known whether the sun is up, it is night; a
    screen that is not known is open.
    """
    offset_k = LEAF_OFFSET_OPEN_K + (LEAF_OFFSET_SCREEN_K - LEAF_OFFSET_OPEN_K) * screen_closed
    return air_degc - offset_k * (1.0 - by_day)
