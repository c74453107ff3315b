"""Routes of certificates: issue, print, make void, and the register."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import HomeOf, ScopeOf
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.harvest.treatments import page_of
from api.routes.registry import RecordId
from api.schemas.harvest.certificates import (
    CertificateBody,
    CertificateEntryBody,
    CertificateList,
    CertificateShown,
    NewCertificate,
    NewCopy,
    NewVoid,
    certificate_of,
)
from api.schemas.model import fill
from headland.analysis.lots.certification import issue_certificate, origin_of, refuse_breached
from headland.analysis.lots.lot_history import read_lot_history
from headland.analysis.plant_protection.growing_place import find_place
from headland.analysis.plant_protection.harvest_review import review_lot, review_lots
from headland.registry.models.lots import Certificate, CertificateBasis
from headland.registry.repositories.local_time import find_local_time
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.reports.certificate.drawing import draw_certificate
from headland.reports.certificate.sheet import Form, make_sheet, make_specimen

_PDF: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The PDF.",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}

router = Router(prefix="/v1", tags=["harvest"], responses=declare_problems(400, 404, 422, 503))


@router.post(
    "/lots/{thing:record_id}/certificates", status_code=201, response_model=CertificateBody,
    responses=declare_problems(409),
)  # fmt: skip
def add_certificate(scope: ScopeOf, thing: RecordId, body: Sent[NewCertificate]) -> CertificateBody:
    """Issue a certificate (承诺达标合格证) for what remains of a lot.

    Refused for a lot with anything simulated in it, for a harvest within a pre-harvest interval (with its day of end),
    and where an interval is not known.
    """
    issued = issue_certificate(scope, thing, body.request())
    return certificate_of(issued, review_lot(scope.repositories, thing), is_void=False)


@router.get("/lots/{thing:record_id}/certificates", response_model=CertificateList)
def list_lot_certificates(
    request: Request, scope: ScopeOf, thing: RecordId, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """List the certificates of a lot, void ones included."""
    repositories = scope.repositories
    listed = repositories.certificates.of_lot(thing)
    if not listed:
        repositories.lots.lots.get(thing)
    page, following = page_of(listed, cursor, limit)
    items = _bodies_of(repositories, page)
    return reply_page(request, CertificateList(items=items, next=following))


@router.get(
    "/lots/{thing:record_id}/specimen", response_class=Response, responses={**_PDF, **declare_problems(501)}
)  # fmt: skip
def get_specimen(
    scope: ScopeOf,
    thing: RecordId,
    issuer: Annotated[str, Query(min_length=1, max_length=200, description="Who would issue it.")],
    contact: Annotated[str, Query(max_length=200, description="How to reach them.")] = "",
    origin: Annotated[str, Query(max_length=200, description="Empty: it follows from the places of harvest.")] = "",
    form: Annotated[Form, Query(description="A4, A7 or a label of 60 x 40 mm.")] = "a4",
) -> Response:
    """Return what a certificate of a lot would look like: marked as a specimen, without a number, in no register.

    Its code leads nowhere. A lot with anything simulated in it has no other paper.
    """
    history = read_lot_history(scope, thing, with_happenings=False)
    sheet = make_specimen(
        history.lot,
        history.time_zone,
        scope.now_ms,
        origin=origin or origin_of(history),
        issuer=issuer,
        contact=contact,
        basis=(CertificateBasis.OWN_CONTROL,),
    )
    name = f"specimen-{history.lot.code}-{form}.pdf"
    return _pdf(draw_certificate(sheet, form), name)


@router.get("/certificates", response_model=CertificateList)
def list_certificates(request: Request, scope: ScopeOf, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """List the register: every certificate that was issued, void ones included. None is ever deleted."""
    repositories = scope.repositories
    after = read_cursor(cursor, tuple[str])
    listed = repositories.certificates.records.list(after="" if after is None else after[0], limit=limit + 1)
    page = listed[:limit]
    items = _bodies_of(repositories, page)
    following = write_cursor(page[-1].id) if len(listed) > limit else None
    return reply_page(request, CertificateList(items=items, next=following))


@router.get("/certificates/{thing:record_id}", response_model=CertificateShown)
def get_certificate(request: Request, scope: ScopeOf, thing: RecordId) -> Response:
    """Return a certificate with its entries of the register."""
    return reply(request, _shown(scope.repositories, thing))


@router.post(
    "/certificates/{thing:record_id}/copies",
    response_class=Response,
    responses={**_PDF, **declare_problems(409, 501)},
)
def print_certificate(scope: ScopeOf, home: HomeOf, thing: RecordId, body: Sent[NewCopy]) -> Response:
    """Print a certificate as A4, A7 or a label of 60 x 40 mm, and enter the copy in the register.

    Refused where its lot was harvested within a pre-harvest interval, as a treatment that was entered since may say.
    """
    repositories = scope.repositories
    certificate = repositories.certificates.records.get(thing)
    refuse_breached(review_lot(repositories, certificate.lot), "copy")
    lot = repositories.lots.lots.get(certificate.lot)
    base_url = home.public_url or body.base_url
    sheet = make_sheet(certificate, lot, _zone_of(repositories, lot.id), base_url, is_void=False)
    drawn = draw_certificate(sheet, body.form)
    repositories.certificates.note_copy(thing, scope.now_ms, body.author, body.form)
    return _pdf(drawn, f"certificate-{certificate.number}-{body.form}.pdf")


@router.post(
    "/certificates/{thing:record_id}/void", status_code=201, response_model=CertificateEntryBody,
    responses=declare_problems(409),
)  # fmt: skip
def void_certificate(scope: ScopeOf, thing: RecordId, body: Sent[NewVoid]) -> CertificateEntryBody:
    """Make a certificate void, with the reason."""
    repositories = scope.repositories
    repositories.certificates.records.get(thing)
    entry = repositories.certificates.void(thing, scope.now_ms, body.author, body.reason)
    return fill(CertificateEntryBody, entry)


def _pdf(drawn: bytes, name: str) -> Response:
    return Response(drawn, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


def _shown(repositories: OrganisationRepositories, certificate: str) -> CertificateShown:
    found = repositories.certificates.records.get(certificate)
    entries = repositories.certificates.entries_of(certificate)
    return CertificateShown(
        certificate=certificate_of(
            found,
            review_lot(repositories, found.lot),
            is_void=any(entry.kind == "void" for entry in entries),
        ),
        entries=[fill(CertificateEntryBody, entry) for entry in entries],
    )


def _bodies_of(repositories: OrganisationRepositories, page: Sequence[Certificate]) -> list[CertificateBody]:
    reviews = review_lots(repositories, list(dict.fromkeys(each.lot for each in page)))
    is_void = repositories.certificates.is_void
    return [certificate_of(each, reviews[each.lot], is_void=is_void(each.id)) for each in page]


def _zone_of(repositories: OrganisationRepositories, lot: str) -> ZoneInfo:
    """Return the time zone of a lot's first harvest."""
    harvests = repositories.lots.lineage.harvests_of(lot)
    return (
        find_place(repositories, harvests[0].field, harvests[0].zone).time_zone
        if harvests
        else find_local_time(repositories).zone
    )
