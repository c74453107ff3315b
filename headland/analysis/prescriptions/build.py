"""Prescription from an order: layers on the field's grid, zones, rates, and checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.application.deposit import fit_grid
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import USABLE, FieldOutline, map_places
from headland.agronomy.prescription.interpolation import fit_variogram, idw, is_constant, krige
from headland.agronomy.prescription.treatment_zones import (
    NO_ZONE,
    CheckResult,
    Labels,
    MachineLimits,
    check_machine,
    draw_zones,
    fill_gaps,
    rate_by_index,
    settle_rates,
    thin_points,
    zone_areas,
)
from headland.agronomy.series.arrays import Mask, Values
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.field_geometry import outline_of, plane_of
from headland.analysis.prescriptions.drawn_zones import check_coverage, label_drawn_zones
from headland.analysis.prescriptions.grade import grade_of
from headland.analysis.prescriptions.order import PointLayer, PrescriptionOrder, RasterLayer
from headland.registry.models.models import Field, Implement, Product, ProductKind
from headland.registry.models.prescriptions import (
    MAX_CELLS,
    PrescribedZone,
    Prescription,
    PrescriptionCheck,
    pack_cells,
)
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: Begins the names of an order's figures in `method`.
FIGURE: Final = "plan "
#: Most points that are kriged: the system costs its points cubed, and each cell its points squared.
_MOST_KRIGED = 500


@dataclass(frozen=True, slots=True)
class _Ground:
    """A field on a grid of its plane."""

    plane: Plane
    grid: Grid
    places: NDArray[np.uint8]
    outline: FieldOutline

    @property
    def usable_m2(self) -> float:
        return float(self.outline.usable.area)

    @property
    def usable(self) -> Mask:
        return np.asarray(self.places == USABLE)


def make_prescription(repositories: OrganisationRepositories, order: PrescriptionOrder) -> Prescription:
    """Return the prescription of an order, not yet stored; raises AnalysisError with what prevents it."""
    field = repositories.fields.get(order.field)
    product = None if order.product is None else repositories.products.get(order.product)
    implement = None if order.implement is None else repositories.implements.get(order.implement)
    try:
        return _make(order, field, product, implement)
    except ValueError as error:
        raise AnalysisError("no-prescription", "Prescription impossible", f"{_sentence(error)}") from error


def machine_limits_of(implement: Implement, unit: str, product: Product | None) -> MachineLimits:
    """Return an implement's limits in a prescription's unit; a flow in the other unit needs the product's density."""
    density = None if product is None else product.density_kg_l
    in_unit, other = implement.max_flow_kg_min, implement.max_flow_l_min
    if unit == "L/ha":
        in_unit, other = other, in_unit
    if in_unit is None and other is not None and density is not None:
        in_unit = other / density if unit == "L/ha" else other * density
    return MachineLimits(implement.swath_m, in_unit, implement.min_speed_m_s, implement.max_speed_m_s)


def _make(order: PrescriptionOrder, field: Field, product: Product | None, implement: Implement | None) -> Prescription:
    ground = _make_grid(field, order.cell_m)
    unit = "L/ha" if product is not None and product.kind is ProductKind.LIQUID else "kg/ha"
    n_of_unit = _nitrogen_in_unit(product, unit)
    layers: list[Values] = []
    even: list[str] = []
    notes: dict[str, str | float | None] = {}
    for layer in order.layers:
        values, share, method = _rasterise_layer(layer, ground)
        layers.append(values)
        if is_constant(values[ground.usable]):
            even.append(layer.name)
        notes |= {f"{layer.name} coverage": share, f"{layer.name} by": method}
    is_drawn = order.zones.by == "drawn"
    if is_drawn:
        labels = label_drawn_zones(order, ground.plane, ground.grid, ground.usable)
    elif order.zones.by == "one_rate":
        labels = _label_as_one(order, ground.usable)
    else:
        labels = _label_by_values(order, layers, even)
    area_ha = zone_areas(labels, ground.usable, ground.usable_m2)
    index = np.array([layers[0][labels == zone].mean() for zone in range(len(area_ha))] if layers else [])
    rates, bound = _settle(order, area_ha, index, _product_per_basis(order, n_of_unit))
    zones = tuple(
        PrescribedZone(
            rate_ha=float(rate),
            area_ha=float(area),
            amount=float(rate * area),
            n_kg_ha=None if n_of_unit is None else float(rate * n_of_unit),
            index_mean=None if mean is None else float(mean),
        )
        for rate, area, mean in zip(rates, area_ha, index if layers else [None] * len(rates), strict=True)
    )
    checks = [*_check(order, ground, zones, bound, implement, product, unit)]
    if order.layers:
        checks.append(_check_layers(even))
    if is_drawn:
        left_ha, coverage = check_coverage(labels, ground.usable, ground.usable_m2)
        checks.append(coverage)
        notes["area_without_zone_ha"] = left_ha
    south_deg, west_deg = ground.plane.to_degrees(np.array(ground.grid.west_m), np.array(ground.grid.south_m))
    east_m_deg, north_m_deg = ground.plane.scales_m_deg
    return Prescription(
        field=field.id,
        name=order.name,
        product=order.product,
        implement=order.implement,
        season=order.season,
        unit="L/ha" if unit == "L/ha" else "kg/ha",
        south_deg=float(south_deg),
        west_deg=float(west_deg),
        cell_north_deg=order.cell_m / north_m_deg,
        cell_east_deg=order.cell_m / east_m_deg,
        cell_m=order.cell_m,
        rows=ground.grid.rows,
        columns=ground.grid.columns,
        cells=pack_cells(labels),
        zones=zones,
        total=float(rates @ area_ha),
        checks=tuple(PrescriptionCheck(id=check.id, holds=check.holds, detail=check.detail) for check in checks),
        method={
            "zones": order.zones.by,
            "count": len(zones),
            "smooth": order.zones.smooth if order.zones.by in ("kmeans", "quantile") else None,
            "direction": order.direction,
            "basis": order.basis,
            **notes,
            **{f"{FIGURE}{name}": value for name, value in order.figures.items()},
        },
    )


def _label_as_one(order: PrescriptionOrder, usable: Mask) -> Labels:
    """Return one zone of all usable ground."""
    if order.layers or order.zones.drawn:
        raise ValueError("one rate takes no layers and no drawn zones: leave them out, or divide the field by them")
    if order.rates_ha is None or len(order.rates_ha) != 1:
        raise ValueError("one rate needs that rate: give one number")
    return np.where(usable, 0, NO_ZONE).astype(np.int64)


def _label_by_values(order: PrescriptionOrder, layers: list[Values], even: list[str]) -> Labels:
    """Return zones by the values of layers."""
    if order.zones.drawn:
        raise ValueError("drawn zones need the division by drawn zones")
    if not layers:
        raise ValueError("give a layer that varies, draw zones, or order one rate")
    if len(even) == len(layers):
        raise ValueError(
            f"{', '.join(even)} is the same everywhere and draws no zones: a sensor may be stuck; give a layer that "
            "varies, or order one rate"
        )
    return draw_zones(layers, order.zones.count, by=order.zones.by, smooth=order.zones.smooth)


def _make_grid(field: Field, cell_m: float) -> _Ground:
    plane = plane_of(field)
    outline = outline_of(field, plane)
    corners = np.array([spot for rings in field.geometry for ring in rings for spot in ring])
    east_m, north_m = plane.to_metres(corners[:, 1], corners[:, 0])
    grid = fit_grid(east_m, north_m, cell_m, 0.0)
    if grid.rows * grid.columns > MAX_CELLS:
        raise ValueError(
            f"the field has {grid.rows * grid.columns:,} cells, at most {MAX_CELLS:,}: choose a larger cell_m"
        )
    places = map_places(outline, grid)
    if not np.any(places == USABLE):
        raise ValueError("no cell of the field is usable: its zones cover it, or cell_m is larger than the field")
    return _Ground(plane, grid, places, outline)


def _rasterise_layer(layer: PointLayer | RasterLayer, ground: _Ground) -> tuple[Values, float, str]:
    """Return a layer on the grid (NaN outside the usable cells), the share measured, and the method used."""
    east, north = ground.grid.centres_m()
    values = np.full(ground.usable.shape, np.nan)
    at_m = np.column_stack([axis[ground.usable] for axis in np.meshgrid(east, north)])
    if isinstance(layer, RasterLayer):
        values[ground.usable] = _sample(layer, ground.plane, at_m)
        filled, share = fill_gaps(values, ground.usable)
        return filled, share, "the cell of the raster at its middle, gaps from the nearest"
    if not len(layer.longitude_deg) == len(layer.latitude_deg) == len(layer.value):
        raise ValueError(f"the columns of {layer.name!r} are not of one length")
    latitude, longitude = np.array(layer.latitude_deg, float), np.array(layer.longitude_deg, float)
    points_m = np.column_stack(ground.plane.to_metres(latitude, longitude))
    near = _near(points_m, ground.grid)
    if not near.any():
        raise ValueError(
            f"no point of {layer.name!r} is in or near the field: check that longitude and latitude are not swapped"
        )
    value = np.array(layer.value, float)[near]
    if layer.interpolation == "idw":
        points_m, value = thin_points(points_m[near], value)
        values[ground.usable] = idw(points_m, value, at_m, power=layer.power)
        return values, 1.0, f"inverse distance to the power {layer.power:g} of {len(value)} points"
    points_m, value = thin_points(points_m[near], value, _MOST_KRIGED)
    if is_constant(value):
        values[ground.usable] = value[0]
        return values, 1.0, f"{value[0]:g} at all {len(value)} points: nothing to interpolate"
    model = fit_variogram(points_m, value)
    values[ground.usable] = krige(points_m, value, at_m, model).value
    variogram = f"nugget {model.nugget:.4g}, sill {model.sill:.4g}, range {model.range_m:.0f} m"
    return values, 1.0, f"ordinary kriging of {len(value)} points, exponential variogram: {variogram}"


def _near(points_m: Values, grid: Grid) -> Mask:
    """Return which points are within the grid or half its size around it; others are no evidence of the field."""
    wide, high = grid.columns * grid.cell_m, grid.rows * grid.cell_m
    column, row = (points_m[:, 0] - grid.west_m) / wide, (points_m[:, 1] - grid.south_m) / high
    return np.asarray((column > -0.5) & (column < 1.5) & (row > -0.5) & (row < 1.5))


def _sample(layer: RasterLayer, plane: Plane, at_m: Values) -> Values:
    """Return the raster's value at places, NaN outside of it."""
    width = len(layer.values[0])
    if any(len(row) != width for row in layer.values):
        raise ValueError(f"the rows of {layer.name!r} are not of one length")
    values = np.array([[np.nan if value is None else value for value in row] for row in layer.values], float)
    latitude, longitude = plane.to_degrees(at_m[:, 0], at_m[:, 1])
    row = np.floor((layer.north_deg - latitude) / layer.cell_north_deg).astype(np.int64)
    column = np.floor((longitude - layer.west_deg) / layer.cell_east_deg).astype(np.int64)
    inside = (row >= 0) & (row < values.shape[0]) & (column >= 0) & (column < width)
    sampled = np.full(len(at_m), np.nan)
    sampled[inside] = values[row[inside], column[inside]]
    return sampled


def _nitrogen_in_unit(product: Product | None, unit: str) -> float | None:
    """Return the kg of N in a kg or L of product, None where it is unknown."""
    if product is None:
        return None
    if unit == "kg/ha":
        return grade_of(product).n
    return None if product.density_kg_l is None else grade_of(product).n * product.density_kg_l


def _product_per_basis(order: PrescriptionOrder, n_of_unit: float | None) -> float:
    if order.basis == "product":
        return 1.0
    if not n_of_unit:
        raise ValueError("rates of nitrogen need a product that contains some, and a liquid's density")
    return 1.0 / n_of_unit


def _settle(order: PrescriptionOrder, area_ha: Values, index: Values, factor: float) -> tuple[Values, bool]:
    """Return the rates of the zones in the product, and whether the limits bind."""
    if order.rates_ha is not None:
        if len(order.rates_ha) != len(area_ha):
            raise ValueError(f"there are {len(area_ha)} zones and {len(order.rates_ha)} rates_ha: give one for each")
        wish = np.array(order.rates_ha, float)
    elif order.least_ha is None or order.most_ha is None or order.direction is None:
        raise ValueError("give rates_ha, one for each zone, or least_ha, most_ha and a direction")
    else:
        wish = rate_by_index(index, (order.least_ha, order.most_ha), compensate=order.direction == "compensate")
    if order.total is not None and order.mean_ha is not None:
        raise ValueError("give a total or a mean_ha, not both")
    total = order.total if order.mean_ha is None else order.mean_ha * float(area_ha.sum())
    most = order.maximum_ha if order.maximum_ha is not None else max(float(wish.max()) * 1000.0, 1.0)
    if order.minimum_ha > most:
        raise ValueError("minimum_ha is above maximum_ha")
    rates, bound = settle_rates(area_ha, wish, (order.minimum_ha, most), total)
    return rates * factor, bound


def _check(
    order: PrescriptionOrder,
    ground: _Ground,
    zones: tuple[PrescribedZone, ...],
    bound: bool,
    implement: Implement | None,
    product: Product | None,
    unit: str,
) -> list[CheckResult]:
    results = [_check_ceiling(order, zones)]
    if order.maximum_ha is None:
        results.append(CheckResult("limits", None, "no maximum_ha was given"))
    else:
        limits = "bind in at least one zone" if bound else "bind nowhere"
        results.append(CheckResult("limits", True, f"{order.minimum_ha:g} to {order.maximum_ha:g} per ha {limits}"))
    outline = ground.outline
    barred = outline.buffer.difference(outline.exclusion), outline.exclusion
    barred_m2 = [float(outline.whole.intersection(zone).area) for zone in barred]
    detail = f"{barred_m2[0]:.0f} m2 of buffer strips and {barred_m2[1]:.0f} m2 of exclusions get nothing"
    results.append(CheckResult("buffers", True, detail))
    if implement is None:
        results.append(CheckResult("machine", None, "not known: no implement was named"))
    else:
        rates = np.array([zone.rate_ha for zone in zones])
        results.append(check_machine(rates, machine_limits_of(implement, unit, product), unit[:-3]))
        results += _check_sizes(zones, implement)
    return results


def _check_layers(even: list[str]) -> CheckResult:
    """Return whether every layer varies over the field: an even one draws no zones."""
    detail = "every layer varies over the field"
    if even:
        detail = f"the same everywhere: {', '.join(even)}; such a layer draws no zones, and a sensor may be stuck"
    return CheckResult("layers", not even, detail)


def _check_ceiling(order: PrescriptionOrder, zones: tuple[PrescribedZone, ...]) -> CheckResult:
    """Compare the N of the richest zone with the legal ceiling; raises AnalysisError where it is exceeded."""
    nitrogen = [zone.n_kg_ha for zone in zones if zone.n_kg_ha is not None]
    if order.legal_n_kg_ha is None:
        return CheckResult("legal_ceiling", None, "no legal_n_kg_ha was given")
    if not nitrogen:
        return CheckResult("legal_ceiling", None, "not known: no product whose nitrogen is known was named")
    most = max(nitrogen) + order.n_given_kg_ha
    detail = f"{most:.1f} kg N/ha with previous applications, and the ceiling is {order.legal_n_kg_ha:g}"
    if most > order.legal_n_kg_ha + 1e-6:
        raise AnalysisError("above-the-ceiling", "Legal nitrogen ceiling exceeded", f"It would reach {detail}.")
    return CheckResult("legal_ceiling", True, detail)


def _check_sizes(zones: tuple[PrescribedZone, ...], implement: Implement) -> list[CheckResult]:
    least_ha = 2.0 * implement.swath_m**2 / 10_000.0
    small = [str(number) for number, zone in enumerate(zones) if zone.area_ha < least_ha]
    detail = f"zones smaller than two squares of the swath: {', '.join(small) or 'none'}"
    return [CheckResult("zone_size", not small, detail)]


def _sentence(error: ValueError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
