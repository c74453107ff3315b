"""Maintenance of a running station's store, for `headland store` on the same machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from fastapi import Header, Path, Query, Request

from api.dependencies import AccessOf, HomeOf, HomeServices, ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent
from api.http.router import Router
from api.ops.store_admin_port import StoreAdmin
from api.schemas.model import fill
from api.schemas.station.health import StoreSpace
from headland.analysis.inputs.scope import OrgScope
from headland.errors import SettingsError
from headland.files.damage_notes import FileDamage, acknowledge_notes, load_notes
from headland.files.disk_space import forecast, load_readings
from headland.network.addresses import is_loopback_address
from headland.store.core.store_work import RetentionDays, RetentionPreview, StoreJob, StoreWork

Token = Annotated[str, Header(alias="X-Headland-Store-Token", max_length=200)]

#: Not part of the public API, and absent from its document.
router = Router(prefix="/v1/store", include_in_schema=False)
#: Damage of the store, for administrators.
damage_router = Router(prefix="/v1/store/damage", tags=["health"], responses=declare_problems(404, 503))


#: Retention of the store, for administrators.
retention_router = Router(prefix="/v1/store/retention", tags=["health"], responses=declare_problems(404, 422, 503))

#: Room on the disk of the store.
space_router = Router(prefix="/v1/store/space", tags=["health"])

_NOT_MEASURED: Final = StoreSpace(
    at_ms=None,
    free_bytes=0,
    total_bytes=0,
    farm_bytes=0,
    days_known=0.0,
    growth_bytes_day=None,
    days_left=None,
    is_nearly_full=False,
)
Days = Annotated[int | None, Query(ge=1, le=100_000, description="Days; without, for ever.")]


class DamageList(msgspec.Struct, frozen=True, kw_only=True):
    """Damage of the store's files, oldest first."""

    items: list[FileDamage]


@retention_router.get("", response_model=RetentionPreview)
def get_retention(
    scope: ScopeOf,
    home: HomeOf,
    raw_days: Days = None,
    minute_days: Days = None,
    hour_days: Days = None,
    event_days: Days = None,
    preview: Annotated[bool, Query(description="Of the days given here, in place of the ones in force.")] = False,
) -> RetentionPreview:
    """Return the retention and how many samples it deletes, before when; with `preview` of other days."""
    asked = RetentionDays(raw_days=raw_days, minute_days=minute_days, hour_days=hour_days, event_days=event_days)
    days = asked if preview else None
    return _answer_days(lambda: _retention_of(home, scope).preview(days))


@retention_router.put("", response_model=RetentionPreview)
def put_retention(scope: ScopeOf, home: HomeOf, days: Sent[RetentionDays]) -> RetentionPreview:
    """Set the retention; samples that a shorter one refused are accepted again. Deleted samples stay so."""
    return _answer_days(lambda: _retention_of(home, scope).keep(days))


@space_router.get("", response_model=StoreSpace)
def get_space(scope: ScopeOf, home: HomeOf) -> StoreSpace:
    """Return the room on the farm's disk and for how many days it lasts."""
    readings = load_readings(home.farm_folder) if home.farm_folder is not None and home.serves(scope) else ()
    found = forecast(readings)
    if found is None:
        return _NOT_MEASURED
    return fill(StoreSpace, found, readings[-1])


@damage_router.get("", response_model=DamageList)
def get_damage(scope: ScopeOf, home: HomeOf) -> DamageList:
    """List damage of store and registry, and lost or older books; `/readyz` fails until it is acknowledged."""
    if not home.serves(scope):
        return DamageList(items=[])
    # A file has an administration; a server has none, but it may have lost what was written to it.
    admin, store = home.store_admin, home.store
    items = list(store.damage()) if admin is None else admin.damage()
    if home.registry is not None:
        items += list(home.registry.damage())
    if home.book_notes is not None:
        items += list(load_notes(home.book_notes))
    return DamageList(items=sorted(items, key=lambda item: item.found_ms))


@damage_router.post("/acknowledge", response_model=DamageList)
def acknowledge_damage(scope: ScopeOf, access: AccessOf, home: HomeOf) -> DamageList:
    """Acknowledge all damage, and all lost or older books; return what was not acknowledged before."""
    if not home.serves(scope):
        return DamageList(items=[])
    admin = home.store_admin
    if admin is None:
        known = list(home.store.acknowledge_damage(home.now_ms(), access.by))
    else:
        known = admin.acknowledge(access.by)
    if home.registry is not None:
        known += list(home.registry.acknowledge_damage(home.now_ms(), access.by))
    if home.book_notes is not None:
        known += list(acknowledge_notes(home.book_notes, home.now_ms(), access.by))
    return DamageList(items=known)


@router.post("/jobs", response_model=StoreJob, status_code=202)
def start_job(request: Request, home: HomeOf, work: Sent[StoreWork], token: Token = "") -> StoreJob:
    """Start a maintenance task."""
    return _store_admin_of(request, home, token).start(work)


@router.get("/jobs/{job}", response_model=StoreJob)
def get_job(request: Request, home: HomeOf, job: Annotated[int, Path(ge=1, le=2**53)], token: Token = "") -> StoreJob:
    """Return the progress of a maintenance task."""
    progress = _store_admin_of(request, home, token).job(job)
    if progress is None:
        raise ProblemError(404, "unknown-job", "Unknown job", f"There is no job {job}: start it again.")
    return progress


def _retention_of(home: HomeServices, scope: OrgScope) -> StoreAdmin:
    if home.store_admin is None or not home.serves(scope):
        raise ProblemError(404, "no-store-here", "No local store", "The store is a server: use its own tools.")
    return home.store_admin


def _answer_days(answer: Callable[[], RetentionPreview]) -> RetentionPreview:
    try:
        return answer()
    except SettingsError as error:
        raise ProblemError(422, "invalid-retention", "Invalid retention", str(error)) from error


def _store_admin_of(request: Request, home: HomeServices, token: str) -> StoreAdmin:
    if home.store_admin is None:
        raise ProblemError(404, "no-store-here", "No local store", "The store is a server: use its own tools.")
    host = request.client.host if request.client else ""
    if not is_loopback_address(host) or not home.store_admin.admits(token):
        sentence = "Run the command on the station's own machine, with its token."
        raise ProblemError(403, "not-yours", "Operator access required", sentence)
    return home.store_admin
