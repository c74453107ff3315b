"""How near the dew a house came, period by period: hours wet, hours of warning, and the margin itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.climate.condensation import Surface, WetEvent, find_wet_events, margin_k
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Mask, Values
from headland.agronomy.series.indicator import Index, mean_index, told_index
from headland.agronomy.series.time_grid import STEP_MS, Periods, count_true, hours_of

_AIR: Final = ("air_temperature_degc", "relative_humidity_pct")
_RULE: Final = "surface less dew point (FAO-56 eq 11 inverted), the most critical surface wins"


@dataclass(frozen=True, slots=True)
class Margin:
    """The margin of the most critical surface by step [K], which one that is, and the surfaces themselves.

    `assumed` is what estimates rest on beside the air: channels, and figures that somebody declared or nobody did.
    """

    surfaces: list[Surface]
    dew_degc: Values
    margin_k: Values
    coldest: NDArray[np.int64]
    assumed: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The surfaces' names."""
        return [surface.name for surface in self.surfaces]


def weigh_surfaces(surfaces: list[Surface], dew_degc: Values, assumed: tuple[str, ...] = ()) -> Margin:
    """Return the margin of the most critical of the surfaces by step."""
    return Margin(surfaces, dew_degc, *margin_k(surfaces, dew_degc), assumed)


def is_wet(margin: Values, below_k: float = 0.0) -> Mask:
    """Tell at which steps a margin is at most `below_k`, for two steps on end or more; an unknown one is not wet."""
    low = np.isfinite(margin) & (margin <= below_k)
    after, before = np.append(low[1:], False), np.insert(low[:-1], 0, False)
    return np.asarray(low & (after | before))


def condensation_indices(periods: Periods, found: Margin) -> list[Index]:
    """Return the mean and lowest margin, the hours wet and of warning, and the hours that each surface was wet."""
    told = {s.name: f"{s.name} {'estimated: ' + s.estimated if s.estimated else 'measured'}" for s in found.surfaces}
    inputs = (*_AIR, *(f"{s.name}_temperature_degc" for s in found.surfaces if not s.estimated))
    margin = Method(
        "condensation_margin", 1, f"{_RULE}: {'; '.join(told.values()) or 'no surface'}; coverage from 50 % on"
    )
    known = count_true(periods, np.isfinite(found.margin_k))
    coverage = known / periods.lengths
    warn = np.array([surface.warn_k for surface in found.surfaces] or [0.0])[np.maximum(found.coldest, 0)]
    indices = [mean_index("condensation_margin_k", "K", margin, inputs, periods, found.margin_k)]
    for name, method, flags in (
        ("condensation_h", "condensation_hours", is_wet(found.margin_k)),
        ("condensation_warning_h", "condensation_warning_hours", is_wet(found.margin_k - warn)),
    ):
        bar = "margin <= 0 K" if name == "condensation_h" else "margin <= 1 K, of an estimated surface 2 K"
        rule = Method(method, 1, f"hours of two steps on end or more with a {bar}; {_RULE}; coverage from 90 % on")
        indices.append(told_index(name, "h", rule, inputs, hours_of(count_true(periods, flags)), coverage, known))
    for surface in found.surfaces:
        alone = surface.temperature_degc - found.dew_degc
        seen = count_true(periods, np.isfinite(alone))
        rule = Method("condensation_hours", 1, f"as condensation_h, of one surface: {told[surface.name]}")
        indices.append(
            told_index(
                f"{surface.name}_condensation_h", "h", rule, inputs,
                hours_of(count_true(periods, is_wet(alone))), seen / periods.lengths, seen,
            )
        )  # fmt: skip
    return [replace(index, assumed=found.assumed) for index in indices]


def wet_events(periods: Periods, found: Margin) -> list[WetEvent]:
    """Return the stretches in which a surface was wet, in time order."""
    if not found.surfaces:
        return []
    return find_wet_events(periods.time_ms, found.margin_k, found.coldest, found.names, max_gap_s=STEP_MS / 1000.0)
