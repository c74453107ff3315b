"""Routes of a lot's release: make it public, see where, withdraw it."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.registry import RecordId
from api.schemas.model import fill
from api.schemas.traceability.release import ReleaseBody
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.lots.releases.release import release_lot
from headland.analysis.plant_protection.harvest_review import review_lot
from headland.errors import DataDamaged
from headland.formats.epcis.digital_link import InvalidGtin, batch_path
from headland.registry.models.errors import NotFound
from headland.registry.models.releases import ReleaseRequest, read_released
from headland.registry.repositories.harvest.releases import Release

router = Router(prefix="/v1/lots", tags=["harvest"], responses=declare_problems(400, 404, 422, 503))


@router.post(
    "/{thing:record_id}/release", status_code=201, response_model=ReleaseBody, responses=declare_problems(409)
)  # fmt: skip
def add_release(scope: ScopeOf, thing: RecordId, body: Sent[ReleaseRequest]) -> ReleaseBody:
    """Make a lot public as chosen: its text goes to the ledger, its page opens to whoever has the token.

    The token is that of the lot's valid certificate, so that the QR code on the label leads here. A later release
    replaces what the page shows; both stay in the ledger. 409 where the ledger was altered: nothing can be proven then;
    and where the lot was harvested within a pre-harvest interval (`harvested-in-interval`).
    """
    try:
        made = release_lot(scope, thing, body)
    except InvalidGtin as error:
        raise ProblemError(400, "invalid-gtin", "Invalid GTIN", str(error)) from error
    except DataDamaged as error:
        raise ProblemError(409, "ledger-altered", "Ledger altered", str(error)) from error
    return _body_of(scope, made)


@router.get("/{thing:record_id}/release", response_model=ReleaseBody)
def get_release(request: Request, scope: ScopeOf, thing: RecordId) -> Response:
    """Return the newest release of a lot, withdrawn or not."""
    found = scope.repositories.releases.of_lot(thing)
    if found is None:
        raise NotFound("release", thing)
    return reply(request, _body_of(scope, found))


@router.delete("/{thing:record_id}/release", status_code=204)
def withdraw_release(scope: ScopeOf, thing: RecordId) -> Response:
    """Withdraw a lot's releases: its page is not found any more. The ledger keeps that they were made."""
    scope.repositories.releases.withdraw(thing)
    return Response(status_code=204)


def _body_of(scope: OrgScope, release: Release) -> ReleaseBody:
    lot = read_released(release.text)
    path = f"/p/{release.token}"
    return fill(
        ReleaseBody,
        release,
        path=path,
        link_path=path if lot.gtin is None else f"{batch_path(lot.gtin, lot.code)}?t={release.token}",
        interval_state=review_lot(scope.repositories, release.lot).state,
    )
