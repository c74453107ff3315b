"""Course of a crop over its season: basal coefficient, height, roots, cover and the largest coefficient, by day.

Sources
-------
.. [1] Allen, Pereira, Raes and Smith (1998), FAO Irrigation and Drainage Paper 56: equations and tables as named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from headland.agronomy.series.arrays import Mask, Values, require

#: What reference evapotranspiration is of: grass of 0.12 m, or alfalfa of 0.5 m.
Reference = Literal["short", "tall"]

#: Limits of wind at 2 m [m/s] and of the day's lowest humidity [%] within which eq 62, 70 and 72 hold; [1].
WIND_M_S: Final = (1.0, 6.0)
HUMIDITY_PCT: Final = (20.0, 80.0)
#: Coefficients below this do not depend on the climate; [1], eq 70.
_LEAST_ADJUSTED: Final = 0.45
#: The largest share of ground that a canopy covers; [1], eq 76.
_MOST_COVER: Final = 0.99
_LEAST_M: Final = 0.001


@dataclass(frozen=True, slots=True)
class CropStages:
    """A crop's figures: stage lengths [days] ([1] table 11), basal coefficients (table 17), heights and roots [m].

    `depletion_share` is p of table 22, at a crop evapotranspiration of 5 mm/d. `first_height_m` and `first_root_m` are
    those of the first stage, the others those of the full-grown crop.
    """

    initial_days: int
    development_days: int
    middle_days: int
    late_days: int
    kcb_initial: float
    kcb_middle: float
    kcb_late: float
    height_m: float
    root_m: float
    depletion_share: float
    first_height_m: float = 0.05
    first_root_m: float = 0.15

    def __post_init__(self) -> None:
        """Refuse figures out of range with ValueError."""
        for name in ("initial_days", "development_days", "middle_days", "late_days"):
            require(name, getattr(self, name), 1, 400)
        require("kcb_initial", self.kcb_initial, 0.0, 1.3)
        require("kcb_middle", self.kcb_middle, 0.1, 1.4, above=self.kcb_initial)
        require("kcb_late", self.kcb_late, 0.0, 1.4)
        require("height_m", self.height_m, self.first_height_m, 6.0, above=0.0)
        require("root_m", self.root_m, self.first_root_m, 3.0, above=0.0)
        require("depletion_share", self.depletion_share, 0.1, 0.8)

    @property
    def days(self) -> int:
        """The length of the season [days]."""
        return self.initial_days + self.development_days + self.middle_days + self.late_days


@dataclass(frozen=True, slots=True)
class CropCourse:
    """Columns by day: `kcb` and `kc_max` without a unit, `height_m`, `root_m`, `cover` as a share 0 to 0.99."""

    kcb: Values
    height_m: Values
    root_m: Values
    kc_max: Values
    cover: Values


@dataclass(frozen=True, slots=True)
class SeenCanopy:
    """What was seen of a canopy, by day, NaN where it was not: `kcb`, `height_m`, `cover` (share of ground)."""

    kcb: Values | None = None
    height_m: Values | None = None
    cover: Values | None = None


def basal_coefficient(crop: CropStages, day: Values) -> Values:
    """Return Kcb on days after planting, of which the first is 0; [1] eq 66 and figure 37.

    Before planting and after the season it has the first and the last value.
    """
    edges = np.cumsum([crop.initial_days, crop.development_days, crop.middle_days, crop.late_days])
    return np.interp(day, edges, [crop.kcb_initial, crop.kcb_middle, crop.kcb_middle, crop.kcb_late])


def coefficient_for_climate(kc: float, height_m: float, wind_2m_m_s: float, least_humidity_pct: float) -> float:
    """Return a coefficient of table 12 or 17 for a climate that is not that of the table; [1] eq 62, 65 and 70.

    `wind_2m_m_s` [m/s] and `least_humidity_pct` [%] are means over the stage, held within `WIND_M_S` and
    `HUMIDITY_PCT`. A coefficient below 0.45 stays.
    """
    require("height_m", height_m, 0.0, 10.0)
    if kc < _LEAST_ADJUSTED:
        return kc
    wind, humidity = np.clip(wind_2m_m_s, *WIND_M_S), np.clip(least_humidity_pct, *HUMIDITY_PCT)
    return float(kc + (0.04 * (wind - 2.0) - 0.004 * (humidity - 45.0)) * (height_m / 3.0) ** 0.3)


def crop_for_climate(crop: CropStages, wind_2m_m_s: Values, least_humidity_pct: Values) -> CropStages:
    """Return a crop with the coefficients of its middle and its end for the climate of these stages; [1] eq 70.

    The columns begin on the day of planting. A stage without a known day keeps its coefficient.
    """
    middle = crop.initial_days + crop.development_days
    late = middle + crop.middle_days
    both = np.isfinite(wind_2m_m_s) & np.isfinite(least_humidity_pct)

    def settle(kc: float, first: int, end: int) -> float:
        known = np.flatnonzero(both[first:end]) + first
        if len(known) == 0:
            return kc
        return coefficient_for_climate(
            kc, crop.height_m, float(wind_2m_m_s[known].mean()), float(least_humidity_pct[known].mean())
        )

    return replace(
        crop,
        kcb_middle=settle(crop.kcb_middle, middle, late),
        kcb_late=settle(crop.kcb_late, late, late + crop.late_days),
    )


def largest_coefficient(
    kcb: Values, height_m: Values, wind_2m_m_s: Values, least_humidity_pct: Values, reference: Reference = "short"
) -> Values:
    """Return Kc max, the upper limit by the energy that there is; [1] eq 72.

    For the tall reference it is 1, or Kcb + 0.05 (Allen et al. 2005, J. Irrig. Drain. Eng. 131, 2-13).
    """
    if reference == "tall":
        return np.maximum(1.0, kcb + 0.05)
    wind, humidity = np.clip(wind_2m_m_s, *WIND_M_S), np.clip(least_humidity_pct, *HUMIDITY_PCT)
    by_climate = 1.2 + (0.04 * (wind - 2.0) - 0.004 * (humidity - 45.0)) * (height_m / 3.0) ** 0.3
    return np.maximum(by_climate, kcb + 0.05)


def covered_share(kcb: Values, kc_max: Values, height_m: Values, kc_min: float) -> Values:
    """Return fc, the share of ground under the canopy, 0 to 0.99; [1] eq 76. `kc_min` is Kc of dry bare soil."""
    share = np.clip((kcb - kc_min) / (kc_max - kc_min), 0.0, 1.0)
    return np.clip(share ** (1.0 + 0.5 * height_m), 0.0, _MOST_COVER)


def follow_crop(
    crop: CropStages,
    wind_2m_m_s: Values,
    least_humidity_pct: Values,
    reference: Reference = "short",
    seen: SeenCanopy | None = None,
    first_day: int = 0,
) -> CropCourse:
    """Return a crop's course over the days of the weather columns, of which the first is `first_day` after planting.

    Height and roots grow with Kcb and never shrink ([1] p. 277 and 279); roots by the table's Kcb. What was `seen` of
    the canopy replaces the table on its day.
    """
    day = np.arange(first_day, first_day + len(wind_2m_m_s), dtype=np.float64)
    seen = seen or SeenCanopy()
    table = basal_coefficient(crop, day)
    kcb = _prefer(seen.kcb, table)
    span = crop.kcb_middle - crop.kcb_initial
    grown = (kcb - crop.kcb_initial) / span
    height = _grow(crop.first_height_m + (crop.height_m - crop.first_height_m) * grown, crop.first_height_m, seen)
    roots = crop.first_root_m + (crop.root_m - crop.first_root_m) * (table - crop.kcb_initial) / span
    kc_max = largest_coefficient(kcb, height, wind_2m_m_s, least_humidity_pct, reference)
    cover = _prefer(seen.cover, covered_share(kcb, kc_max, height, crop.kcb_initial))
    root_m = np.maximum.accumulate(np.maximum(roots, _LEAST_M))
    return CropCourse(kcb, height, root_m, kc_max, np.clip(cover, 0.0, _MOST_COVER))


def _prefer(seen: Values | None, table: Values) -> Values:
    """Return what was seen where it is positive, else the table."""
    return table if seen is None else np.where(_is_seen(seen), seen, table)


def _is_seen(column: Values) -> Mask:
    return np.asarray(np.nan_to_num(column) > 0.0)


def _grow(by_coefficient: Values, first_m: float, seen: SeenCanopy) -> Values:
    """Return the height by day, which only a height that was seen makes smaller."""
    wanted = np.maximum(by_coefficient, _LEAST_M)
    if seen.height_m is None or not _is_seen(seen.height_m).any():
        return np.maximum(np.maximum.accumulate(wanted), first_m)
    is_seen, height, now_m = _is_seen(seen.height_m), np.empty_like(wanted), first_m
    for at, value in enumerate(wanted.tolist()):
        now_m = float(seen.height_m[at]) if is_seen[at] else max(now_m, value)
        height[at] = now_m
    return height
