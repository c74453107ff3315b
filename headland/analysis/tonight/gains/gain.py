"""Hours of wet leaves without and with a plan, by a house's climate model, with the model's own error. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from headland.agronomy.climate.leaf_wetness import wet_hours
from headland.agronomy.climate.psychrometrics import dew_point_degc
from headland.agronomy.house_model.course import HouseCourse
from headland.agronomy.series.arrays import Mask, Values
from headland.registry.models.house_model import HeldOut
from headland.units_of_time import HOUR_MS

#: Errors of the humidity that are tried: evenly likely ones, in standard errors. One that both courses have, and one
#: by which the course with the plan differs from the other.
_ALIKE: Final = tuple(NormalDist().inv_cdf((at + 0.5) / 11) for at in range(11))
_APART: Final = tuple(NormalDist().inv_cdf((at + 0.5) / 5) for at in range(5))
#: Share of the model's error by which the two courses differ: over the same weather they err nearly alike.
_APART_SHARE: Final = 0.5
_NINE_TENTHS: Final = 0.9


@dataclass(frozen=True, slots=True)
class PlanGain:
    """Hours of wet leaves without and with a plan; the saving is within `error_h` of theirs nine times in ten.

    `wet_before` and `wet_after` are the instants `time_ms` with wet leaves; `warmer_k` is by how much the air is warmer
    with the plan.
    """

    wet_before_h: float
    wet_after_h: float
    error_h: float
    time_ms: Values
    wet_before: Mask
    wet_after: Mask
    warmer_k: Values

    @property
    def is_told(self) -> bool:
        """Whether the saving is larger than its error."""
        return abs(self.wet_before_h - self.wet_after_h) > self.error_h


def gain_of(course: HouseCourse, errors: HeldOut, from_ms: int) -> PlanGain:
    """Return the gain of a plan from `from_ms` on, of the courses of a house without and with it.

    The model's error is that of the humidity on measurements that its fit never saw: what decides about the dew point
    of air near saturation.
    """
    ahead = course.time_ms >= from_ms
    point_h = float(course.time_ms[1] - course.time_ms[0]) / HOUR_MS

    def wet(at: int, humid_pct: float) -> Mask:
        humidity = np.clip(course.humidity_pct[ahead, at] + humid_pct, 1.0, 100.0)
        return wet_hours(course.leaf_degc[ahead, at] - dew_point_degc(course.air_degc[ahead, at], humidity))

    before, after = wet(0, 0.0), wet(1, 0.0)
    saved_h = point_h * (int(before.sum()) - int(after.sum()))
    error_pct = errors.humidity_rmse_pct
    missed = []
    for alike in _ALIKE:
        as_is = int(wet(0, alike * error_pct).sum())
        missed += [
            abs(point_h * (as_is - int(wet(1, (alike + _APART_SHARE * apart) * error_pct).sum())) - saved_h)
            for apart in _APART
        ]
    return PlanGain(
        wet_before_h=point_h * int(before.sum()),
        wet_after_h=point_h * int(after.sum()),
        error_h=float(np.quantile(missed, _NINE_TENTHS)),
        time_ms=course.time_ms[ahead],
        wet_before=before,
        wet_after=after,
        warmer_k=course.air_degc[ahead, 1] - course.air_degc[ahead, 0],
    )
