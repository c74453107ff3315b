"""Order of a prescription: layers, zones, rates and limits, as a request sends it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from headland.registry.models.geometry import MultiPolygon, Polygon
from headland.registry.models.models import Latitude, Longitude, Text

_Rate = Annotated[float, Meta(ge=0, le=100_000)]
_Value = Annotated[float, Meta(ge=-1e9, le=1e9)]
#: Most points or cells of one layer; points beyond the limit of interpolation are averaged by squares.
MOST_VALUES: Final = 200_000
#: Most zones that a person draws on one field.
MOST_DRAWN: Final = 50


class PointLayer(msgspec.Struct, frozen=True, kw_only=True, tag="points", tag_field="kind", forbid_unknown_fields=True):
    """Values measured at points: soil samples, a yield monitor, a sensor's NDVI."""

    name: Text
    longitude_deg: Annotated[list[Longitude], Meta(min_length=1, max_length=MOST_VALUES)]
    latitude_deg: Annotated[list[Latitude], Meta(min_length=1, max_length=MOST_VALUES)]
    value: Annotated[list[_Value], Meta(min_length=1, max_length=MOST_VALUES), "Values of the points."]
    interpolation: Annotated[Literal["idw", "kriging"], "Interpolation between the points."] = "idw"
    power: Annotated[float, Meta(ge=0.5, le=6), "Power of the distance, for idw."] = 2.0


class RasterLayer(
    msgspec.Struct, frozen=True, kw_only=True, tag="raster", tag_field="kind", forbid_unknown_fields=True
):
    """Values of areas: `values` are rows from the north, each from the west, null where unknown.

    `north_deg` and `west_deg` are the outer corner of the first value.
    """

    name: Text
    north_deg: Latitude
    west_deg: Longitude
    cell_north_deg: Annotated[float, Meta(gt=0, le=1)]
    cell_east_deg: Annotated[float, Meta(gt=0, le=1)]
    values: Annotated[
        list[Annotated[list[_Value | None], Meta(min_length=1, max_length=5000)]],
        Meta(min_length=1, max_length=5000),
        "Rows from the north, each from the west; null where unknown.",
    ]


class ZonePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Division into zones: k-means over all layers, quantiles of the first, polygons that a person drew, or none.

    Zones by values are `count`, with specks smoothed away. Of `drawn` zones a later one takes the ground that it shares
    with an earlier one; ground in none of them gets nothing. By `one_rate` all usable ground is one zone.
    """

    by: Annotated[Literal["kmeans", "quantile", "drawn", "one_rate"], "Division into zones."] = "kmeans"
    count: Annotated[Literal[2, 3, 4, 5, 6, 7, 8, 9], "Number of zones, for kmeans and quantile."] = 3
    smooth: Annotated[Literal[0, 1, 2, 3, 4, 5], "Strength of the smoothing of specks; 0 for none."] = 2
    drawn: Annotated[
        list[Polygon | MultiPolygon], Meta(max_length=MOST_DRAWN), "Outlines of drawn zones as GeoJSON."
    ] = []


class PrescriptionOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Order of a prescription for a field, from layers, by zones, with rates.

    Rates are given for each zone, from the lowest of the first layer or as the zones were drawn (`rates_ha`), or on a
    line from `least_ha` to `most_ha` in a `direction`. Drawn zones and one rate need no layer, but `rates_ha`. Rates
    are amounts of the product, or with `basis` nitrogen of its N, per hectare: kg, or L of a liquid. They are clipped
    to the limits and, with a `total` or a `mean_ha`, rescaled to it.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "field": "01k9v4k8r0q3m8x5w7t2n6y4c1",
        "name": "Jointing dressing",
        "layers": [
            {
                "kind": "points",
                "name": "ndvi",
                "longitude_deg": [119.1702, 119.1711, 119.1718],
                "latitude_deg": [31.9502, 31.9511, 31.9518],
                "value": [0.48, 0.55, 0.63],
            }
        ],
        "zones": {"by": "quantile", "count": 2},
        "least_ha": 80,
        "most_ha": 120,
        "direction": "compensate",
        "maximum_ha": 150,
    }

    field: Text
    name: Text
    layers: Annotated[
        list[PointLayer | RasterLayer], Meta(max_length=5), "Layers of values; none for drawn zones and one rate."
    ] = []
    zones: Annotated[ZonePlan, "Division into zones."] = ZonePlan()
    cell_m: Annotated[float, Meta(ge=0.5, le=100)] = 5.0
    product: Annotated[str | None, "Id of the product."] = None
    implement: str | None = None
    season: str | None = None
    basis: Annotated[Literal["product", "nitrogen"], "What the rates are of: the product, or its nitrogen."] = "product"
    rates_ha: Annotated[
        Annotated[list[_Rate], Meta(min_length=1, max_length=MOST_DRAWN)] | None, "Rates per hectare by zone."
    ] = None
    least_ha: Annotated[_Rate | None, "Smallest rate per hectare of the line."] = None
    most_ha: Annotated[_Rate | None, "Largest rate per hectare of the line."] = None
    direction: Annotated[
        Literal["compensate", "proportional"] | None, "Whether weak parts get more (compensate) or less (proportional)."
    ] = None
    minimum_ha: Annotated[_Rate, "Lower limit of all rates per hectare."] = 0.0
    maximum_ha: Annotated[_Rate | None, "Upper limit of all rates per hectare; null for none."] = None
    total: Annotated[
        Annotated[float, Meta(ge=0, le=1e9)] | None, "Amount for the whole field, in kg or L; null for none."
    ] = None
    mean_ha: Annotated[_Rate | None, "Mean rate per hectare; null for none."] = None
    legal_n_kg_ha: Annotated[
        Annotated[float, Meta(ge=0, le=1000)] | None, "Limit of nitrogen by law, for a check; null for none."
    ] = None
    n_given_kg_ha: Annotated[float, Meta(ge=0, le=1000), "Nitrogen given already, for the same check."] = 0.0
    figures: Annotated[
        dict[Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")], Annotated[float, Meta(ge=0, le=1e6)]],
        Meta(max_length=12),
        "Figures that the rates rest on, by name, as a person told them: kept in `method`, for the next plan.",
    ] = {}
