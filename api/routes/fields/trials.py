"""Routes of field trials: designs on fields, their prescriptions, observations of plots, and results."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import Query
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.pagination import Cursor, Limit, read_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.records import RecordPage, Sent, content_of
from api.http.router import Router
from api.routes.record_kinds import TRIAL_KINDS
from api.routes.registry import ID_PATTERN, RecordId, make_router, reply_json, reply_records, unknown_reference
from api.routes.reports import REPORT_CONTENT, LanguageOf, reply_report
from api.schemas.fields.trials import (
    ObservationsOrder,
    TrialDrawing,
    TrialPrescriptionOrder,
)
from headland.agronomy.plausibility.amounts import impossible_prices
from headland.analysis.trials.design import TrialOrder, draw_trial, layout_of
from headland.analysis.trials.nitrogen import Prices
from headland.analysis.trials.results import Model, TrialAnswer, analyse_trial
from headland.analysis.trials.trial_prescription import prescribe_trial
from headland.registry.models.errors import NotFound
from headland.registry.models.prescriptions import Prescription
from headland.registry.models.trials import PlotObservation, Trial
from headland.reports.trial_report import make_trial_answer_document

RECORD_ROUTERS: Final = tuple(make_router(kind) for kind in TRIAL_KINDS)
router = Router(prefix="/v1/trials", tags=["trials"], responses=declare_problems(400, 404, 422, 503))
_PRICE: Final[dict[str, Any]] = {"gt": 0, "le": 1e6}


@router.get("", response_model=RecordPage[Trial], responses={200: {"description": "A page."}})
def list_trials(
    scope: ScopeOf,
    field: Annotated[str | None, Query(description="Only trials on this field.", pattern=ID_PATTERN)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List trials in order of creation."""
    after = read_cursor(cursor, tuple[str])
    where = {} if field is None else {"field": field}
    found = scope.repositories.trials.list(after="" if after is None else after[0], limit=limit + 1, **where)
    return reply_records(found, limit)


@router.post(
    "",
    status_code=201,
    response_model=TrialDrawing,
    responses={
        200: {"description": "The design, not stored.", "content": content_of(TrialDrawing)},
        201: {"description": "The stored trial."},
        **declare_problems(409, 413),
    },
)
def add_trial(
    scope: ScopeOf,
    order: Sent[TrialOrder],
    keep: Annotated[bool, Query(description="Store the trial: its plots are never drawn again.")] = True,
) -> Response:
    """Draw the design of a trial on a field, and store it. The same order gives the same design."""
    repositories = scope.repositories
    try:
        field = repositories.fields.get(order.field)
        trial = draw_trial(order, field)
        trial = repositories.trials.add(trial) if keep else repositories.trials.checked(trial)
    except NotFound as error:
        raise unknown_reference(error) from error
    drawing = TrialDrawing(trial=trial, layout=layout_of(trial, field), kept=keep)
    return reply_json(drawing, 201 if keep else 200, {"Location": f"/v1/trials/{trial.id}"} if keep else None)


@router.get("/{thing:record_id}", response_model=TrialDrawing, responses={200: {"description": "The trial."}},
)  # fmt: skip
def get_trial(scope: ScopeOf, thing: RecordId) -> Response:
    """Return a trial with the outlines of its plots."""
    repositories = scope.repositories
    trial = repositories.trials.get(thing)
    field = repositories.fields.get(trial.field, also_deleted=True)
    return reply_json(TrialDrawing(trial=trial, layout=layout_of(trial, field), kept=True))


@router.post(
    "/{thing:record_id}/prescription",
    status_code=201,
    response_model=Prescription,
    responses={201: {"description": "The prescription."}, **declare_problems(413)},
)
def prescribe(scope: ScopeOf, thing: RecordId, order: Sent[TrialPrescriptionOrder]) -> Response:
    """Store the rates of a trial's plots as a prescription, which is flown and exported as any other one."""
    repositories = scope.repositories
    trial = repositories.trials.get(thing)
    product = None if trial.product is None else repositories.products.get(trial.product)
    made = prescribe_trial(trial, repositories.fields.get(trial.field), product, order.surround_ha)
    made = repositories.prescriptions.add(made)
    repositories.trials.change(msgspec.structs.replace(trial, prescription=made.id))
    return reply_json(made, 201, {"Location": f"/v1/prescriptions/{made.id}"})


@router.get(
    "/{thing:record_id}/observations",
    response_model=RecordPage[PlotObservation],
    responses={200: {"description": "A page."}},
)
def list_observations(scope: ScopeOf, thing: RecordId, cursor: Cursor = None, limit: Limit = 1000) -> Response:
    """List the observations of a trial's plots in the order in which they came."""
    repositories = scope.repositories
    repositories.trials.get(thing)
    after = read_cursor(cursor, tuple[str])
    records = repositories.plot_observations.records
    return reply_records(records.list(after="" if after is None else after[0], limit=limit + 1, trial=thing), limit)


@router.post(
    "/{thing:record_id}/observations",
    status_code=201,
    response_model=RecordPage[PlotObservation],
    responses={201: {"description": "The observations."}, **declare_problems(413)},
)
def add_observations(scope: ScopeOf, thing: RecordId, order: Sent[ObservationsOrder]) -> Response:
    """Store observations of plots, all or none; one of the same plot, variable, collector and time is stored once."""
    repositories = scope.repositories
    repositories.trials.get(thing)
    made = [PlotObservation(trial=thing, **msgspec.structs.asdict(each)) for each in order.items]
    try:
        stored = repositories.plot_observations.add_all(made)
    except NotFound as error:
        raise unknown_reference(error) from error
    return reply_json({"items": stored, "next": None}, 201)


@router.get(
    "/{thing:record_id}/result",
    response_model=TrialAnswer,
    responses={200: {"description": "The result.", "content": REPORT_CONTENT}, **declare_problems(501)},
)
def get_result(
    scope: ScopeOf,
    thing: RecordId,
    variable: Annotated[str, Query(description="The variable to compare.", pattern=ID_PATTERN)],
    model: Annotated[Model, Query(description="`auto` takes the model of the design.")] = "auto",
    level: Annotated[float, Query(description="Level of the intervals.", ge=0.5, le=0.999)] = 0.95,
    nitrogen_price_kg: Annotated[float | None, Query(description="Price of a kg of nitrogen.", **_PRICE)] = None,
    grain_price_t: Annotated[float | None, Query(description="Price of a t of grain.", **_PRICE)] = None,
    shape: Annotated[
        Literal["json", "html", "pdf", "csv"], Query(alias="format", description="Form of the answer.")
    ] = "json",
    language: LanguageOf = "en",
) -> Response:
    """Return means and differences of treatments with intervals and LSD, with prices also the best nitrogen rate.

    As a printable page, PDF or CSV it is the paper of the trial for this variable, with the same figures.
    """
    repositories = scope.repositories
    trial = repositories.trials.get(thing)
    of = repositories.trial_variables.get(variable, also_deleted=True)
    observations = list(repositories.plot_observations.records.all(trial=thing, variable=variable))
    prices = None
    if nitrogen_price_kg is not None and grain_price_t is not None:
        sentence = impossible_prices(nitrogen_price_kg, grain_price_t)
        if sentence is not None:
            raise ProblemError(422, "impossible-amount", "Amount not possible", sentence)
        prices = Prices(nitrogen_price_kg, grain_price_t)
    answer = analyse_trial(trial, of, observations, model, prices, level)
    if shape == "json":
        return reply_json(answer)
    document = make_trial_answer_document(scope, trial, of, answer, observations)
    return reply_report(document, f"trial-{thing}", shape, language)
