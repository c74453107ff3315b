"""Routes of the plant-protection register's import, and of treatments with their check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.languages import current_language
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import ProblemError, declare_problems, detail_in
from api.http.records import BodyOf, Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.parameters import check_filters
from api.routes.registry import RecordId
from api.schemas.harvest.treatments import (
    IntervalStateBody,
    NewTreatment,
    RegisterImport,
    TreatmentBody,
    TreatmentCheckBody,
    TreatmentList,
    check_of,
    intervals_of,
    treatment_of,
)
from api.schemas.model import KEPT
from headland.analysis.plant_protection.growing_place import find_place
from headland.analysis.plant_protection.harvest_review import review_treatment, standing_breaches
from headland.analysis.plant_protection.intervals import intervals_at
from headland.analysis.plant_protection.treatment_check import check_treatment
from headland.formats.plant_protection.register_csv import MOST_BYTES, read_register, sample_csv
from headland.registry.models.plant_protection import PlantProtectionProduct

R = TypeVar("R")
FieldOf = Annotated[str | None, Query(description="Id of a field.", max_length=64)]
ZoneOf = Annotated[str | None, Query(description="Id of a greenhouse zone.", max_length=64)]
_CSV_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "A row for each product and crop, UTF-8 or GB 18030, headings in English or Chinese.",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}

router = Router(prefix="/v1", tags=["harvest"], responses=declare_problems(400, 404, 422, 503))


@router.post(
    "/plant-protection-products/import",
    response_model=RegisterImport,
    openapi_extra=_CSV_BODY,
    responses=declare_problems(413),
)
def import_register(
    scope: ScopeOf,
    body: BodyOf,
    dry_run: Annotated[bool, Query(description="Return what would be added, and add nothing.")] = False,
    sample: Annotated[bool, Query(description="Mark the products as samples with made-up values.")] = False,
) -> RegisterImport:
    """Import a plant-protection register: all of it, or none with the fault of each row in `rows`.

    A product with a registration number that is known replaces that one. No national register comes with Headland.
    """
    if len(body) > MOST_BYTES:
        raise ProblemError(413, "too-large", "Request body too large", f"Send at most {MOST_BYTES // 1024 // 1024} MB.")
    file = read_register(body, is_sample=sample)
    if file.faults:
        language = current_language()
        rows = [
            {"row": fault.row, "detail": detail_in(language, "register-refused", fault.sentence)}
            for fault in file.faults
        ]
        raise ProblemError(400, "register-refused", "Register refused", file.faults[0].sentence, {"rows": rows})
    register = scope.repositories.plant_protection
    known = {product.registration_number: product for product in register.all()}
    fresh = [product for product in file.products if product.registration_number not in known]
    changed = [
        _changed(known[product.registration_number], product)
        for product in file.products
        if product.registration_number in known and not _is_same(known[product.registration_number], product)
    ]
    if not dry_run:
        register.add_all(fresh)
        for product in changed:
            register.change(product)
    return RegisterImport(
        stored=not dry_run,
        added=[product.name for product in fresh],
        changed=[product.name for product in changed],
        unchanged=len(file.products) - len(fresh) - len(changed),
    )


@router.get(
    "/plant-protection-products/sample", response_class=Response, responses={200: {"content": {"text/csv": {}}}}
)
def get_register_sample() -> Response:
    """Return a sample of the CSV format, with made-up products."""
    headers = {"Content-Disposition": 'attachment; filename="plant-protection-sample.csv"'}
    return Response(sample_csv(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/treatments", status_code=201, response_model=TreatmentBody, responses=declare_problems(409))
def add_treatment(scope: ScopeOf, body: Sent[NewTreatment]) -> TreatmentBody:
    """Enter a treatment of a field or a greenhouse zone. It is never changed: a correction is a later entry.

    Lots that were harvested within its pre-harvest interval, as where it is entered late, are in `lots_within`: from
    now on they are flagged wherever they are shown, and the check of the treatment leads to their recall.
    """
    repositories = scope.repositories
    made = repositories.treatments.add(body.record())
    return treatment_of(made, review_treatment(repositories, made))


@router.get("/treatments", response_model=TreatmentList)
def list_treatments(
    request: Request,
    scope: ScopeOf,
    field: FieldOf = None,
    zone: ZoneOf = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the treatments of a place, or of all, by their start; what was corrected is left out."""
    treatments = scope.repositories.treatments.list(field=field, zone=zone)
    if not treatments:
        check_filters(scope.repositories, field=field, zone=zone)
    page, following = page_of(treatments, cursor, limit)
    within = {review.treatment.id: review for review in standing_breaches(scope)}
    items = [treatment_of(each, within.get(each.id)) for each in page]
    return reply_page(request, TreatmentList(items=items, next=following))


@router.get("/treatments/{thing:record_id}", response_model=TreatmentBody)
def get_treatment(request: Request, scope: ScopeOf, thing: RecordId) -> Response:
    """Return a treatment, also one that was corrected."""
    repositories = scope.repositories
    found = repositories.treatments.get(thing)
    return reply(request, treatment_of(found, review_treatment(repositories, found)))


@router.get("/treatments/{thing:record_id}/check", response_model=TreatmentCheckBody)
def get_treatment_check(request: Request, scope: ScopeOf, thing: RecordId) -> Response:
    """Check a treatment against the labels of its products.

    Dose by cell and distance from declared water and houses come from the pass that it names; the weather from the
    field's site. What is not known is a finding of its own, never taken to hold. The lots that were harvested within an
    interval are named, whichever was entered first; `/v1/lots/holding` recalls them.
    """
    return reply(request, check_of(check_treatment(scope, scope.repositories.treatments.get(thing))))


@router.get("/harvest-intervals", response_model=IntervalStateBody)
def get_intervals(
    request: Request,
    scope: ScopeOf,
    crop: Annotated[str, Query(description="Name of the crop.", min_length=1, max_length=200)],
    field: FieldOf = None,
    zone: ZoneOf = None,
    time_ms: Annotated[
        int | None, Query(description="Instant of the harvest; else now.", ge=0, le=253_402_300_799_999)
    ] = None,
) -> Response:
    """Tell whether a crop may be harvested, and else from which day on; intervals that no label has are listed."""
    repositories = scope.repositories
    place = find_place(repositories, field, zone)
    at_ms = scope.now_ms if time_ms is None else time_ms
    return reply(request, intervals_of(intervals_at(repositories, place, crop, at_ms)))


def page_of(records: Sequence[R], cursor: str | None, limit: int) -> tuple[Sequence[R], str | None]:
    """Return a page of the records of a place, and the cursor of the next."""
    place = read_cursor(cursor, tuple[int])
    start = 0 if place is None else max(0, place[0])
    return records[start : start + limit], write_cursor(start + limit) if start + limit < len(records) else None


def _changed(known: PlantProtectionProduct, read: PlantProtectionProduct) -> PlantProtectionProduct:
    return msgspec.structs.replace(read, **{name: getattr(known, name) for name in KEPT})


def _is_same(known: PlantProtectionProduct, read: PlantProtectionProduct) -> bool:
    return _changed(known, read) == known
