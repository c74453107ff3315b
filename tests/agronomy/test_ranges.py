"""Every range that a docstring of the science states is enforced: outside of it there is no number.

A range is written behind its argument, `name` [unit, low..high], with ( or ) for an end that does not belong to it, or
`name` [unit, > 0]. The test reads it from there, so that a function cannot state one that it does not keep.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import shapely

import headland.agronomy
from docs.generator.methods import modules
from headland.agronomy.application.as_applied import Machine
from headland.agronomy.application.deposit import OutletTrack
from headland.agronomy.application.drift import WindDrift
from headland.agronomy.application.metering import HopperWeights
from headland.agronomy.application.pass_detection import VehicleTelemetry
from headland.agronomy.application.released import Released
from headland.agronomy.application.spread_pattern import rectangle
from headland.agronomy.application.swaths import Track
from headland.agronomy.application.treated import MEASURED_FLOW, FlowSamples, PumpStates
from headland.agronomy.climate.forecast import ForecastInputs
from headland.agronomy.climate.irrigation import ec_of_solution_ms_cm
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import FieldOutline
from headland.agronomy.prescription.nitrogen_rules import YIELD_CURVES

RANGE = re.compile(
    r"`(\w+)`(?:\s+and\s+`(\w+)`)?\s+([\[(])(?:[^\],()\[\]]+,\s*)?(?:(>) ?(-?[\d.]+)|(-?[\d.]*?)\.\.(-?[\d.]*?))([\])])"
)
#: Ranges of results, which are no arguments: by function.
RESULTS = {"chance_below", "wallin_severity", "powdery_mildew_index"}
TWO = np.array([0, 1000], np.int64)
TRACK = Track(TWO, np.array([0.0, 1e-4]), np.array([10.0, 10.0]))
NO_WIND = WindDrift(np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0))
BOX = shapely.box(-20.0, -20.0, 20.0, 20.0)
EMPTY = shapely.Polygon()
OUTLET = OutletTrack(TWO, np.zeros(2), np.array([0.0, 5.0]), np.array([0.0, 1.0]))
NONE = np.empty(0)
VEHICLE = VehicleTelemetry(
    TRACK, PumpStates(TWO, np.ones(2, np.bool_)), FlowSamples(TWO[:0], NONE, 0.1, "flow_l_min"),
    HopperWeights(TWO[:0], NONE), (),
)  # fmt: skip
HOURS = 24 * 20
WAVE = 20.0 + np.sin(np.arange(HOURS) * 2 * np.pi / 24)
#: A valid value of each argument by its name.
USUAL: dict[str, Any] = {
    "diameter_um": 300.0, "height_m": 2.0, "latency_s": 0.3, "cell_m": 2.0, "swath_m": 5.0, "half_m": 2.5,
    "disc_load_n_m2": 150.0, "sigma_m": 2.0,
    "latitude_deg": 32.0, "day_of_year": 100, "middle_h": 12.0, "longitude_west_deg": 240.8,
    "zone_west_deg": 240.0,
    "wind_m_s": 2.0, "canopy_degc": 24.0, "air_degc": 24.0, "relative_humidity_pct": 70.0, "radiation_w_m2": 200.0,
    "humidity_pct": 70.0, "dew_degc": 15.0, "co2_ppm": 600.0, "leaf_area_index": 3.0,
    "opening": 0.5, "inside_degc": 24.0, "outside_degc": 15.0,
    "vent_share": 0.2, "vent_height_m": 0.7, "radiation_j_cm2": 900.0, "drain_share": 0.3, "dose_l_m2": 0.3,
    "ec_ms_cm": 2.5, "temperature_degc": 20.0, "altitude_m": 100.0, "band": 0.5, "value": WAVE, "setpoint": WAVE + 0.1,
    "weight_s": np.ones(HOURS), "transmission": 0.6, "ahead_h": 2, "target": WAVE, "covariates": [],
    "inputs": ForecastInputs(np.zeros(HOURS + 24), np.asarray(np.arange(HOURS + 24) % 24.0, np.float64)),
    "crop_n_kg_ha": 150.0,
    "soil_n_kg_ha": 60.0, "efficiency": 0.6, "target_kg_ha": 6750.0, "unfertilised_kg_ha": 3750.0,
    "uptake_kg_100kg": 3.0, "recovery": 0.35, "fixed_share": 0.2, "mean_yield_t_ha": 8.0, "nmin_kg_ha": 50.0,
    "humus_kg_ha": 20.0, "organic_last_year_kg_ha": 10.0, "precrop_kg_ha": 10.0, "ndvi": 0.5, "reference_ndvi": 0.7,
    "growing_days": 95.0, "curve": YIELD_CURVES["oklahoma-2004"], "index": 0.6, "reference_index": 0.8,
    "optimum_kg_ha": 150.0, "credits_kg_ha": 10.0, "outlet": OUTLET, "pattern": rectangle(2.5),
    "grid": Grid(-10.0, -10.0, 1.0, 30, 30), "passes": [np.array([[0.0, 0.0], [0.0, 50.0]])], "track": TRACK,
    "step_m": 0.5, "totals": [OUTLET.mass_total_kg],
    "released": Released({MEASURED_FLOW: np.array([0.0, 1.0])}, 0.0, np.empty((0, 2))),
    "stretches": np.array([[0.0, 1000.0]]), "outline": FieldOutline(BOX, EMPTY, EMPTY), "plane": Plane(0.0, 10.0),
    "machine": Machine(rectangle(2.5), 5.0), "air": NO_WIND, "vehicle": VEHICLE, "field": BOX,
}  # fmt: skip


@dataclass(frozen=True)
class StatedRange:
    """A range of an argument as its docstring states it."""

    function: Callable[..., Any]
    argument: str
    low: float
    high: float
    has_low: bool
    has_high: bool

    @property
    def outside(self) -> list[float]:
        """Values beyond each end, and an end that does not belong to it."""
        whole = isinstance(USUAL[self.argument], int)
        step = 1.0 if whole else 1e-6 * max(abs(self.low), abs(self.high) if np.isfinite(self.high) else 0.0, 1.0)
        beyond = [self.low if not self.has_low else self.low - step, self.low - 1000.0]
        if np.isfinite(self.high):
            beyond += [self.high if not self.has_high else self.high + step, self.high + 1000.0]
        return [value for value in beyond if np.isfinite(value)]


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for module in modules(headland.agronomy):
        for name, function in vars(module).items():
            if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_"):
                yield name, function


def stated() -> Iterator[StatedRange]:
    for _, function in functions():
        for found in RANGE.finditer(function.__doc__ or ""):
            first, second, opens, above, bound, low, high, closes = found.groups()
            for argument in (first, second) if second else (first,):
                if above:
                    yield StatedRange(function, argument, float(bound), np.inf, False, True)
                    continue
                limits = float(low) if low else -np.inf, float(high) if high else np.inf
                yield StatedRange(function, argument, *limits, opens == "[", closes == "]")


def ask(function: Callable[..., Any], **changed: Any) -> Any:
    parameters = inspect.signature(function).parameters
    needed = {
        name: USUAL[name]
        for name, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty or name in changed
    }
    return function(**{**needed, **changed})


def is_number(answer: Any) -> bool:
    return answer is not None and not (isinstance(answer, np.ndarray | float) and bool(np.isnan(answer).all()))


STATED = list(stated())


@pytest.mark.parametrize("case", STATED, ids=lambda case: f"{case.function.__name__}-{case.argument}")
def test_outside_of_a_stated_range_there_is_no_number(case: StatedRange) -> None:
    assert case.argument in inspect.signature(case.function).parameters
    assert is_number(ask(case.function))
    for value in case.outside:
        try:
            answer = ask(case.function, **{case.argument: type(USUAL[case.argument])(value)})
        except ValueError:
            continue
        assert not is_number(answer), value


def test_every_range_in_the_docstrings_is_one_that_this_test_reads() -> None:
    for name, function in functions():
        text = function.__doc__ or ""
        rest = RANGE.sub("", text)
        if name not in RESULTS:
            assert not re.search(r"-?\d\.\.|\.\.-?\d", rest), (name, rest)
    found = {(case.function.__name__, case.argument) for case in STATED}
    assert len(found) > 40
    assert {
        ("ec_at_25_ms_cm", "temperature_degc"), ("extraterrestrial_daily_mj_m2", "latitude_deg"),
        ("transpiration_g_m2_h", "leaf_area_index"), ("saturation_vapour_pressure_kpa", "temperature_degc"),
    } <= found  # fmt: skip


def test_a_solution_beyond_the_range_of_its_formula_is_refused() -> None:
    for solution in ({"Ca": 30.0, "NO3": 60.0}, {"K": 1.0, "NO3": 1.0}):
        with pytest.raises(ValueError, match="1 to 5"):
            ec_of_solution_ms_cm(solution)
