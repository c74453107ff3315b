"""Design of a trial on a field: from an order to plots with their places."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Final, Literal, cast

import msgspec
import numpy as np
from msgspec import Meta
from shapely import Polygon, area, contains_properly, get_parts, make_valid
from shapely.geometry.base import BaseGeometry

from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.series.arrays import Values
from headland.agronomy.trials.designs import (
    Design,
    Placement,
    design_blocks,
    design_checkerboard,
    design_split_plot,
    design_strips,
)
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.field_geometry import outline_of, plane_of
from headland.registry.models.models import Field, Latitude, Longitude, Note, Text
from headland.registry.models.trials import MOST_PLOTS, RecordId, Trial, TrialPlot, TrialTreatment

#: A plot whose edge lies on the field's own edge is inside.
_EDGE_M: Final = 0.05


class TrialOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trial to design: treatments, replicates (for a checkerboard: its rows), a seed, and the plots' size.

    Without a corner the trial lies in the middle of the field's largest part, without a direction along its longest
    side.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "field": "01k9v4k8r0q3m8x5w7t2n6y4c1",
        "name": "2026 nitrogen",
        "kind": "rcbd",
        "treatments": [{"name": "N0", "rate_ha": 0, "n_kg_ha": 0}, {"name": "N180", "rate_ha": 391, "n_kg_ha": 180}],
        "replicates": 4,
        "seed": 20261127,
        "length_m": 30,
        "width_m": 12,
    }

    field: RecordId
    name: Text
    kind: Annotated[Literal["strips", "rcbd", "split_plot", "checkerboard"], "Design."]
    treatments: Annotated[
        tuple[TrialTreatment, ...],
        Meta(min_length=2, max_length=40),
        "Treatments; of a split plot those of the subplots.",
    ]
    main_treatments: Annotated[
        tuple[TrialTreatment, ...], Meta(max_length=10), "Treatments of the main plots of a split plot."
    ] = ()
    replicates: Annotated[int, Meta(ge=2, le=100), "Number of replicates."]
    columns: Annotated[Annotated[int, Meta(ge=2, le=100)] | None, "Number of columns of plots."] = None
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1), "Seed of the randomization."]
    length_m: Annotated[float, Meta(gt=0, le=10_000)]
    width_m: Annotated[float, Meta(gt=0, le=1000)]
    gap_m: Annotated[float, Meta(ge=0, le=100)] = 0.0
    latitude_deg: Latitude | None = None
    longitude_deg: Longitude | None = None
    heading_deg: Annotated[float, Meta(ge=0, lt=360)] | None = None
    season: RecordId | None = None
    product: Annotated[RecordId | None, "Id of the product that the rates are of."] = None
    variables: Annotated[tuple[RecordId, ...], Meta(max_length=100), "Ids of the observation variables."] = ()
    note: Note = ""


def draw_trial(order: TrialOrder, field: Field) -> Trial:
    """Return the trial of an order, not yet stored; raises AnalysisError where its plots do not fit on the field."""
    try:
        design = _design(order)
    except ValueError as error:
        sentence = f"{str(error)[:1].upper()}{str(error)[1:]}."
        raise AnalysisError("no-design", "Design impossible", sentence) from error
    if len(design.plots) > MOST_PLOTS:
        raise AnalysisError("no-design", "Design impossible", f"A trial has at most {MOST_PLOTS} plots.")
    plane = plane_of(field)
    placement = _place(order, design, field, plane)
    latitude_deg, longitude_deg = _degrees(plane, placement.east_m, placement.north_m)
    treatments = _treatments(order)
    index = {treatment.name: at for at, treatment in enumerate(treatments)}
    in_block: dict[int, int] = {}
    plots = []
    for number, plot in enumerate(design.plots, 1):
        in_block[plot.block] = in_block.get(plot.block, 0) + 1
        plots.append(
            TrialPlot(
                number=number,
                name=f"{plot.block + 1}{in_block[plot.block]:02d}",
                row=plot.row,
                column=plot.column,
                block=plot.block,
                main_plot=plot.main_plot,
                treatment=index[plot.treatment],
            )
        )
    trial = Trial(
        field=order.field,
        name=order.name,
        season=order.season,
        product=order.product,
        kind=order.kind,
        seed=order.seed,
        treatments=treatments,
        plots=tuple(plots),
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        heading_deg=placement.heading_deg,
        length_m=order.length_m,
        width_m=order.width_m,
        gap_m=order.gap_m,
        variables=order.variables,
        note=order.note,
    )
    _refuse_outside(trial, field, plane)
    return trial


def plot_outlines(trial: Trial, plane: Plane) -> list[Values]:
    """Return each plot's corners in metres, (4, 2); raises AnalysisError where the trial has no place."""
    placement = placement_of(trial, plane)
    heading = math.radians(placement.heading_deg)
    ahead = np.array([math.sin(heading), math.cos(heading)])
    right = np.array([math.cos(heading), -math.sin(heading)])
    corner = np.array([placement.east_m, placement.north_m])
    step = (placement.length_m + placement.gap_m) * ahead
    along, across = placement.length_m * ahead, placement.width_m * right
    outlines = []
    for plot in trial.plots:
        start = corner + plot.row * step + plot.column * across
        outlines.append(np.array([start, start + across, start + across + along, start + along]))
    return outlines


def placement_of(trial: Trial, plane: Plane) -> Placement:
    """Return where a trial lies in a plane; raises AnalysisError where it has no place."""
    if (
        trial.latitude_deg is None
        or trial.longitude_deg is None
        or trial.heading_deg is None
        or trial.length_m is None
        or trial.width_m is None
    ):
        sentence = "This design came from another program without a place: give corner, direction and size of plots."
        raise AnalysisError("no-place", "Trial not placed", sentence)
    east, north = plane.to_metres(np.array([trial.latitude_deg]), np.array([trial.longitude_deg]))
    return Placement(float(east[0]), float(north[0]), trial.heading_deg, trial.length_m, trial.width_m, trial.gap_m)


def layout_of(trial: Trial, field: Field) -> dict[str, Any]:
    """Return the plots as GeoJSON features with number, name, block and treatment; none of a trial without a place."""
    plane = plane_of(field)
    features = []
    for plot, outline in zip(
        trial.plots, plot_outlines(trial, plane) if trial.heading_deg is not None else (), strict=False
    ):
        latitude, longitude = plane.to_degrees(outline[:, 0], outline[:, 1])
        ring = [[round(float(x), 8), round(float(y), 8)] for x, y in zip(longitude, latitude, strict=True)]
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
                "properties": {
                    "number": plot.number,
                    "name": plot.name,
                    "block": plot.block,
                    "treatment": plot.treatment,
                    "treatment_name": trial.treatments[plot.treatment].name,
                },
            }
        )
    return {"type": "FeatureCollection", "features": features}


def _design(order: TrialOrder) -> Design:
    names = [treatment.name for treatment in order.treatments]
    if order.kind == "strips":
        return design_strips(names, order.replicates, order.seed)
    if order.kind == "rcbd":
        return design_blocks(names, order.replicates, order.seed)
    if order.kind == "split_plot":
        mains = [treatment.name for treatment in order.main_treatments]
        return design_split_plot(mains, names, order.replicates, order.seed)
    if len(names) != 2:
        raise ValueError("a checkerboard has two treatments, the base and the N-rich one")
    return design_checkerboard(names[0], names[1], order.replicates, order.columns or order.replicates)


def _treatments(order: TrialOrder) -> tuple[TrialTreatment, ...]:
    if order.kind != "split_plot":
        return order.treatments
    return tuple(
        TrialTreatment(
            name=f"{main.name}/{sub.name}",
            rate_ha=main.rate_ha if sub.rate_ha is None else sub.rate_ha,
            n_kg_ha=main.n_kg_ha if sub.n_kg_ha is None else sub.n_kg_ha,
            germplasm=sub.germplasm or main.germplasm,
        )
        for main in order.main_treatments
        for sub in order.treatments
    )


def _place(order: TrialOrder, design: Design, field: Field, plane: Plane) -> Placement:
    # Of a field in parts, a trial lies in the largest: the middle of all may be between them.
    part = max(get_parts(outline_of(field, plane).whole), key=area)
    heading_deg = order.heading_deg if order.heading_deg is not None else _longest_side_deg(part)
    if order.latitude_deg is not None and order.longitude_deg is not None:
        east, north = plane.to_metres(np.array([order.latitude_deg]), np.array([order.longitude_deg]))
        east_m, north_m = float(east[0]), float(north[0])
    else:
        middle = part.centroid
        heading = math.radians(heading_deg)
        ahead = (design.rows * order.length_m + (design.rows - 1) * order.gap_m) / 2.0
        across = design.columns * order.width_m / 2.0
        east_m = middle.x - ahead * math.sin(heading) - across * math.cos(heading)
        north_m = middle.y - ahead * math.cos(heading) + across * math.sin(heading)
    return Placement(east_m, north_m, heading_deg, order.length_m, order.width_m, order.gap_m)


def _longest_side_deg(outline: BaseGeometry) -> float:
    """Return the direction of the longer sides of the least rectangle around a field, 0 to 180 [deg from north]."""
    corners = np.array(cast("Polygon", outline.minimum_rotated_rectangle).exterior.coords)
    sides = np.diff(corners, axis=0)
    longest = sides[int(np.argmax(np.hypot(sides[:, 0], sides[:, 1])))]
    return float(round(math.degrees(math.atan2(longest[0], longest[1])) % 180.0, 3)) % 180.0


def _refuse_outside(trial: Trial, field: Field, plane: Plane) -> None:
    """Raise AnalysisError where a plot reaches beyond the usable ground of the field."""
    outline = outline_of(field, plane)
    barred = outline.buffer.union(outline.exclusion)
    usable = make_valid(outline.whole.difference(barred)).buffer(_EDGE_M)
    outside = [
        plot.name
        for plot, corners in zip(trial.plots, plot_outlines(trial, plane), strict=True)
        if not contains_properly(usable, Polygon(corners))
    ]
    if outside:
        sentence = (
            f"{len(outside)} of {len(trial.plots)} plots reach beyond the usable ground of the field, such as "
            f"{outside[0]}: move the trial, turn it, or make its plots smaller."
        )
        raise AnalysisError("plots-outside", "Plots outside the field", sentence, {"plots": outside[:100]})


def _degrees(plane: Plane, east_m: float, north_m: float) -> tuple[float, float]:
    latitude, longitude = plane.to_degrees(np.array([east_m]), np.array([north_m]))
    return float(latitude[0]), float(longitude[0])
