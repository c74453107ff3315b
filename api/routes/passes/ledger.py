"""Routes of a pass's deviation, settlement and nutrients, of a field's weather window, and of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.content_types import ARROW, CSV, JSON, PARQUET, TABLE_CONTENT, choose_format, reply_table
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import declare_problems
from api.http.query_windows import settle_window
from api.http.responses import reply
from api.http.router import Router
from api.routes.parameters import End, Start, check_filters
from api.routes.passes import pass_cells, remaining_work, verdict
from api.routes.passes.pass_cells import OptionsOf
from api.routes.passes.passes import LONGEST_LIST_MS, FieldId, PassId
from api.schemas.model import fill
from api.schemas.passes.ledger import Columns, EntryList, LedgerCheckBody, WeatherBody
from headland.agronomy.prescription.weather_window import Kind
from headland.analysis.cooperative.owners import read_owners
from headland.analysis.exports.settlement import entries_table, settlement_table
from headland.analysis.inputs.window import Window
from headland.analysis.passes import ledger_entries
from headland.analysis.passes.detection import find_pass
from headland.analysis.passes.deviation import deviation_of_pass
from headland.analysis.passes.deviation_answer import DeviationAnswer, deviation_of
from headland.analysis.passes.nutrients import nutrients_of_field, share_by_plot
from headland.analysis.passes.nutrients_answer import HarvestFigures, NutrientsOfSeason, nutrients_of
from headland.analysis.weather.spray_window import assess_weather, hour_of
from headland.registry.repositories.ledger.entries import LedgerEntry
from headland.registry.repositories.ledger.ledger import Ledger
from headland.units_of_time import DAY_MS, HOUR_MS

_LONGEST_WEATHER_MS: Final = 31 * DAY_MS

SoilDeficit = Annotated[
    float | None,
    Query(description="Water that the root zone could still take up when a pass ended [mm].", ge=0, le=1000,
          allow_inf_nan=False),
]  # fmt: skip
KgHa = Annotated[float | None, Query(ge=0, le=100_000, allow_inf_nan=False)]

_TABLE: Final[dict[int | str, dict[str, Any]]] = {200: {"content": TABLE_CONTENT}, **declare_problems(406)}

router = Router(prefix="/v1", tags=["passes"], responses=declare_problems(400, 404, 422, 503))
router.include(pass_cells.router)
router.include(remaining_work.router)
router.include(verdict.router)


@router.get("/passes/{pass_id}/deviation", response_model=DeviationAnswer, responses=declare_problems(409))
def get_deviation(
    request: Request,
    scope: ScopeOf,
    pass_id: PassId,
    options: OptionsOf,
) -> Response:
    """Compare a pass with its plan: where too little or too much was applied, and the likeliest cause.

    The plan is the one in the query, else the one declared with the pass, else the field's newest prescription if it is
    certain to be the plan; `plan.source` names which. `zones` has each zone of a prescription.

    Causes are tested in this order: refill, empty_hopper, boundary, wind, not_covered, overlap, speed, flow,
    calibration (the whole pass is off by the same share), pattern (between swaths: it cancels out over one),
    rate_not_varied (one rate over zones of several), not_known. They are hints, not proofs.
    """
    deviation = deviation_of_pass(
        scope,
        find_pass(scope, pass_id),
        options.plan,
        cell_m=options.cell_m,
        swath_m=options.swath_m,
        latency_s=options.latency_s,
    )
    return reply(request, deviation_of(deviation))


@router.get("/passes/{pass_id}/settlement", response_model=Columns, responses={**_TABLE, **declare_problems(409)})
def get_settlement(request: Request, scope: ScopeOf, pass_id: PassId, options: OptionsOf) -> Response:
    """Return a table of treated ground and metered product by plot owner, to bill a service by.

    CSV unless Accept asks for another form.
    """
    form = choose_format(request.headers.get("accept"), (CSV, JSON, ARROW, PARQUET))
    repositories, field_pass = scope.repositories, find_pass(scope, pass_id)
    shares = share_by_plot(scope, repositories, field_pass, options=options)
    named = None if field_pass.declared is None else field_pass.declared.product
    product = "" if named is None else repositories.products.get(named, also_deleted=True).name
    owners = read_owners(repositories, [share.field for share in shares], field_pass.start_ms)
    table = settlement_table(field_pass, shares, owners, product, field_pass.unit or "kg")
    return reply_table(request, form, table)


@router.get("/fields/{field}/nutrients", response_model=NutrientsOfSeason)
def get_nutrients(
    request: Request,
    scope: ScopeOf,
    field: FieldId,
    season: Annotated[str | None, Query(description="Id of a season; else the last 400 days.", max_length=64)] = None,
    yield_kg_ha: KgHa = None,
    unfertilised_yield_kg_ha: KgHa = None,
    uptake_kg_ha: KgHa = None,
    unfertilised_uptake_kg_ha: KgHa = None,
    grain_n_pct: Annotated[float | None, Query(ge=0, le=20, allow_inf_nan=False)] = None,
    soil_deficit_mm: SoilDeficit = None,
    swath_m: Annotated[
        float | None,
        Query(description="Swath of passes whose implement is not known [m].", gt=0, le=100, allow_inf_nan=False),
    ] = None,
) -> Response:
    """Add up nitrogen, phosphorus and potassium by pass and season, and balance the nitrogen with the harvest.

    Sums are of metered amounts on the usable field; they are null while the amount or product of one pass is unknown.
    The weather after each pass gives the risks of losing ammonia or nitrate: risks, not amounts.
    """
    chosen = None if season is None else scope.repositories.seasons.get(season)
    window = Window(scope.now_ms - LONGEST_LIST_MS, scope.now_ms + 1)
    nutrients = nutrients_of_field(scope, field, window, chosen, soil_deficit_mm, swath_m)
    harvest = HarvestFigures(
        yield_kg_ha, unfertilised_yield_kg_ha, uptake_kg_ha, unfertilised_uptake_kg_ha, grain_n_pct
    )
    return reply(request, nutrients_of(nutrients, field, season, harvest))


@router.get("/fields/{field}/weather-window", response_model=WeatherBody)
def get_weather_window(
    request: Request,
    scope: ScopeOf,
    field: FieldId,
    kind: Annotated[Kind, Query(description="What is to be applied.")] = "granular",
    start: Start = None,
    end: End = None,
) -> Response:
    """Return for each hour whether its weather suits the work, by the devices of the field's site; no forecast.

    Hours without measurements are insufficient_data; where rain is not measured no hour is a plain go.
    """
    repositories = scope.repositories
    known = repositories.fields.get(field)
    end_ms = scope.now_ms if end is None else end
    window = settle_window(end_ms - 24 * HOUR_MS if start is None else start, end_ms, end_ms, _LONGEST_WEATHER_MS)
    weather = assess_weather(scope, repositories, known, window, kind)
    hours = [hour_of(verdict) for verdict in weather.verdicts]
    body = fill(WeatherBody, weather, field=field, kind=kind, hours=hours)
    return reply(request, body)


@router.post("/passes/{pass_id}/close", response_model=EntryList, responses=declare_problems(409))
def close_pass(scope: ScopeOf, pass_id: PassId, options: OptionsOf) -> EntryList:
    """Record in the ledger what a pass applied, its deviation from the plan, and the weather at the time.

    Closing again without new facts adds nothing. A pass without a plan or a known amount has no deviation entry.
    Where late telemetry changes the amount, closing again adds an entry: nothing is ever rewritten. A swath, latency or
    cell size of the request is written into the entry (`given_swath_m` and so on), a plan as its source.
    """
    entries = ledger_entries.close_pass(scope, find_pass(scope, pass_id), options)
    return EntryList(items=list(entries), next=None)


@router.get("/ledger", name="list_ledger", response_model=EntryList, responses=_TABLE)
def get_ledger(
    request: Request,
    scope: ScopeOf,
    field: Annotated[str | None, Query(description="Only this field's.", max_length=64)] = None,
    pass_id: Annotated[str | None, Query(description="Only this pass's.", max_length=128)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the ledger's entries in the order in which they were written; CSV, Arrow and Parquet hold all of them.

    An entry that is closed to the role is `sealed`: its number, time and hash remain, and in `body` the hash of its
    leaf in the Merkle log, so that the whole list can still be verified. A list of a field or a pass omits it.
    """
    ledger = scope.repositories.ledger
    after = read_cursor(cursor, tuple[int])
    after_seq = 0 if after is None else after[0]
    form = choose_format(request.headers.get("accept"))
    if form != JSON:
        return reply_table(request, form, entries_table(_read_all(ledger, field, pass_id, after_seq)))
    entries = ledger.read(field=field, pass_id=pass_id, after_seq=after_seq, limit=limit + 1)
    if not entries:
        check_filters(scope.repositories, field=field)
        if pass_id is not None:
            find_pass(scope, pass_id)
    page = entries[:limit]
    following = write_cursor(page[-1].seq) if len(entries) > limit else None
    answer = reply_page(request, EntryList(items=list(page), next=following))
    answer.headers["Vary"] = "Accept"
    return answer


@router.get("/ledger/check", response_model=LedgerCheckBody)
def check_ledger(request: Request, scope: ScopeOf) -> Response:
    """Verify the whole ledger: no entry was changed, removed, inserted or cut off."""
    check = scope.repositories.ledger.check()
    body = fill(LedgerCheckBody, check, whole=check.broken_at is None)
    return reply(request, body)


def _read_all(ledger: Ledger, field: str | None, pass_id: str | None, after_seq: int) -> Iterator[list[LedgerEntry]]:
    """Yield entries page by page; the first page may be empty, none after it is."""
    page = ledger.read(field=field, pass_id=pass_id, after_seq=after_seq)
    yield page
    while page and (page := ledger.read(field=field, pass_id=pass_id, after_seq=page[-1].seq)):
        yield page
