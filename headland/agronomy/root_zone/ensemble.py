"""Ensemble of root-zone balances with the errors of model and weather stated: what the water of a field may be.

Each member is a balance with its own factors of evapotranspiration, rain, irrigation, soil and surface. The balance
knows a root zone and a profile; a probe has sensors at depths. So each member also keeps its water by layers of 0.1 m:
water fills them from above, evaporation empties the highest, and roots take up by their density and where it is easy.

Sources
-------
.. [1] Allen et al. (1998), FAO-56: eq 85 for the balance, p. 163 for the uptake of roots by depth.
.. [2] Evensen (2003), Ocean Dynamics 53, 343-367: ensembles for the errors of a model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.root_zone.balance import (
    DayFlows,
    DayInput,
    SoilAndCrop,
    WaterColumns,
    WaterState,
    advance,
    day_of,
)
from headland.agronomy.root_zone.crop_course import CropCourse
from headland.agronomy.root_zone.sensors import StatedErrors
from headland.agronomy.series.arrays import Counts, Values

#: Thickness of a layer [m].
LAYER_M: Final = 0.1
#: How much drier than the wilting point evaporation makes the highest layer: TEW counts from half of it, [1] eq 73.
_SURFACE_HOLDS: Final = 1.4
#: By how much the uptake falls from the surface to the roots' end: 40, 30, 20 and 10 % by quarters, [1] p. 163.
_STEEPNESS: Final = 1.8
#: The share of a layer's water below which roots take it up less easily.
_EASY: Final = 0.5
#: Limits of the factor of what evaporates from the surface layer.
_SURFACE: Final = (0.05, 2.5)


@dataclass(frozen=True, slots=True)
class SeasonCase:
    """What the balance of a field is made of: water, crop's course, TAW by day [mm], soil and crop, first state.

    The soil has a profile: its TAW is that down to `deepest_m`, where the deepest roots of the season end.
    """

    water: WaterColumns
    course: CropCourse
    available_mm: Values
    soil: SoilAndCrop
    start: WaterState
    deepest_m: float


@dataclass(frozen=True, slots=True)
class WaterEnsemble:
    """Members of a season. Day by member: depletion of the root zone, TAW, RAW and evapotranspiration [mm].

    lacking
        Day by layer by member: water that a layer lacks to field capacity, as a share of volume.
    middle_m
        Middles of the layers [m].
    holds
        By member, the factor of the water that the soil holds; `held` is that water as a share of volume.
    percolation_mm
        By day, the mean of all members.
    """

    root_mm: Values
    available_mm: Values
    readily_mm: Values
    et_mm: Values
    lacking: Values
    middle_m: Values
    holds: Values
    held: Values
    percolation_mm: Values

    def lacking_at(self, days: Counts, depth_m: float) -> Values:
        """Return what the soil at a depth lacks on some days, by member, as a share of volume."""
        last = len(self.middle_m) - 1
        at = float(np.clip((depth_m - self.middle_m[0]) / LAYER_M, 0.0, last))
        above, part = int(at), at - int(at)
        below = min(above + 1, last)
        return np.asarray((1.0 - part) * self.lacking[days, above] + part * self.lacking[days, below])


def draw_ensemble(case: SeasonCase, errors: StatedErrors, members: int) -> WaterEnsemble:
    """Return the members of a season by the stated errors. The draws are the same at each call."""
    draw = np.random.default_rng(20_240_601)

    def spread(share: float) -> Values:
        return np.exp(share * draw.standard_normal(members) - share**2 / 2.0)

    crop, rain, irrigation = spread(errors.crop), spread(errors.rain), spread(errors.irrigation)
    holds = spread(errors.soil)
    state, soil = _first(case, errors, holds, draw, np.clip(spread(errors.surface), *_SURFACE))
    profile_mm = np.asarray(soil.profile_mm)
    layers = _Layers(
        case.deepest_m,
        profile_mm,
        np.clip(np.asarray(state.profile_mm) / profile_mm, 0.0, 1.0),
        _STEEPNESS * spread(errors.steepness),
        spread(errors.reach),
    )
    shared = np.clip(1.0 - errors.from_below * np.abs(draw.standard_normal(members)), 0.0, 1.0)
    keep, news = np.exp(-1.0 / errors.crop_days), errors.crop * np.sqrt(1.0 - np.exp(-2.0 / errors.crop_days))
    root, available, readily, et, lacking, percolation = [], [], [], [], [], []
    for at, root_m in enumerate(np.asarray(case.course.root_m).tolist()):
        if at >= len(case.water.et0_mm):
            break
        crop = np.clip(1.0 + keep * (crop - 1.0) + news * draw.standard_normal(members), 0.4, 1.8)
        one = np.exp(errors.event * draw.standard_normal(members))
        day = day_of(case.water, case.course, case.available_mm, at)
        day = replace(
            day,
            et0_mm=day.et0_mm * crop,
            available_mm=day.available_mm * holds,
            rain_mm=day.rain_mm * rain * one,
            irrigation_mm=day.irrigation_mm * irrigation * one,
        )
        state, flows = advance(state, day, soil)
        layers.advance(day, flows, root_m)
        # Roots that are still short draw on the soil below them, which the balance keeps apart.
        alike = np.asarray(state.profile_mm) * root_m / case.deepest_m
        root.append(shared * state.root_mm + (1.0 - shared) * alike)
        available.append(np.asarray(state.available_mm))
        readily.append(flows.readily_mm)
        et.append(flows.et_mm)
        lacking.append(layers.lacking)
        percolation.append(float(np.mean(flows.percolation_mm)))
    return WaterEnsemble(
        np.array(root), np.array(available), np.array(readily), np.array(et), np.array(lacking), layers.middle_m,
        holds, profile_mm / (1000.0 * case.deepest_m), np.array(percolation),
    )  # fmt: skip


def _first(
    case: SeasonCase, errors: StatedErrors, holds: Values, draw: np.random.Generator, dries: Values
) -> tuple[WaterState, SoilAndCrop]:
    """Return the first states of the members, and their soils."""
    start, members = case.start, len(holds)
    shift = errors.start * draw.standard_normal(members)
    available = start.available_mm * holds
    profile = np.asarray(case.soil.profile_mm if case.soil.profile_mm is not None else start.available_mm)
    most = np.maximum(profile * holds, available)
    state = WaterState(
        np.clip(start.surface_mm + 3.0 * draw.standard_normal(members), 0.0, case.soil.total_evaporable_mm),
        np.clip(start.root_mm + shift * available, 0.0, available),
        np.clip(start.profile_mm + shift * most, 0.0, most),
        np.full(members, float(start.wetted)),
        available,
    )
    soil = replace(
        case.soil,
        profile_mm=most,
        total_evaporable_mm=case.soil.total_evaporable_mm * dries,
        readily_evaporable_mm=case.soil.readily_evaporable_mm * dries,
    )
    return state, soil


class _Layers:
    """Depletion by layer and member [mm], changed from day to day by the flows of the balance."""

    def __init__(self, deepest_m: float, profile_mm: Values, lacks: Values, steepness: Values, reach: Values) -> None:
        count = int(np.ceil(deepest_m / LAYER_M - 1e-9))
        self._top_m = np.arange(count) * LAYER_M
        self.middle_m: Values = np.asarray(self._top_m + LAYER_M / 2.0, np.float64)
        self._thick_m = np.minimum(deepest_m - self._top_m, LAYER_M)[:, None]
        self._holds_mm = profile_mm / deepest_m * self._thick_m
        self._most_mm = self._holds_mm.copy()
        self._most_mm[0] *= _SURFACE_HOLDS
        self._depleted_mm = self._holds_mm * lacks
        self._steepness, self._reach = steepness, reach

    @property
    def lacking(self) -> Values:
        """What each layer lacks to field capacity, layer by member, as a share of volume."""
        return np.asarray(self._depleted_mm / (1000.0 * self._thick_m))

    def advance(self, day: DayInput, flows: DayFlows, root_m: float) -> None:
        """Take the layers to the end of a day."""
        water = np.asarray(day.rain_mm - flows.runoff_mm + day.irrigation_mm)
        depleted = self._depleted_mm
        for at in range(len(depleted)):
            taken = np.minimum(water, depleted[at])
            depleted[at] -= taken
            water = water - taken
        left = flows.evaporation_mm
        for at in range(min(2, len(depleted))):
            taken = np.clip(left, 0.0, self._most_mm[at] - depleted[at])
            depleted[at] += taken
            left = left - taken
        self._take_up(flows.transpiration_mm, root_m)

    def _take_up(self, wanted_mm: Values, root_m: float) -> None:
        reach_m = root_m * self._reach
        inside = np.clip((reach_m[None, :] - self._top_m[:, None]) / LAYER_M, 0.0, 1.0)
        easy = np.clip((self._holds_mm - self._depleted_mm) / (_EASY * self._holds_mm), 0.0, 1.0)
        dense = np.exp(-self._steepness[None, :] * self.middle_m[:, None] / reach_m[None, :])
        taken = np.minimum(wanted_mm * _shares(inside * dense * easy * self._thick_m), self._room_mm)
        self._depleted_mm = self._depleted_mm + taken
        # What these layers did not have comes from where there is water within the roots.
        room = self._room_mm * (inside > 0.0)
        self._depleted_mm = self._depleted_mm + np.minimum((wanted_mm - taken.sum(axis=0)) * _shares(room), room)

    @property
    def _room_mm(self) -> Values:
        return np.asarray(np.clip(self._holds_mm - self._depleted_mm, 0.0, None))


def _shares(weights: Values) -> Values:
    """Return weights as shares of their sum by column; nothing where all are nothing."""
    total = weights.sum(axis=0)
    return np.asarray(weights / np.where(total > 0.0, total, 1.0))
