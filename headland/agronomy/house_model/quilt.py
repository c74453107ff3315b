"""Thermal quilt on the roof of a solar greenhouse: when it lies, and what it keeps in. Pure, on arrays."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.house_model.moist_air import Numbers, limit

#: Without declared hours it is rolled up above the one radiation and down below the other.
OPEN_ABOVE_W_M2: Final = 120.0
CLOSE_BELOW_W_M2: Final = 60.0
#: A roller takes so long from the ridge to the ground.
TRAVEL_S: Final = 480.0


def target_closed(open_h: Numbers, close_h: Numbers, clock_h: float, radiation_w_m2: float, closed: Numbers) -> Numbers:
    """Return 1 where the quilt shall lie and 0 where it shall be rolled up.

    Between `open_h` and `close_h` of the local clock it is up. NaN: by the light; between the two limits it stays.
    """
    by_clock = np.where((clock_h - open_h) % 24 < (close_h - open_h) % 24, 0.0, 1.0)
    stays = np.where(closed > 0.5, 1.0, 0.0)
    by_light = np.where(radiation_w_m2 > OPEN_ABOVE_W_M2, 0.0, np.where(radiation_w_m2 < CLOSE_BELOW_W_M2, 1.0, stays))
    return np.where(np.isnan(open_h) | np.isnan(close_h), by_light, by_clock)


def roll(closed: Numbers, target: Numbers, step_s: float) -> Numbers:
    """Return the closed share of the quilt after `step_s`."""
    return closed + limit(target - closed, -step_s / TRAVEL_S, step_s / TRAVEL_S)


def conductance_w_m2k(bare_w_m2k: Numbers, cover_ratio: Numbers, quilt_m2k_w: Numbers, closed: Numbers) -> Numbers:
    """Return the exchange of the cover with the outside per floor area, below a quilt of a resistance [m2 K/W].

    The closed share has the quilt's resistance in series with the bare exchange, the rest has none.
    """
    covered = 1 / (1 / bare_w_m2k + quilt_m2k_w / cover_ratio)
    return (1 - closed) * bare_w_m2k + closed * covered
