"""Work on the store of a running station: for `headland store` on the same machine, and nobody else."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request

from api.dependencies import HomeOf, HomeServices
from api.http.problems import ProblemError
from api.ops.store_admin_port import StoreAdmin, StoreJob, StoreWork
from headland.addresses import is_loopback_address

Token = Annotated[str, Header(alias="X-Headland-Store-Token", max_length=200)]

#: Not a part of what apps are offered, and so of no schema.
router = APIRouter(prefix="/v1/store", include_in_schema=False)


@router.post("/jobs", response_model=StoreJob, status_code=202)
def start_job(request: Request, home: HomeOf, work: StoreWork, token: Token = "") -> StoreJob:
    """Begin a piece of work."""
    return _desk_of(request, home, token).start(work)


@router.get("/jobs/{job}", response_model=StoreJob)
def get_job(request: Request, home: HomeOf, job: Annotated[int, Path(ge=1, le=2**53)], token: Token = "") -> StoreJob:
    """Say how far a piece of work is."""
    found = _desk_of(request, home, token).job(job)
    if found is None:
        raise ProblemError(404, "unknown-job", "No such job", f"There is no job {job}.")
    return found


def _desk_of(request: Request, home: HomeServices, token: str) -> StoreAdmin:
    if home.store_desk is None:
        raise ProblemError(404, "no-store-here", "No store here", "The store is a server: use its own tools.")
    host = request.client.host if request.client else ""
    if not is_loopback_address(host) or not home.store_desk.admits(token):
        sentence = "Only the person who runs the station may work on its store: from this machine, with its token."
        raise ProblemError(403, "not-yours", "Not allowed", sentence)
    return home.store_desk
