"""Daily balance of the water in the root zone by the dual crop coefficient of FAO-56.

The state and the fluxes are numbers or arrays of any one shape, so that an ensemble of fields advances at once. Depths
are in millimetres, and a depletion is counted from field capacity downwards.

Sources
-------
.. [1] Allen, Pereira, Raes and Smith (1998), FAO Irrigation and Drainage Paper 56: equations and tables as named.
.. [2] Thorp, DeJonge, Marek and Evett (2020), SoftwareX 12, 100557: depletion below the
   roots, which growing roots meet.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from headland.agronomy.root_zone.crop_course import CropCourse
from headland.agronomy.root_zone.evaporation import (
    Amount,
    evaporation_coefficient,
    evaporation_reduction,
    exposed_share,
    runoff_mm,
    wetted_share,
)
from headland.agronomy.series.arrays import Values, require

#: Limits of p; [1] table 22, note.
DEPLETION_SHARES: Final = (0.1, 0.8)


@dataclass(frozen=True, slots=True)
class SoilLayers:
    """Layers of a soil from the surface down: bottoms [m], field capacity and wilting point [m3/m3], by layer."""

    bottom_m: tuple[float, ...]
    field_capacity: tuple[float, ...]
    wilting_point: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse layers that do not ascend, or that hold no water, with ValueError."""
        above = 0.0
        for bottom, capacity, wilting in zip(self.bottom_m, self.field_capacity, self.wilting_point, strict=True):
            require("the bottom of a layer", bottom, 0.0, 10.0, above=above)
            require("field_capacity", capacity, 0.02, 0.8, above=wilting)
            require("wilting_point", wilting, 0.0, 0.6)
            above = bottom

    def sum_mm(self, share: tuple[float, ...], depth_m: Amount) -> Values:
        """Return a share of volume by layer as a depth of water down to `depth_m` [m]; the last layer goes on."""
        depth = np.asarray(depth_m, np.float64)
        total, top = np.zeros_like(depth), 0.0
        for at, (bottom, each) in enumerate(zip(self.bottom_m, share, strict=True)):
            end = np.inf if at == len(share) - 1 else bottom
            total = total + 1000.0 * each * np.clip(depth - top, 0.0, end - top)
            top = bottom
        return total

    def available_mm(self, depth_m: Amount) -> Values:
        """Return TAW, the water between field capacity and wilting point down to a depth [m]; [1] eq 82."""
        held = tuple(a - b for a, b in zip(self.field_capacity, self.wilting_point, strict=True))
        return self.sum_mm(held, depth_m)


@dataclass(frozen=True, slots=True)
class SoilAndCrop:
    """What the balance knows of soil and crop beside the course of days.

    total_evaporable_mm, readily_evaporable_mm
        TEW and REW of the surface layer; [1] eq 73 and table 19.
    depletion_share
        p of table 22; by the day's evapotranspiration unless `is_share_constant`.
    profile_mm
        TAW down to the deepest roots; None: the soil below the roots is at field capacity, as [1] eq 85 has it.
    curve_number
        Of the runoff; None: no rain runs off.
    """

    total_evaporable_mm: Amount
    readily_evaporable_mm: Amount
    depletion_share: float
    profile_mm: Amount | None = None
    curve_number: float | None = None
    is_share_constant: bool = False


@dataclass(frozen=True, slots=True)
class WaterState:
    """The water at the end of a day: depletions of surface layer, root zone and profile [mm], share wetted, TAW [mm].

    `profile_mm` is that down to the deepest roots; it has a meaning where the ground has a profile.
    """

    surface_mm: Amount
    root_mm: Amount
    profile_mm: Amount
    wetted: Amount
    available_mm: Amount


@dataclass(frozen=True, slots=True)
class DayInput:
    """A day: reference evapotranspiration, the crop's figures, water that falls and is given [mm].

    `irrigation_mm` is what reaches the soil, over all of the field, and wets the share `irrigated` of it.
    """

    et0_mm: Amount
    kcb: Amount
    kc_max: Amount
    cover: Amount
    available_mm: Amount
    rain_mm: Amount
    irrigation_mm: Amount
    irrigated: Amount = 1.0


@dataclass(frozen=True, slots=True)
class DayFlows:
    """What a day's water did: coefficients, depths [mm], and the figures that stress follows from.

    `missing_mm` is what evaporated by the coefficients although the soil did not have it; the balance leaves it out.
    """

    exposed: Values
    reduction: Values
    ke: Values
    evaporation_mm: Values
    surface_percolation_mm: Values
    depletion_share: Values
    readily_mm: Values
    stress: Values
    transpiration_mm: Values
    et_mm: Values
    unstressed_et_mm: Values
    percolation_mm: Values
    runoff_mm: Values
    from_below_mm: Values
    missing_mm: Values


def stress_coefficient(depleted_mm: Amount, available_mm: Amount, readily_mm: Amount) -> Values:
    """Return Ks, 0 to 1: 1 while less than RAW is gone from the root zone, 0 when TAW is; [1] eq 84."""
    return np.clip((available_mm - depleted_mm) / (available_mm - readily_mm), 0.0, 1.0)


def depletion_share(at_5_mm: float, et_mm: Amount) -> Values:
    """Return p for a day's evapotranspiration without stress [mm], 0.1 to 0.8; [1] table 22, note."""
    require("p", at_5_mm, *DEPLETION_SHARES)
    return np.clip(at_5_mm + 0.04 * (5.0 - et_mm), *DEPLETION_SHARES)


def advance(state: WaterState, day: DayInput, ground: SoilAndCrop) -> tuple[WaterState, DayFlows]:
    """Return the state at the end of a day, and what its water did; [1] eq 69 to 88."""
    tew, rew = np.asarray(ground.total_evaporable_mm), np.asarray(ground.readily_evaporable_mm)
    rain, irrigation = np.asarray(day.rain_mm, np.float64), np.asarray(day.irrigation_mm, np.float64)
    ran_off = np.zeros_like(rain)
    if ground.curve_number is not None:
        ran_off = runoff_mm(rain, ground.curve_number, state.surface_mm, tew, rew)
    entered = rain - ran_off
    wetted = wetted_share(state.wetted, rain, irrigation, np.asarray(day.irrigated))
    # Evaporation: eq 71, 74, 75 and 77 to 79.
    exposed = exposed_share(np.asarray(day.cover), wetted)
    reduction = evaporation_reduction(state.surface_mm, tew, rew)
    ke = evaporation_coefficient(reduction, exposed, np.asarray(day.kcb), np.asarray(day.kc_max))
    evaporation = ke * day.et0_mm
    on_wetted = entered + irrigation / wetted
    through = np.maximum(on_wetted - state.surface_mm, 0.0)
    surface = np.clip(state.surface_mm - on_wetted + evaporation / exposed + through, 0.0, tew)
    # Transpiration: eq 80 to 84.
    unstressed = (ke + day.kcb) * day.et0_mm
    available = np.asarray(day.available_mm, np.float64)
    share = ground.depletion_share
    p = np.full_like(unstressed, share) if ground.is_share_constant else depletion_share(share, unstressed)
    readily = p * available
    stress = stress_coefficient(state.root_mm, available, readily)
    transpiration = stress * day.kcb * day.et0_mm
    et = transpiration + evaporation
    # Balance: eq 85 to 88.
    change = et - entered - irrigation
    if ground.profile_mm is None:
        percolation = np.maximum(-change - state.root_mm, 0.0)
        wanted = state.root_mm + change + percolation
        root, below, profile = np.clip(wanted, 0.0, available), np.zeros_like(wanted), state.profile_mm
        missing = wanted - root
    else:
        percolation = np.maximum(-change - state.profile_mm, 0.0)
        below = _depletion_met(state, available, np.asarray(ground.profile_mm))
        root = np.clip(state.root_mm + change + below, 0.0, available)
        wanted = state.profile_mm + change + percolation
        profile = np.clip(wanted, 0.0, ground.profile_mm)
        missing = wanted - profile
    flows = DayFlows(
        exposed, reduction, ke, evaporation, through, p, readily, stress, transpiration, et, unstressed, percolation,
        ran_off, below, missing,
    )  # fmt: skip
    return WaterState(surface, root, profile, wetted, available), flows


def _depletion_met(state: WaterState, available_mm: Amount, profile_mm: Amount) -> Values:
    """Return the depletion of the soil that roots grew into since the day before [mm]; [2]."""
    before, after = profile_mm - state.available_mm, profile_mm - available_mm
    depleted = np.clip(state.profile_mm - state.root_mm, 0.0, np.maximum(before, 0.0))
    return np.where(before > 0.0, depleted * (1.0 - after / np.where(before > 0.0, before, 1.0)), 0.0)


@dataclass(frozen=True, slots=True)
class BalanceColumns:
    """Columns by day of a balance: the states at the end of each day, and the flows of it."""

    state: WaterState
    flows: DayFlows


@dataclass(frozen=True, slots=True)
class WaterColumns:
    """Water by day [mm]: reference evapotranspiration, rain, irrigation that reached the soil, the share it wetted."""

    et0_mm: Values
    rain_mm: Values
    irrigation_mm: Values
    irrigated: Values


def day_of(water: WaterColumns, course: CropCourse, available_mm: Values, at: int) -> DayInput:
    """Return one day of columns."""
    return DayInput(
        water.et0_mm[at],
        course.kcb[at],
        course.kc_max[at],
        course.cover[at],
        available_mm[at],
        water.rain_mm[at],
        water.irrigation_mm[at],
        water.irrigated[at],
    )


def run_balance(
    start: WaterState, water: WaterColumns, course: CropCourse, available_mm: Values, ground: SoilAndCrop
) -> BalanceColumns:
    """Return the balance of a season; `available_mm` is TAW by day, down to that day's roots."""
    states, flows, state = [], [], start
    for at in range(len(water.et0_mm)):
        state, of_day = advance(state, day_of(water, course, available_mm, at), ground)
        states.append(state)
        flows.append(of_day)
    return BalanceColumns(
        WaterState(*(np.array([getattr(each, name.name) for each in states]) for name in fields(WaterState))),
        DayFlows(*(np.array([getattr(each, name.name) for each in flows]) for name in fields(DayFlows))),
    )
