"""Route of the water in the soil of a field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Final

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.routes.registry import RecordId
from headland.agronomy.root_zone.tables import Texture
from headland.analysis.weather.field_irrigation import WaterQuestion, zone_of_field
from headland.analysis.weather.field_water import FieldWater, answer_field_water
from headland.analysis.weather.outdoors.rain_days import forecast_rain
from headland.registry.models.irrigation import IrrigationZone
from headland.registry.models.models import Field, Season

_GIVEN: Final = r"^\d{4}-\d{2}-\d{2}=\d{1,4}(\.\d{1,3})?$"
_Mm = Annotated[float, Query(ge=0, le=500, allow_inf_nan=False)]
_Given = Annotated[str, Query(pattern=_GIVEN)]

router = Router(prefix="/v1/fields", tags=["answers"], responses=declare_problems(400, 404, 422, 503))


@router.get("/{thing:record_id}/water", response_model=FieldWater)
def get_water(
    request: Request,
    scope: ScopeOf,
    thing: RecordId,
    season: Annotated[
        str | None, Query(description="A season of the field; else the last one sown.", max_length=64)
    ] = None,
    zone: Annotated[
        str | None, Query(description="An irrigation zone of the field; else the one that is all of it.", max_length=64)
    ] = None,
    texture: Annotated[Texture | None, Query(description="Texture of the soil, for the table of FAO-56.")] = None,
    field_capacity_pct: Annotated[
        float | None,
        Query(description="Field capacity of an analysis [% of volume].", ge=5, le=70, allow_inf_nan=False),
    ] = None,
    wilting_point_pct: Annotated[
        float | None, Query(description="Wilting point of an analysis [% of volume].", ge=1, le=50, allow_inf_nan=False)
    ] = None,
    start_depleted: Annotated[
        float | None,
        Query(description="Share of the available water that was gone at sowing.", ge=0, le=1, allow_inf_nan=False),
    ] = None,
    wetted: Annotated[
        float | None,
        Query(description="Share of the ground that irrigation wets: 0.3 drip, 1 sprinklers.", ge=0.05, le=1),
    ] = None,
    efficiency: Annotated[
        float | None,
        Query(description="Share of the water given that the soil keeps.", ge=0.3, le=1, allow_inf_nan=False),
    ] = None,
    most_mm: Annotated[
        float | None,
        Query(description="The most that the zone takes in a turn [mm].", gt=0, le=500, allow_inf_nan=False),
    ] = None,
    flow_m3_h: Annotated[
        float | None, Query(description="Flow of the pump [m3/h].", gt=0, le=100_000, allow_inf_nan=False)
    ] = None,
    hours_a_day: Annotated[float | None, Query(description="Hours a day that the pump may run.", gt=0, le=24)] = None,
    irrigation: Annotated[
        list[_Given], Query(description="Irrigation that no meter counted, as 2026-07-01=30 [mm].", max_length=200)
    ] = [],  # noqa: B006 # FastAPI copies defaults
    forecast_rain_mm: Annotated[
        list[_Mm],
        Query(
            description="Rain forecast for today and the next days [mm]; by the site's forecast where left out.",
            max_length=16,
        ),
    ] = [],  # noqa: B006 # FastAPI copies defaults
) -> Response:
    """Return the water of the root zone by day since sowing, and when to irrigate and how much.

    FAO-56's balance by the site's weather, gauges and meters, corrected by the soil probes that are on the field:
    devices with `substrate_moisture_pct:30cm`. Soil, losses and pump are those of the irrigation zone's record; what
    a request says of them comes before it. Rain counts when it has fallen; what is forecast is told apart.
    """
    repositories = scope.repositories
    field = repositories.fields.get(thing)
    rain, source = (tuple(forecast_rain_mm), None) if forecast_rain_mm else forecast_rain(scope, field)
    question = WaterQuestion(
        texture,
        *_shares(field_capacity_pct, wilting_point_pct),
        start_depleted,
        wetted,
        efficiency,
        most_mm,
        flow_m3_h,
        hours_a_day,
        tuple(_given(each) for each in irrigation),
        rain,
    )
    chosen = _season(scope, field.id, season)
    water = answer_field_water(scope, field, chosen, _zone(scope, field, zone), question)
    return reply(request, replace(water, rain_source=source))


def _shares(capacity_pct: float | None, wilting_pct: float | None) -> tuple[float | None, float | None]:
    if capacity_pct is None and wilting_pct is None:
        return None, None
    if capacity_pct is None or wilting_pct is None or capacity_pct <= wilting_pct:
        sentence = "Give both field_capacity_pct and wilting_point_pct, and the first above the second."
        raise ProblemError(400, "impossible-soil", "Soil holds no water", sentence)
    return capacity_pct / 100.0, wilting_pct / 100.0


def _given(text: str) -> tuple[date, float]:
    day, _, amount = text.partition("=")
    try:
        return date.fromisoformat(day), float(amount)
    except ValueError as error:
        sentence = f"{day} is no day: write it as 2026-07-01."
        raise ProblemError(400, "impossible-day", "No such day", sentence) from error


def _zone(scope: ScopeOf, field: Field, wanted: str | None) -> IrrigationZone | None:
    """Return an irrigation zone of the field, the one that is all of it where none is asked for."""
    if wanted is None:
        return zone_of_field(scope, field)
    zone = scope.repositories.irrigation_zones.get(wanted)
    if zone.field != field.id:
        sentence = f"The irrigation zone {zone.name!r} belongs to another field: give one of this field."
        raise ProblemError(400, "other-field", "Zone belongs to another field", sentence)
    return zone


def _season(scope: ScopeOf, field: str, wanted: str | None) -> Season | None:
    """Return a season of the field, the last one sown where none is asked for."""
    repositories = scope.repositories
    if wanted is not None:
        season = repositories.seasons.get(wanted)
        if season.field != field:
            sentence = f"The season {season.name!r} belongs to another field: give one of this field."
            raise ProblemError(400, "other-field", "Season belongs to another field", sentence)
        return season
    sown = [each for each in repositories.seasons.all(field=field) if each.sowing_date is not None]
    return max(sown, key=lambda each: str(each.sowing_date), default=None)
