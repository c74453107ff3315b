"""Checks of a plant-protection treatment against the label of one product: dose, interval, uses, buffer, weather.

A check has a finding whether it holds, does not, or cannot be known: what the label or the telemetry does not say is
said to be unknown, never assumed to hold. Values are of one product, in its unit per hectare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

import numpy as np
import shapely

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.prescription.weather_window import CAUTION, STOP, HourVerdict
from headland.agronomy.series.answer import INSUFFICIENT_DATA
from headland.agronomy.series.arrays import Mask, Values

State = Literal["holds", "broken", "caution", "unknown"]
MEASURED: Final = "measured"
DECLARED: Final = "declared"
#: A cell's rate counts as above the highest dose beyond this share, which is a flow meter's error.
_DOSE_TOLERANCE: Final = 0.05
#: Share of the treated area above the highest dose that overlaps and turns explain.
_SHARE_ABOVE_MOST: Final = 0.05
#: Share of the treated area whose rate must be known for a verdict on all of it.
_LEAST_COVERAGE: Final = 0.5


@dataclass(frozen=True, slots=True)
class LabelUse:
    """The label of a product for a crop; None where it is silent. Doses are per hectare, intervals in whole days."""

    least_dose_ha: float | None = None
    most_dose_ha: float | None = None
    least_water_l_ha: float | None = None
    most_water_l_ha: float | None = None
    pre_harvest_interval_days: int | None = None
    reentry_h: float | None = None
    least_buffer_m: float | None = None
    most_uses_season: int | None = None


@dataclass(frozen=True, slots=True)
class ProtectionFinding:
    """The result of one check: `id` names it with its outcome, `values` are the figures of its sentence.

    `evidence` is what it rests on: measured or declared.
    """

    check: Annotated[
        str,
        "crop, dose, dose_by_cell, water, interval, uses, buffer, weather or reentry; harvest and "
        "harvest_entry where something was harvested within an interval.",
    ]
    state: State
    id: str
    evidence: Annotated[str, "measured, declared or simulated."]
    values: Annotated[Mapping[str, float | int | str], "Figures of the sentence, by name."] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True)
class MixRates:
    """The rate of a tank mix [its unit/ha] on each cell of `grid`, NaN where unknown; `is_treated` marks the cells.

    `product_share` is the product's amount in one unit of the mix; None: not declared.
    """

    grid: Grid
    rate_ha: Values
    is_treated: Mask
    product_share: float | None


def check_declared_dose(dose_ha: float, use: LabelUse) -> ProtectionFinding:
    """Return the declared dose of a product against the label."""
    values: dict[str, float | int | str] = {"dose": dose_ha}
    least, most = use.least_dose_ha, use.most_dose_ha
    if most is None:
        return ProtectionFinding("dose", "unknown", "dose_not_on_label", DECLARED, values)
    values["most"] = most
    if dose_ha > most:
        return ProtectionFinding("dose", "broken", "dose_above", DECLARED, values)
    if least is not None and dose_ha < least:
        return ProtectionFinding("dose", "caution", "dose_below", DECLARED, {**values, "least": least})
    return ProtectionFinding("dose", "holds", "dose_within", DECLARED, values)


def check_measured_dose(rates: MixRates, use: LabelUse) -> ProtectionFinding:
    """Return the dose on each treated cell against the highest: the share of the known area above it, the coverage.

    Cells at most 5 % above the highest dose are within a flow meter's error.
    """
    if use.most_dose_ha is None:
        return ProtectionFinding("dose_by_cell", "unknown", "dose_not_on_label", MEASURED)
    if rates.product_share is None:
        return ProtectionFinding("dose_by_cell", "unknown", "cells_no_mix", MEASURED)
    treated = rates.is_treated
    count = int(treated.sum())
    dose = rates.rate_ha[treated] * rates.product_share
    known = dose[np.isfinite(dose)]
    coverage = len(known) / count if count else 0.0
    if not len(known):
        return ProtectionFinding(
            "dose_by_cell", "unknown", "cells_not_known", MEASURED, {"coverage_pct": 100.0 * coverage}
        )
    above = float((known > use.most_dose_ha * (1.0 + _DOSE_TOLERANCE)).mean())
    values: dict[str, float | int | str] = {
        "above_pct": 100.0 * above,
        "coverage_pct": 100.0 * coverage,
        "mean": float(known.mean()),
        "highest": float(known.max()),
        "most": use.most_dose_ha,
    }
    if above > _SHARE_ABOVE_MOST:
        return ProtectionFinding("dose_by_cell", "broken", "cells_above", MEASURED, values)
    if coverage < _LEAST_COVERAGE:
        return ProtectionFinding("dose_by_cell", "unknown", "cells_little_known", MEASURED, values)
    if above > 0.0:
        return ProtectionFinding("dose_by_cell", "caution", "cells_few_above", MEASURED, values)
    return ProtectionFinding("dose_by_cell", "holds", "cells_within", MEASURED, values)


def check_water(water_l_ha: float | None, use: LabelUse) -> ProtectionFinding:
    """Return the declared water volume against the label."""
    least, most = use.least_water_l_ha, use.most_water_l_ha
    if least is None and most is None:
        return ProtectionFinding("water", "unknown", "water_not_on_label", DECLARED)
    if water_l_ha is None:
        return ProtectionFinding("water", "unknown", "water_not_declared", DECLARED)
    if least is not None and water_l_ha < least:
        return ProtectionFinding("water", "broken", "water_below", DECLARED, {"water": water_l_ha, "least": least})
    if most is not None and water_l_ha > most:
        return ProtectionFinding("water", "broken", "water_above", DECLARED, {"water": water_l_ha, "most": most})
    return ProtectionFinding("water", "holds", "water_within", DECLARED, {"water": water_l_ha})


def interval_end(treated_day: int, use: LabelUse) -> int | None:
    """Return the first local day on which the crop may be harvested: the day of treatment and the interval.

    Days are numbers of the calendar, such as proleptic ordinals.
    """
    return None if use.pre_harvest_interval_days is None else treated_day + use.pre_harvest_interval_days


def check_interval(treated_day: int, today: int, use: LabelUse) -> ProtectionFinding:
    """Return a day against the end of the pre-harvest interval; days are numbers as in `interval_end`."""
    end = interval_end(treated_day, use)
    if end is None:
        return ProtectionFinding("interval", "unknown", "interval_not_on_label", DECLARED)
    values: dict[str, float | int | str] = {"days": end - treated_day, "end_day": end}
    if today < end:
        return ProtectionFinding("interval", "caution", "interval_runs", DECLARED, values)
    return ProtectionFinding("interval", "holds", "interval_over", DECLARED, values)


def check_uses(uses: int, use: LabelUse) -> ProtectionFinding:
    """Return the number of uses of a product in a season, this one included, against the label."""
    if use.most_uses_season is None:
        return ProtectionFinding("uses", "unknown", "uses_not_on_label", DECLARED, {"uses": uses})
    values: dict[str, float | int | str] = {"uses": uses, "most": use.most_uses_season}
    if uses > use.most_uses_season:
        return ProtectionFinding("uses", "broken", "uses_above", DECLARED, values)
    return ProtectionFinding("uses", "holds", "uses_within", DECLARED, values)


def check_buffer(
    grid: Grid, is_treated: Mask, protected: Mapping[str, shapely.Geometry], strips: shapely.Geometry, use: LabelUse
) -> ProtectionFinding:
    """Return the distance of the treated cells from declared water and houses against the least buffer.

    `protected` are outlines by name and `strips` the buffer strips of the field, in metres of the grid's plane. A cell
    counts by its nearest edge.
    """
    if use.least_buffer_m is None and strips.is_empty:
        return ProtectionFinding("buffer", "unknown", "buffer_not_on_label", MEASURED)
    if not protected and strips.is_empty:
        return ProtectionFinding(
            "buffer", "unknown", "buffer_nothing_declared", MEASURED, {"least": use.least_buffer_m or 0.0}
        )
    row, column = np.nonzero(is_treated)
    if not len(row):
        return ProtectionFinding("buffer", "unknown", "buffer_nothing_treated", MEASURED)
    west, south = grid.west_m + column * grid.cell_m, grid.south_m + row * grid.cell_m
    cells = shapely.box(west, south, west + grid.cell_m, south + grid.cell_m)
    cell_m2 = grid.cell_m**2
    in_strip_m2 = float(shapely.area(shapely.intersection(cells, strips)).sum()) if not strips.is_empty else 0.0
    if in_strip_m2 > cell_m2:
        return ProtectionFinding("buffer", "broken", "buffer_strip_treated", MEASURED, {"area": in_strip_m2})
    least_m = use.least_buffer_m
    if least_m is None or not protected:
        return ProtectionFinding("buffer", "holds", "buffer_strips_kept", MEASURED)
    measured = [(name, shapely.distance(cells, outline)) for name, outline in protected.items()]
    name, distance = min(measured, key=lambda each: float(each[1].min()))
    near_m2 = float((distance < least_m).sum()) * cell_m2
    values: dict[str, float | int | str] = {"distance": float(distance.min()), "name": name, "least": least_m}
    if near_m2 > cell_m2:
        return ProtectionFinding("buffer", "broken", "buffer_too_near", MEASURED, {**values, "area": near_m2})
    return ProtectionFinding("buffer", "holds", "buffer_kept", MEASURED, values)


def check_weather(hours: Sequence[HourVerdict]) -> ProtectionFinding:
    """Return the hours of a treatment judged by wind and Delta-T; an hour without them is unknown."""
    winds = [verdict.hour.wind_m_s for verdict in hours if verdict.hour.wind_m_s is not None]
    deltas = [verdict.delta_t_k for verdict in hours if verdict.delta_t_k is not None]
    values: dict[str, float | int | str] = {}
    if winds:
        values["wind"] = max(winds)
    if deltas:
        values["delta_t"] = max(deltas)
    stopped = [verdict for verdict in hours if verdict.state == STOP]
    if stopped:
        return ProtectionFinding("weather", "broken", f"weather_{stopped[0].reasons[0]}", MEASURED, values)
    if not hours or any(verdict.state == INSUFFICIENT_DATA for verdict in hours):
        missing = "weather_no_wind" if not winds else "weather_no_delta_t"
        return ProtectionFinding("weather", "unknown", missing, MEASURED, values)
    cautious = [
        reason
        for verdict in hours
        if verdict.state == CAUTION
        for reason in verdict.reasons
        if reason != "rain_not_measured"
    ]
    if cautious:
        return ProtectionFinding("weather", "caution", f"weather_{cautious[0]}", MEASURED, values)
    return ProtectionFinding("weather", "holds", "weather_suits", MEASURED, values)


def check_reentry(hours_since: float, use: LabelUse) -> ProtectionFinding:
    """Return the time since the end of a treatment against the re-entry interval [h]."""
    if use.reentry_h is None:
        return ProtectionFinding("reentry", "unknown", "reentry_not_on_label", DECLARED)
    values: dict[str, float | int | str] = {"hours": use.reentry_h}
    if hours_since < use.reentry_h:
        return ProtectionFinding(
            "reentry", "caution", "reentry_runs", DECLARED, {**values, "left": use.reentry_h - hours_since}
        )
    return ProtectionFinding("reentry", "holds", "reentry_over", DECLARED, values)
