"""Yield map of a field: samples of its combines, cleaned and kriged to cells, with total and mean."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field, replace
from hashlib import blake2b
from typing import Annotated, Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from headland.agronomy.application.treated import COVERAGE_BAR, DECLARED, MEASURED_FLOW
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import FieldOutline
from headland.agronomy.harvest.block_kriging import BLOCK_KRIGING, fit_yield_variogram, krige_blocks, reach_of
from headland.agronomy.harvest.flow_lag import FLOW_LAG, fit_flow_lag
from headland.agronomy.harvest.harvest_points import HarvestPoints, cut_places
from headland.agronomy.harvest.yield_filters import CLEANING, CleanedPoints, YieldFilters, clean_points
from headland.agronomy.prescription.interpolation import Variogram
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Answer, Method
from headland.agronomy.series.arrays import Mask, Values
from headland.agronomy.series.qartod import MISSING
from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.analysis.inputs.field_geometry import outline_of, plane_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.cell_map import MOST_CELLS
from headland.analysis.yields.harvest_passes import CHANNELS, HarvestPass, list_harvest_passes
from headland.analysis.yields.weighing import (
    FAR_OFF,
    NOT_ASKED,
    NOTHING_MEASURED,
    SIMULATED_WEIGHT,
    Weighing,
    weigh_harvest,
)
from headland.registry.models.models import Field, Season
from headland.registry.models.plant_protection import EvidenceClass
from headland.runtime.cancellation import check_cancelled

TOTAL: Final = Method(
    "yield_total",
    2,
    "grain at the flow sensor while its ground was within the field, flow times time between samples; with a weight "
    "that was given, or that the field's harvest records have by a scale, that weight; coverage is the share of it "
    "whose moisture is known where a moisture was asked for, else of the cut ground whose cells have a yield",
)
MEAN: Final = Method(
    "yield_mean",
    2,
    "mean of the cells' yields, each by the ground of it that was cut; with a weight on a scale the cells are "
    "multiplied so that their grain on the ground that was cut is that weight",
)
METHODS: Final = (FLOW_LAG, CLEANING, BLOCK_KRIGING, TOTAL, MEAN)
#: Fields up to this have cells of 5 m, else of 10 m [m2].
_SMALL_M2: Final = 20_000.0
_SIDES_M: Final = (10.0, 20.0, 50.0)
_DEFAULT_CELLS: Final = 10_000
#: Share of a cell that must be cut for it to have a yield.
_LEAST_CUT: Final = 0.1
_CUT_SQUARE_M2: Final = 0.25
_LEAST_KEPT: Final = 30
#: Cells between two looks whether the request was cancelled.
_AT_ONCE: Final = 2048
#: A weight further from the sensor's than these factors is of something else.
_FACTORS: Final = (0.5, 2.0)


#: Inputs and evidence of a total by the source of its weight.
_BY_SCALE: Final[dict[str | None, tuple[tuple[str, ...], str]]] = {
    "given": (("weighed_kg",), DECLARED),
    "harvests": (("harvests",), "measured"),
}


@dataclass(frozen=True, slots=True)
class YieldRequest:
    """What a request sets: cells, the moisture to bring grain to, the field's weight on a scale, lag and filters.

    Without a weight, `scale` is what the map is scaled to: the weight of harvest records, or the sensors alone.
    """

    cell_m: float | None = None
    standard_moisture_pct: float | None = None
    weighed_kg: float | None = None
    lag_s: float | None = None
    filters: YieldFilters = field(default_factory=YieldFilters)
    scale: Literal["harvests", "sensor"] = "harvests"


@dataclass(frozen=True, slots=True)
class AppliedLag:
    """The time from the header to the flow sensor, and what it rests on."""

    applied_s: Annotated[float, "Lag that was applied, in seconds."]
    basis: Annotated[str, "fitted, given, or none: then no lag was applied."]
    fitted_s: Annotated[float | None, "Null where the strips do not show it; see reason."]
    error_s: Annotated[float | None, "Standard error of the fit."]
    strips: Annotated[int, "Strips with a strip in the other direction beside them."]
    pairs: Annotated[int, "Pairs of samples side by side on such strips."]
    reason: Annotated[
        str | None,
        "too_few_opposite_strips, lag_not_shown, lag_uncertain or lag_at_the_end_of_the_range.",
    ]


@dataclass(frozen=True, slots=True)
class MachineYield:
    """The samples of one combine, and the lag that was applied.

    `sensor_kg` is the wet grain at its sensor whose ground is within the field.
    """

    device: str
    passes: Annotated[tuple[str, ...], "Ids of its passes."]
    simulated: bool
    width_basis: Annotated[str, "measured, or declared (by the implement)."]
    lag: Annotated[AppliedLag, "Time from the header to the flow sensor."]
    points: HarvestPoints
    cleaned: CleanedPoints
    sensor_kg: float

    @property
    def sensor_t(self) -> float:
        """Wet grain at its sensor whose ground is within the field [t]."""
        return self.sensor_kg / 1000.0

    @property
    def samples(self) -> int:
        """Number of samples."""
        return len(self.points.time_ms)

    @property
    def kept(self) -> int:
        """Number of samples that passed all filters."""
        return int(np.count_nonzero(self.cleaned.kept))

    @property
    def removed(self) -> dict[str, int]:
        """Removed samples by the first reason that applied."""
        return self.cleaned.counts

    @property
    def limits_t_ha(self) -> list[float | None]:
        """The limits of yield that applied; null is open."""
        return [limit if np.isfinite(limit) else None for limit in self.cleaned.limits_t_ha]


@dataclass(frozen=True, slots=True)
class YieldMap:
    """Yield of a field on cells, rows from the south, NaN where unknown, with its standard error [t/ha].

    `cut_m2` is the ground of each cell that was cut. `factor` is what the cells were multiplied by to have the weight
    on the scale, 1 without one that is used; `weighing` says which weight there is. `variogram` is None with too few
    samples for a map; `reason` names that.
    """

    field: Field
    window: Window
    request: YieldRequest
    plane: Plane
    outline: FieldOutline
    grid: Grid
    yield_t_ha: Values
    error_t_ha: Values
    cut_m2: Values
    machines: tuple[MachineYield, ...]
    variogram: Annotated[Variogram | None, "Model of the kriging; null where there is no map."]
    factor: float
    weighing: Weighing
    total: Answer
    mean: Answer
    reason: Annotated[str | None, "Why there is no map: insufficient_data; else null."]

    @property
    def simulated(self) -> bool:
        """Whether a simulator made any of the samples."""
        return any(each.simulated for each in self.machines)

    @property
    def known(self) -> Mask:
        """Which cells have a yield."""
        return np.isfinite(self.yield_t_ha)

    @property
    def coverage(self) -> float:
        """The share of the ground that was cut whose cells have a yield."""
        cut_m2 = float(self.cut_m2.sum())
        return float(self.cut_m2[self.known].sum()) / cut_m2 if cut_m2 > 0.0 else 0.0

    @property
    def map_t(self) -> float:
        """Grain on the cells: yield times cut ground [t]."""
        return float(np.nansum(self.yield_t_ha * self.cut_m2) / 10_000.0)

    @property
    def removed(self) -> dict[str, int]:
        """Number of removed samples by reason, of all combines."""
        counts: dict[str, int] = {}
        for each in self.machines:
            for name, count in each.cleaned.counts.items():
                counts[name] = counts.get(name, 0) + count
        return counts

    @property
    def basis(self) -> str:
        """as_harvested (wet), or standard_moisture."""
        return "as_harvested" if self.request.standard_moisture_pct is None else "standard_moisture"


def map_yield(
    scope: OrgScope, of: Field, window: Window, request: YieldRequest, season: Season | None = None
) -> YieldMap:
    """Return the yield of a field by the passes of combines that begin in a window, which is that of the season if any.

    Raises PreconditionError without such passes and without a width, AnalysisError for too many cells and for a weight
    that is far from that at the sensors.
    """
    passes = list_harvest_passes(scope, of, window)
    if not passes:
        sentence = "No combine reported a flow of grain over this field: import its files, or ask for another time."
        raise PreconditionError("no-harvest-telemetry", "No harvest in the telemetry", sentence)
    if any(each.width is None for each in passes):
        sentence = "A combine reported no working width: declare an implement with its swath, mounted on it."
        raise PreconditionError("no-width", "Width of the header unknown", sentence)
    digest = blake2b(digest_size=16)
    for each in passes:
        digest.update(repr((each.id, each.simulated, each.width)).encode())
        for column in _columns(each.points):
            digest.update(column.tobytes())
    weighing = _weighing_of(scope, of, window, request, season, is_simulated=all(each.simulated for each in passes))
    key = ("yield", scope.organisation, of.id, of.version, of.changed_ms, window, request, weighing, digest.digest())
    return scope.cache.get(key, lambda: _map(of, window, request, passes, weighing))


def default_side_m(of: Field) -> float:
    """Return the side of a cell where none is asked for: 5 m up to two hectares, 10 m, or more where they are many."""
    if of.area_m2 <= _SMALL_M2:
        return 5.0
    return next((side for side in _SIDES_M if of.area_m2 / side**2 <= _DEFAULT_CELLS), _SIDES_M[-1])


def _weighing_of(
    scope: OrgScope, of: Field, window: Window, request: YieldRequest, season: Season | None, *, is_simulated: bool
) -> Weighing:
    if request.weighed_kg is not None:
        return Weighing(request.weighed_kg, "given")
    weighing = weigh_harvest(scope, of, window, season)
    if not weighing.used:
        return weighing
    if request.scale == "sensor":
        return replace(weighing, reason=NOT_ASKED)
    if not is_simulated and any(each.evidence is EvidenceClass.SIMULATED for each in weighing.harvests):
        return replace(weighing, reason=SIMULATED_WEIGHT)
    return weighing


def _checked(weighing: Weighing, sensor_kg: float) -> Weighing:
    """Return a weight, with the reason where it cannot be that of this field.

    Raises AnalysisError where the request itself gave such a weight.
    """
    if weighing.kg is None or not weighing.used:
        return weighing
    factor = weighing.kg / sensor_kg if sensor_kg > 0.0 else np.inf
    if _FACTORS[0] <= factor <= _FACTORS[1]:
        return weighing
    if weighing.source == "given":
        sentence = f"The sensors passed {sensor_kg:,.0f} kg over this field: give the weight of this field alone."
        raise AnalysisError("weight-far-off", "Weight far from the measured one", sentence)
    return replace(weighing, reason=FAR_OFF if sensor_kg > 0.0 else NOTHING_MEASURED)


def _factor_of(made: YieldMap, grain: _Grain) -> float:
    """Return what the cells are multiplied by, so that their grain over the cut ground is the weight on the scale.

    Too few known cells have no sum of the field; there it is the weight over that at the sensors.
    """
    kg = made.weighing.kg
    if kg is None or not made.weighing.used:
        return 1.0
    if made.coverage < COVERAGE_BAR or made.map_t <= 0.0 or grain.share is None:
        return kg / grain.wet_kg
    return kg * grain.share / (made.map_t * 1000.0 / made.coverage)


def _map(of: Field, window: Window, request: YieldRequest, passes: list[HarvestPass], weighing: Weighing) -> YieldMap:
    plane = plane_of(of)
    outline = outline_of(of, plane)
    grid = _grid_of(outline, request.cell_m or default_side_m(of))
    machines = _machines(passes, outline, request)
    weighing = _checked(weighing, sum(each.sensor_kg for each in machines))
    cut_m2 = _cut_m2(machines, grid, outline)
    yields, error, variogram, reason = _krige(machines, grid, cut_m2)
    made = YieldMap(
        of, window, request, plane, outline, grid, yields, error, cut_m2, machines, variogram, 1.0, weighing, _NOTHING,
        _NOTHING, reason,
    )  # fmt: skip
    grain = _grain_of(machines, outline, request.standard_moisture_pct)
    factor = _factor_of(made, grain)
    made = replace(made, yield_t_ha=yields * factor, error_t_ha=error * factor, factor=factor)
    quality = max(each.quality for each in passes)
    return replace(made, total=_total_of(made, grain, quality), mean=_mean_of(made, quality))


_NOTHING: Final = Answer(None, "t", (0, 0), 0, 0.0, MISSING, TOTAL, ())


def _machines(passes: list[HarvestPass], outline: FieldOutline, request: YieldRequest) -> tuple[MachineYield, ...]:
    made = []
    for device in sorted({each.device for each in passes}):
        own = [each for each in passes if each.device == device]
        points = _joined([each.points for each in own])
        fit = fit_flow_lag(points)
        lag_s, basis = fit.lag_s or 0.0, "none" if fit.lag_s is None else "fitted"
        if request.lag_s is not None:
            lag_s, basis = request.lag_s, "given"
        cleaned = clean_points(
            points, lag_s, request.filters, field=outline.whole, standard_moisture_pct=request.standard_moisture_pct
        )
        made.append(
            MachineYield(
                device,
                tuple(each.id for each in own),
                any(each.simulated for each in own),
                "declared" if any(each.width == "declared" for each in own) else "measured",
                AppliedLag(lag_s, basis, *astuple(fit)),
                points,
                cleaned,
                float(np.nansum(_grain_kg(points, lag_s, outline))),
            )
        )
    return tuple(made)


def _columns(points: HarvestPoints) -> list[NDArray[np.generic]]:
    return [
        points.time_ms, points.east_m, points.north_m, points.width_m, points.speed_m_s, points.flow_kg_s,
        points.moisture_pct,
    ]  # fmt: skip


def _joined(parts: list[HarvestPoints]) -> HarvestPoints:
    """Return samples of several passes of one combine, each instant once."""
    _, first = np.unique(np.concatenate([part.time_ms for part in parts]), return_index=True)

    def join(columns: list[Values]) -> Values:
        return np.concatenate(columns)[first]

    return HarvestPoints(
        np.concatenate([part.time_ms for part in parts])[first],
        join([part.east_m for part in parts]),
        join([part.north_m for part in parts]),
        join([part.width_m for part in parts]),
        join([part.speed_m_s for part in parts]),
        join([part.flow_kg_s for part in parts]),
        join([part.moisture_pct for part in parts]),
    )


def _grain_kg(points: HarvestPoints, lag_s: float, outline: FieldOutline) -> Values:
    """Return the wet grain of each sample at the sensor [kg], 0 where its ground is outside of the field."""
    at_ms = points.time_ms - lag_s * 1000.0
    east, north = (np.interp(at_ms, points.time_ms, column) for column in (points.east_m, points.north_m))
    inside = shapely.contains_xy(outline.whole, east, north)
    return np.where(inside, points.flow_kg_s * points.step_s, 0.0)


@dataclass(frozen=True, slots=True)
class _Grain:
    """The wet grain at the sensors [kg], the share of it with a known moisture, and its mass at the asked moisture.

    `share` is that mass over the wet one: 1 where no moisture was asked for, None where too little is known.
    """

    wet_kg: float
    known_share: float
    share: float | None


def _grain_of(machines: tuple[MachineYield, ...], outline: FieldOutline, moisture_pct: float | None) -> _Grain:
    wet, known, standard = 0.0, 0.0, 0.0
    for each in machines:
        grain = np.nan_to_num(_grain_kg(each.points, each.lag.applied_s, outline))
        wet += float(grain.sum())
        if moisture_pct is not None:
            share = (100.0 - each.points.moisture_pct) / (100.0 - moisture_pct)
            is_known = np.isfinite(share)
            known += float(grain[is_known].sum())
            standard += float((grain * share)[is_known].sum())
    if moisture_pct is None:
        return _Grain(wet, 1.0, 1.0)
    known_share = known / wet if wet > 0.0 else 0.0
    return _Grain(wet, known_share, standard / known if known_share >= COVERAGE_BAR else None)


def _grid_of(outline: FieldOutline, cell_m: float) -> Grid:
    """Return the grid of a field, the same for every season, on the lines of its as-applied maps."""
    west, south, east, north = outline.whole.bounds
    low_e, low_n = (float(np.floor(edge / cell_m)) * cell_m for edge in (west, south))
    columns, rows = (max(int(np.ceil((high - low) / cell_m)), 1) for high, low in ((east, low_e), (north, low_n)))
    if rows * columns > MOST_CELLS * 4:
        sentence = f"The map would have more than {MOST_CELLS * 4:,} cells: ask for a larger cell_m."
        raise AnalysisError("too-many-cells", "Too many cells", sentence)
    return Grid(low_e, low_n, cell_m, rows, columns)


def _cut_m2(machines: tuple[MachineYield, ...], grid: Grid, outline: FieldOutline) -> Values:
    """Return the ground of each cell within the field that was cut [m2]."""
    places = [np.column_stack(cut_places(each.points)) for each in machines]
    east, north = np.unique(np.concatenate(places), axis=0).T
    column = np.floor((east - grid.west_m) / grid.cell_m).astype(np.int64)
    row = np.floor((north - grid.south_m) / grid.cell_m).astype(np.int64)
    inside = shapely.contains_xy(outline.whole, east, north)
    inside &= (column >= 0) & (column < grid.columns) & (row >= 0) & (row < grid.rows)
    count = np.bincount(row[inside] * grid.columns + column[inside], minlength=grid.rows * grid.columns)
    cut = count.reshape(grid.rows, grid.columns) * _CUT_SQUARE_M2
    return np.asarray(np.minimum(cut, grid.cell_m**2), np.float64)


def _krige(
    machines: tuple[MachineYield, ...], grid: Grid, cut_m2: Values
) -> tuple[Values, Values, Variogram | None, str | None]:
    kept = [each.cleaned.kept for each in machines]
    places = np.concatenate(
        [np.column_stack((m.points.east_m, m.points.north_m))[k] for m, k in zip(machines, kept, strict=True)]
    )
    value = np.concatenate([m.cleaned.yield_t_ha[k] for m, k in zip(machines, kept, strict=True)])
    yields, error = (np.full((grid.rows, grid.columns), np.nan) for _ in range(2))
    if len(value) < _LEAST_KEPT:
        return yields, error, None, INSUFFICIENT_DATA
    variogram = fit_yield_variogram(places, value)
    row, column = np.nonzero(cut_m2 >= _LEAST_CUT * grid.cell_m**2)
    east, north = grid.centres_m()
    at_m = np.column_stack((east[column], north[row]))
    reach_m = max(reach_of(len(value), float(cut_m2.sum())), 2.0 * grid.cell_m)
    for start in range(0, len(at_m), _AT_ONCE):
        check_cancelled()
        part = slice(start, start + _AT_ONCE)
        found = krige_blocks(places, value, at_m[part], variogram, side_m=grid.cell_m, reach_m=reach_m)
        yields[row[part], column[part]] = np.maximum(found.value, 0.0)
        error[row[part], column[part]] = found.error
    return yields, error, variogram, None


def _total_of(made: YieldMap, grain: _Grain, quality: int) -> Answer:
    coverage = made.coverage if made.request.standard_moisture_pct is None else grain.known_share
    kg = made.weighing.kg if made.weighing.used and made.weighing.kg is not None else grain.wet_kg
    value = None if grain.share is None else kg * grain.share / 1000.0
    weighed, basis = _BY_SCALE.get(made.weighing.source if made.weighing.used else None, ((), MEASURED_FLOW))
    return Answer(
        value, "t", made.window.pair, _samples(made), min(coverage, 1.0), quality, TOTAL, (*CHANNELS, *weighed),
        None if value is None else basis, None if value is not None else INSUFFICIENT_DATA,
    )  # fmt: skip


def _mean_of(made: YieldMap, quality: int) -> Answer:
    coverage = made.coverage
    known_m2 = float(made.cut_m2[made.known].sum())
    value = made.map_t / known_m2 * 10_000.0 if coverage >= COVERAGE_BAR else None
    return Answer(
        value, "t/ha", made.window.pair, _samples(made), coverage, quality, MEAN, CHANNELS,
        None if value is None else MEASURED_FLOW, None if value is not None else made.reason or INSUFFICIENT_DATA,
    )  # fmt: skip


def _samples(made: YieldMap) -> int:
    return sum(len(each.points.time_ms) for each in made.machines)
